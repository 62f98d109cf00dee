//! Commands.

use std::net::IpAddr;

use crate::attributes::{Annotate, Attributes};
use crate::{Output, Platform};

mod build;
mod mount;
mod needs;
mod node;
mod wire;
mod wiring;

pub use mount::{
    BindMount, CacheMount, ContentCache, Mount, SecretMount, Sharing, SshMount, TmpfsMount,
};
pub use node::ExecNode;

/// The network that a command sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// One of its own, with access to the outside.
    #[default]
    Sandbox,
    /// The host's, which the build must be allowed to use.
    Host,
    /// None but loopback.
    None,
}

/// The privileges that a command has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// Those of an ordinary container.
    #[default]
    Sandbox,
    /// All, which the build must be allowed to use.
    Insecure,
}

/// Proxies that a command is told of. They do not enter its cache key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyEnv {
    /// `HTTP_PROXY`
    pub http: String,
    /// `HTTPS_PROXY`
    pub https: String,
    /// `FTP_PROXY`
    pub ftp: String,
    /// `NO_PROXY`
    pub no: String,
    /// `ALL_PROXY`
    pub all: String,
}

/// A command, under construction.
///
/// ```
/// use buildkit_llb::{Annotate, Exec, Mount, Sharing, Source};
///
/// let base = Source::image("debian:12").platform("linux/amd64".parse::<buildkit_llb::Platform>()?).build()?;
/// let exec = Exec::new(["apt-get", "install", "-y", "curl"])
///     .root(base)
///     .mount(Mount::cache("/var/cache/apt", "apt", Sharing::Locked))
///     .named("install curl")
///     .build()?;
/// let installed = exec.root_output()?;
/// # Ok::<(), buildkit_llb::LlbError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Exec {
    args: Vec<String>,
    env: Vec<(String, String)>,
    cwd: String,
    user: String,
    hostname: String,
    cgroup_parent: String,
    network: Network,
    security: Security,
    proxy: Option<ProxyEnv>,
    extra_hosts: Vec<(String, IpAddr)>,
    ulimits: Vec<Ulimit>,
    valid_exit_codes: Vec<i32>,
    secret_env: Vec<SecretEnv>,
    devices: Vec<Device>,
    root: Option<Output>,
    read_only_root: bool,
    mounts: Vec<Mount>,
    platform: Option<Platform>,
    attributes: Attributes,
}

#[derive(Debug, Clone)]
struct Ulimit {
    name: String,
    soft: i64,
    hard: i64,
}

#[derive(Debug, Clone)]
struct SecretEnv {
    name: String,
    id: String,
    optional: bool,
}

#[derive(Debug, Clone)]
struct Device {
    name: String,
    optional: bool,
}

impl Exec {
    /// A command by its program and arguments; no shell is involved. It runs in `/` on an empty root unless told
    /// otherwise.
    pub fn new<S: Into<String>>(args: impl IntoIterator<Item = S>) -> Self {
        Self {
            args: args.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            cwd: "/".to_owned(),
            user: String::new(),
            hostname: String::new(),
            cgroup_parent: String::new(),
            network: Network::Sandbox,
            security: Security::Sandbox,
            proxy: None,
            extra_hosts: Vec::new(),
            ulimits: Vec::new(),
            valid_exit_codes: Vec::new(),
            secret_env: Vec::new(),
            devices: Vec::new(),
            root: None,
            read_only_root: false,
            mounts: Vec::new(),
            platform: None,
            attributes: Attributes::new(),
        }
    }

    /// The filesystem that the command runs on; `None` is an empty one.
    #[must_use]
    pub fn root(mut self, root: impl Into<Option<Output>>) -> Self {
        self.root = root.into();
        self
    }

    /// Forbids writing to the root, which then has no output. An empty root cannot be read-only.
    #[must_use]
    pub fn read_only_root(mut self) -> Self {
        self.read_only_root = true;
        self
    }

    /// Mounts something.
    #[must_use]
    pub fn mount(mut self, mount: impl Into<Mount>) -> Self {
        self.mounts.push(mount.into());
        self
    }

    /// Sets an environment variable. Setting it again moves it to the end. The daemon adds `PATH` if it is not set.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.env.retain(|(known, _)| *known != name);
        self.env.push((name, value.into()));
        self
    }

    /// Sets an environment variable to the secret `id` of the client.
    #[must_use]
    pub fn secret_env(
        mut self,
        name: impl Into<String>,
        id: impl Into<String>,
        optional: bool,
    ) -> Self {
        self.secret_env.push(SecretEnv {
            name: name.into(),
            id: id.into(),
            optional,
        });
        self
    }

    /// The working directory.
    #[must_use]
    pub fn cwd(mut self, path: impl Into<String>) -> Self {
        self.cwd = path.into();
        self
    }

    /// The user, and after a colon the group, by name or number.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// The hostname.
    #[must_use]
    pub fn hostname(mut self, name: impl Into<String>) -> Self {
        self.hostname = name.into();
        self
    }

    /// The cgroup under which the command runs.
    #[must_use]
    pub fn cgroup_parent(mut self, path: impl Into<String>) -> Self {
        self.cgroup_parent = path.into();
        self
    }

    /// The network that the command sees.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// The privileges that the command has.
    #[must_use]
    pub fn security(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    /// Tells the command of proxies.
    #[must_use]
    pub fn proxy(mut self, proxy: ProxyEnv) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Adds a line to `/etc/hosts`.
    #[must_use]
    pub fn extra_host(mut self, host: impl Into<String>, address: IpAddr) -> Self {
        self.extra_hosts.push((host.into(), address));
        self
    }

    /// Limits a resource, by its name without `RLIMIT_`, in lower case (`nofile`).
    #[must_use]
    pub fn ulimit(mut self, name: impl Into<String>, soft: i64, hard: i64) -> Self {
        self.ulimits.push(Ulimit {
            name: name.into(),
            soft,
            hard,
        });
        self
    }

    /// The exit codes that mean success; otherwise 0.
    #[must_use]
    pub fn valid_exit_codes(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.valid_exit_codes.extend(codes);
        self
    }

    /// Gives the command a device by its qualified CDI name (`vendor.com/gpu=0`); an optional one may be missing.
    #[must_use]
    pub fn device(mut self, name: impl Into<String>, optional: bool) -> Self {
        self.devices.push(Device {
            name: name.into(),
            optional,
        });
        self
    }

    /// Runs the command for this platform; otherwise for that of its root, or else for the daemon's own.
    #[must_use]
    pub fn platform(mut self, platform: impl Into<Option<Platform>>) -> Self {
        self.platform = platform.into();
        self
    }
}

impl Annotate for Exec {
    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }
}
