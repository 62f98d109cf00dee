//! Mounts of a command, one type per kind, so that an option exists only where it means something.

use crate::Output;

/// Something mounted into a command's filesystem.
#[derive(Debug, Clone)]
pub enum Mount {
    /// Another output.
    Bind(BindMount),
    /// A directory that outlives the build on the daemon.
    Cache(CacheMount),
    /// A directory in memory.
    Tmpfs(TmpfsMount),
    /// A secret as a file.
    Secret(SecretMount),
    /// The socket of an SSH agent.
    Ssh(SshMount),
}

impl Mount {
    /// Mounts an output, or an empty directory for `None`. Unless made read-only or without output, what the command
    /// leaves there is an output of its own: see [`ExecNode::output`](super::ExecNode::output).
    pub fn bind(source: impl Into<Option<Output>>, dest: impl Into<String>) -> BindMount {
        BindMount {
            source: source.into(),
            dest: dest.into(),
            selector: String::new(),
            read_only: false,
            no_output: false,
            content_cache: ContentCache::Default,
        }
    }

    /// Mounts a directory that all commands with the same `id` on a daemon share. Neither id nor content enter the
    /// command's cache key.
    pub fn cache(dest: impl Into<String>, id: impl Into<String>, sharing: Sharing) -> CacheMount {
        CacheMount {
            dest: dest.into(),
            id: id.into(),
            sharing,
            source: None,
            selector: String::new(),
            read_only: false,
        }
    }

    /// Mounts an empty directory in memory.
    pub fn tmpfs(dest: impl Into<String>) -> TmpfsMount {
        TmpfsMount {
            dest: dest.into(),
            size: 0,
        }
    }

    /// Mounts the secret `id` of the client as a file, by default readable by root alone.
    pub fn secret(id: impl Into<String>, dest: impl Into<String>) -> SecretMount {
        SecretMount {
            dest: dest.into(),
            access: Access::new(id.into(), 0o400),
        }
    }

    /// Mounts the client's SSH agent `id` (`default` is its usual name) as a socket, by default for root alone, under
    /// `/run/buildkit` if no destination is set.
    pub fn ssh(id: impl Into<String>) -> SshMount {
        SshMount {
            dest: String::new(),
            access: Access::new(id.into(), 0o600),
        }
    }

    /// Where it is mounted.
    pub(super) fn dest(&self) -> &str {
        match self {
            Self::Bind(BindMount { dest, .. })
            | Self::Cache(CacheMount { dest, .. })
            | Self::Tmpfs(TmpfsMount { dest, .. })
            | Self::Secret(SecretMount { dest, .. })
            | Self::Ssh(SshMount { dest, .. }) => dest,
        }
    }
}

/// Whether an input counts by its content, so that equal files hit the cache whatever made them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContentCache {
    /// BuildKit decides: yes for inputs that the command cannot change.
    #[default]
    Default,
    /// Yes.
    On,
    /// No: by what made it.
    Off,
}

/// What happens when two commands want one cache directory at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// They use it together.
    Shared,
    /// The second gets a directory of its own.
    Private,
    /// The second waits for the first.
    Locked,
}

/// A mounted output, begun by [`Mount::bind`].
#[derive(Debug, Clone)]
pub struct BindMount {
    pub(super) source: Option<Output>,
    pub(super) dest: String,
    pub(super) selector: String,
    pub(super) read_only: bool,
    pub(super) no_output: bool,
    pub(super) content_cache: ContentCache,
}

impl BindMount {
    /// Mounts only this path of the source.
    #[must_use]
    pub fn selector(mut self, path: impl Into<String>) -> Self {
        self.selector = path.into();
        self
    }

    /// Forbids writing. Such a mount has no output.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Throws away what the command writes.
    #[must_use]
    pub fn no_output(mut self) -> Self {
        self.no_output = true;
        self
    }

    /// Whether the source counts by its content in the cache key.
    #[must_use]
    pub fn content_cache(mut self, mode: ContentCache) -> Self {
        self.content_cache = mode;
        self
    }
}

/// A cache directory, begun by [`Mount::cache`].
#[derive(Debug, Clone)]
pub struct CacheMount {
    pub(super) dest: String,
    pub(super) id: String,
    pub(super) sharing: Sharing,
    pub(super) source: Option<Output>,
    pub(super) selector: String,
    pub(super) read_only: bool,
}

impl CacheMount {
    /// Fills the directory from an output when the daemon has none yet.
    #[must_use]
    pub fn from(mut self, source: impl Into<Option<Output>>) -> Self {
        self.source = source.into();
        self
    }

    /// Mounts only this path of the directory.
    #[must_use]
    pub fn selector(mut self, path: impl Into<String>) -> Self {
        self.selector = path.into();
        self
    }

    /// Forbids writing.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }
}

/// A directory in memory, begun by [`Mount::tmpfs`].
#[derive(Debug, Clone)]
pub struct TmpfsMount {
    pub(super) dest: String,
    pub(super) size: i64,
}

impl TmpfsMount {
    /// Limits the directory to this many bytes; 0 sets no limit.
    #[must_use]
    pub fn size(mut self, bytes: i64) -> Self {
        self.size = bytes;
        self
    }
}

/// What secrets and SSH agents have in common: whose they are and who may use them.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) id: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mode: u32,
    pub(super) optional: bool,
}

impl Access {
    fn new(id: String, mode: u32) -> Self {
        Self {
            id,
            uid: 0,
            gid: 0,
            mode,
            optional: false,
        }
    }
}

/// A secret as a file, begun by [`Mount::secret`].
#[derive(Debug, Clone)]
pub struct SecretMount {
    pub(super) dest: String,
    pub(super) access: Access,
}

/// The socket of an SSH agent, begun by [`Mount::ssh`].
#[derive(Debug, Clone)]
pub struct SshMount {
    pub(super) dest: String,
    pub(super) access: Access,
}

impl SshMount {
    /// Where the socket appears.
    #[must_use]
    pub fn dest(mut self, path: impl Into<String>) -> Self {
        self.dest = path.into();
        self
    }
}

/// The options of a mount that lends something of the client's.
macro_rules! lent_by_the_client {
    ($mount:ty) => {
        impl $mount {
            /// Runs the command without it if the client does not have it, instead of failing.
            #[must_use]
            pub fn optional(mut self) -> Self {
                self.access.optional = true;
                self
            }

            /// Its owner and group.
            #[must_use]
            pub fn owner(mut self, uid: u32, gid: u32) -> Self {
                (self.access.uid, self.access.gid) = (uid, gid);
                self
            }

            /// Its permission bits.
            #[must_use]
            pub fn mode(mut self, mode: u32) -> Self {
                self.access.mode = mode;
                self
            }
        }
    };
}

lent_by_the_client!(SecretMount);
lent_by_the_client!(SshMount);

macro_rules! into_mount {
    ($($mount:ty => $kind:ident),*) => {
        $(impl From<$mount> for Mount {
            fn from(mount: $mount) -> Self {
                Self::$kind(mount)
            }
        })*
    };
}

into_mount!(BindMount => Bind, CacheMount => Cache, TmpfsMount => Tmpfs, SecretMount => Secret, SshMount => Ssh);
