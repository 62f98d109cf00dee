//! File actions, readable.

use buildkit_proto::pb::{self, file_action::Action};
use serde_json::{Value, json};

use super::{flag, object, position, strings, text};

pub(super) fn action(action: &pb::FileAction) -> Value {
    let (kind, body) = match &action.action {
        Some(Action::Copy(action)) => ("copy", copy(action)),
        Some(Action::Mkfile(action)) => ("mkfile", mkfile(action)),
        Some(Action::Mkdir(action)) => ("mkdir", mkdir(action)),
        Some(Action::Rm(action)) => ("rm", rm(action)),
        Some(Action::Symlink(action)) => ("symlink", symlink(action)),
        None => ("unknown", object([])),
    };
    let secondary = match action.secondary_input {
        -1 => Value::Null,
        input => json!(input),
    };
    object([
        ("input", position(action.input)),
        ("secondary_input", secondary),
        ("output", position(action.output)),
        (kind, body),
    ])
}

fn copy(copy: &pb::FileActionCopy) -> Value {
    object([
        ("src", json!(copy.src)),
        ("dest", json!(copy.dest)),
        (
            "mode",
            if copy.mode == -1 || !copy.mode_str.is_empty() {
                Value::Null
            } else {
                mode(copy.mode)
            },
        ),
        ("mode_text", text(&copy.mode_str)),
        ("owner", copy.owner.as_ref().map_or(Value::Null, owner)),
        ("timestamp", timestamp(copy.timestamp)),
        ("follow_symlinks", flag(copy.follow_symlink)),
        ("contents_only", flag(copy.dir_copy_contents)),
        ("unpack", flag(copy.attempt_unpack_docker_compatibility)),
        ("create_dest_path", flag(copy.create_dest_path)),
        ("allow_wildcard", flag(copy.allow_wildcard)),
        ("allow_empty_wildcard", flag(copy.allow_empty_wildcard)),
        ("include_patterns", strings(&copy.include_patterns)),
        ("exclude_patterns", strings(&copy.exclude_patterns)),
        ("required_paths", strings(&copy.required_paths)),
        (
            "always_replace",
            flag(copy.always_replace_existing_dest_paths),
        ),
    ])
}

fn mkfile(mkfile: &pb::FileActionMkFile) -> Value {
    let (kind, content) = match std::str::from_utf8(&mkfile.data) {
        Ok(text) => ("text", text.to_owned()),
        Err(_) => ("hex", hex::encode(&mkfile.data)),
    };
    object([
        ("path", json!(mkfile.path)),
        ("mode", mode(mkfile.mode)),
        (kind, json!(content)),
        ("owner", mkfile.owner.as_ref().map_or(Value::Null, owner)),
        ("timestamp", timestamp(mkfile.timestamp)),
    ])
}

fn mkdir(mkdir: &pb::FileActionMkDir) -> Value {
    object([
        ("path", json!(mkdir.path)),
        ("mode", mode(mkdir.mode)),
        ("parents", flag(mkdir.make_parents)),
        ("owner", mkdir.owner.as_ref().map_or(Value::Null, owner)),
        ("timestamp", timestamp(mkdir.timestamp)),
    ])
}

fn rm(rm: &pb::FileActionRm) -> Value {
    object([
        ("path", json!(rm.path)),
        ("allow_not_found", flag(rm.allow_not_found)),
        ("allow_wildcard", flag(rm.allow_wildcard)),
    ])
}

fn symlink(symlink: &pb::FileActionSymlink) -> Value {
    object([
        ("target", json!(symlink.oldpath)),
        ("path", json!(symlink.newpath)),
        ("owner", symlink.owner.as_ref().map_or(Value::Null, owner)),
        ("timestamp", timestamp(symlink.timestamp)),
    ])
}

fn owner(owner: &pb::ChownOpt) -> Value {
    object([
        ("user", owner.user.as_ref().map_or(Value::Null, user)),
        ("group", owner.group.as_ref().map_or(Value::Null, user)),
    ])
}

/// A number, or a name with the input in which it is looked up.
fn user(user: &pb::UserOpt) -> Value {
    match &user.user {
        Some(pb::user_opt::User::ById(id)) => json!(id),
        Some(pb::user_opt::User::ByName(named)) => object([
            ("name", json!(named.name)),
            ("input", position(named.input)),
        ]),
        None => Value::Null,
    }
}

fn mode(mode: i32) -> Value {
    json!(format!("{mode:#o}"))
}

fn timestamp(nanoseconds: i64) -> Value {
    match nanoseconds {
        -1 => Value::Null,
        nanoseconds => json!(nanoseconds),
    }
}
