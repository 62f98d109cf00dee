//! Options of the single actions, and who owns what they make.

use buildkit_proto::pb::{self, file_action::Action};

use super::path::clean;
use crate::LlbError;

/// The wire's way to say that no time is set.
const NO_TIMESTAMP: i64 = -1;

/// How a directory is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mkdir {
    /// Permission bits, of `0o777`; by default `0o755`.
    pub mode: u32,
    /// Also makes the directories above it, and accepts that it exists.
    pub parents: bool,
    /// Its owner; otherwise root.
    pub owner: Option<Owner>,
    /// Its time in nanoseconds since 1970; otherwise that of the build.
    pub timestamp: Option<i64>,
}

impl Default for Mkdir {
    fn default() -> Self {
        Self {
            mode: 0o755,
            parents: false,
            owner: None,
            timestamp: None,
        }
    }
}

impl Mkdir {
    pub(super) fn into_action(self, path: &str) -> Result<Action, LlbError> {
        Ok(Action::Mkdir(pb::FileActionMkDir {
            path: clean(path),
            mode: mode_bits(path, self.mode, 0o777)?,
            make_parents: self.parents,
            owner: None,
            timestamp: timestamp(self.timestamp),
        }))
    }
}

/// How a file is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mkfile {
    /// Permission bits, of `0o777`; by default `0o644`.
    pub mode: u32,
    /// Its owner; otherwise root.
    pub owner: Option<Owner>,
    /// Its time in nanoseconds since 1970; otherwise that of the build.
    pub timestamp: Option<i64>,
}

impl Default for Mkfile {
    fn default() -> Self {
        Self {
            mode: 0o644,
            owner: None,
            timestamp: None,
        }
    }
}

impl Mkfile {
    pub(super) fn into_action(self, path: &str, data: Vec<u8>) -> Result<Action, LlbError> {
        Ok(Action::Mkfile(pb::FileActionMkFile {
            path: clean(path),
            mode: mode_bits(path, self.mode, 0o777)?,
            data,
            owner: None,
            timestamp: timestamp(self.timestamp),
        }))
    }
}

/// How a symlink is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Symlink {
    /// Its owner; otherwise root.
    pub owner: Option<Owner>,
    /// Its time in nanoseconds since 1970; otherwise that of the build.
    pub timestamp: Option<i64>,
}

impl Symlink {
    pub(super) fn into_action(self, oldpath: String, newpath: String) -> Action {
        Action::Symlink(pb::FileActionSymlink {
            oldpath,
            newpath,
            owner: None,
            timestamp: timestamp(self.timestamp),
        })
    }
}

/// How a path is removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rm {
    /// Accepts that there is nothing to remove.
    pub allow_not_found: bool,
    /// Reads the path as a pattern with `*`, `?` and `[...]`.
    pub allow_wildcard: bool,
}

impl Rm {
    pub(super) fn into_action(self, path: &str) -> Action {
        let Self {
            allow_not_found,
            allow_wildcard,
        } = self;
        Action::Rm(pb::FileActionRm {
            path: clean(path),
            allow_not_found,
            allow_wildcard,
        })
    }
}

/// Who owns what an action makes. A group that is left out is the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub user: Option<User>,
    /// The group.
    pub group: Option<User>,
}

/// A user or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum User {
    /// By number.
    Id(u32),
    /// By name, as `/etc/passwd` or `/etc/group` of the changed filesystem has it.
    Name(String),
}

impl Owner {
    /// A user and a group by number.
    pub fn ids(uid: u32, gid: u32) -> Self {
        Self {
            user: Some(User::Id(uid)),
            group: Some(User::Id(gid)),
        }
    }

    /// Reads `user` or `user:group`, each a name or a number.
    pub fn parse(text: &str) -> Result<Self, LlbError> {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(User::parse(group)?)),
            None => (text, None),
        };
        Ok(Self {
            user: Some(User::parse(user)?),
            group,
        })
    }

    pub(super) fn to_pb(&self, base: i64) -> pb::ChownOpt {
        let to_pb = |user: &Option<User>| user.as_ref().map(|user| user.to_pb(base));
        pb::ChownOpt {
            user: to_pb(&self.user),
            group: to_pb(&self.group),
        }
    }
}

impl User {
    fn parse(text: &str) -> Result<Self, LlbError> {
        match text {
            "" => Err(LlbError::Empty {
                what: "the user or group of an owner",
            }),
            "root" => Ok(Self::Id(0)),
            text => Ok(text
                .parse()
                .map_or_else(|_| Self::Name(text.to_owned()), Self::Id)),
        }
    }

    fn to_pb(&self, base: i64) -> pb::UserOpt {
        let user = match self {
            Self::Id(id) => pb::user_opt::User::ById(*id),
            Self::Name(name) => pb::user_opt::User::ByName(pb::NamedUserOpt {
                name: name.clone(),
                input: base,
            }),
        };
        pb::UserOpt { user: Some(user) }
    }
}

/// Mode bits as the wire has them, if none but `allowed` ones are set.
pub(crate) fn mode_bits(path: &str, mode: u32, allowed: u32) -> Result<i32, LlbError> {
    i32::try_from(mode)
        .ok()
        .filter(|_| mode & !allowed == 0)
        .ok_or_else(|| LlbError::ModeOutOfRange {
            path: path.to_owned(),
            mode,
            allowed,
        })
}

pub(super) fn timestamp(nanoseconds: Option<i64>) -> i64 {
    nanoseconds.unwrap_or(NO_TIMESTAMP)
}
