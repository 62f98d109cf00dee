//! Mistakes are found when an operation is built, and said so that one knows what to do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use buildkit_llb::{
    CopyMode, CopyOptions, Definition, Digest, Exec, FileOps, LlbError, Mkdir, Mkfile, Mount,
    Output, Owner, Sharing, Source,
};
use buildkit_proto::pb;

fn base() -> Output {
    Source::image("alpine").build().unwrap()
}

#[track_caller]
fn check<T: std::fmt::Debug>(built: Result<T, LlbError>, expect: &str) {
    assert_eq!(built.unwrap_err().to_string(), expect);
}

#[test]
fn sources() {
    check(
        Source::image("Alpine").build(),
        "image reference `Alpine` is invalid: repository names are lowercase; \
         write it as `registry/name:tag` or `registry/name@sha256:...`",
    );
    check(
        Source::local("context").build(),
        "local source `context` has neither a session nor a unique id; set `session_id` or `unique_id`",
    );
    check(
        Source::local("").session_id("s").build(),
        "the name of a local source is empty; give it a value or leave it out",
    );
    check(
        Source::http("ftp://example.com/a").build(),
        "`ftp://example.com/a` is not an http source; its URL must begin with `http://` or `https://`",
    );
    check(
        Source::http("https://example.com/a").perm(0o4755).build(),
        "mode 0o4755 for `https://example.com/a` is out of range; only the bits of 0o777 can be set here",
    );
    check(
        Source::git("https://example.com/a", "main")
            .ssh_socket("default")
            .build(),
        "git remote `https://example.com/a` is invalid: it is not reached over SSH, but an SSH option is set; \
         write it as `https://host/path`, `ssh://user@host/path` or `user@host:path`",
    );
    check(
        Source::git("https://example.com/a", "main")
            .fetch_by_commit()
            .build(),
        "the commit to fetch (set `checksum`) is empty; give it a value or leave it out",
    );
    check(
        Source::oci_layout("").build(),
        "the reference of an OCI layout is empty; give it a value or leave it out",
    );
}

#[test]
fn commands() {
    let exec = || Exec::new(["true"]).root(base());
    check(
        Exec::new([""; 0]).build(),
        "the command has no arguments; give at least the program to run",
    );
    check(
        exec().cwd("work").build(),
        "the working directory `work` is relative; write it from `/`",
    );
    check(
        exec().mount(Mount::tmpfs("tmp")).build(),
        "the mount destination `tmp` is relative; write it from `/`",
    );
    for mount in ["/", "/a"] {
        check(
            exec()
                .mount(Mount::tmpfs("/a"))
                .mount(Mount::secret("s", mount))
                .build(),
            &format!(
                "two mounts share the destination `{mount}`; give each its own (`/` belongs to the root)"
            ),
        );
    }
    check(
        exec()
            .mount(Mount::cache("/a", "", Sharing::Shared))
            .build(),
        "the id of a cache mount is empty; give it a value or leave it out",
    );
    check(
        Exec::new(["true"]).read_only_root().build(),
        "an empty root cannot be read-only; give it an output or leave it writable",
    );
}

#[test]
fn outputs_of_mounts() {
    let exec = Exec::new(["true"])
        .root(base())
        .read_only_root()
        .mount(Mount::bind(base(), "/thrown-away").no_output())
        .mount(Mount::cache("/cache", "id", Sharing::Locked))
        .mount(Mount::tmpfs("/tmp"))
        .mount(Mount::secret("id", "/secret"))
        .mount(Mount::ssh("default"))
        .mount(Mount::bind(None, "/out"))
        .build()
        .unwrap();
    assert_eq!(exec.output("/out").unwrap().digest(), exec.digest());
    for (dest, cause) in [
        ("/", "it is read-only"),
        (
            "/thrown-away",
            "what the command writes there is thrown away",
        ),
        ("/cache", "a cache directory stays on the daemon"),
        ("/tmp", "a directory in memory is gone after the command"),
        ("/secret", "it holds a secret"),
        ("/run/buildkit/ssh_agent.0", "it is a socket"),
        ("/nowhere", "nothing is mounted there"),
    ] {
        check(
            exec.output(dest),
            &format!("the mount at `{dest}` has no output: {cause}"),
        );
    }
}

#[test]
fn file_operations() {
    check(
        FileOps::on(None).build(),
        "the file operation has no actions; add at least one of mkdir, mkfile, copy, rm, symlink",
    );
    check(
        FileOps::on(None)
            .mkdir(
                "/a",
                Mkdir {
                    mode: 0o1777,
                    ..Mkdir::default()
                },
            )
            .build(),
        "mode 0o1777 for `/a` is out of range; only the bits of 0o777 can be set here",
    );
    check(
        FileOps::on(None)
            .mkfile(
                "/a",
                "",
                Mkfile {
                    mode: 0o10_000,
                    ..Mkfile::default()
                },
            )
            .build(),
        "mode 0o10000 for `/a` is out of range; only the bits of 0o777 can be set here",
    );
    let bits = CopyOptions {
        mode: Some(CopyMode::Bits(0o10_000)),
        ..CopyOptions::default()
    };
    check(
        FileOps::on(None).copy(base(), "/a", "/b", bits).build(),
        "mode 0o10000 for `/b` is out of range; only the bits of 0o7777 can be set here",
    );
    let required = CopyOptions {
        required_paths: vec!["a".to_owned()],
        ..CopyOptions::default()
    };
    check(
        FileOps::on(None).copy(base(), "/a", "/b", required).build(),
        "the copy of `/a` names required paths but no include patterns, without which BuildKit ignores them; \
         add `include_patterns`",
    );
    check(
        Owner::parse("app:"),
        "the user or group of an owner is empty; give it a value or leave it out",
    );
}

#[test]
fn outputs_without_a_platform_leave_it_to_the_daemon() {
    let output = Exec::new(["true"])
        .root(base())
        .build()
        .unwrap()
        .root_output()
        .unwrap();
    assert_eq!(output.platform(), None);
    let arm: buildkit_llb::Platform = "linux/arm64".parse().unwrap();
    let exec = Exec::new(["true"])
        .root(base())
        .platform(arm.clone())
        .mount(Mount::bind(None, "/out"))
        .build()
        .unwrap();
    assert_eq!(exec.root_output().unwrap().platform(), Some(&arm));
    assert_eq!(exec.output("/out").unwrap().platform(), Some(&arm));
}

#[test]
fn definitions_of_other_clients() {
    let whole = Definition::of(
        &Exec::new(["true"])
            .root(base())
            .build()
            .unwrap()
            .root_output()
            .unwrap(),
    )
    .into_pb();
    let reject = |change: fn(&mut pb::Definition), expect: &str| {
        let mut definition = whole.clone();
        change(&mut definition);
        let error = Output::import(&definition).unwrap_err().to_string();
        assert!(
            error.starts_with("the definition is invalid: ") && error.contains(expect),
            "{error}"
        );
    };
    reject(|definition| definition.def[0] = vec![0xff], "decode");
    reject(
        |definition| _ = definition.def.remove(0),
        "is used before it appears",
    );
    reject(
        |definition| _ = definition.def.pop(),
        "its last operation does not name one output",
    );
    reject(
        |definition| {
            let source = definition.source.as_mut().unwrap();
            let location = pb::Location {
                source_index: 7,
                ranges: Vec::new(),
            };
            let digest = Digest::of(&definition.def[0]).into();
            let list = source.locations.entry(digest).or_default();
            list.locations.push(location);
        },
        "it has no source file 7",
    );
}
