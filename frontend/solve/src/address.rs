//! Where BuildKit is: the forms of `BUILDKIT_HOST`, and where to look when it isn't set.

use std::fmt;
use std::path::{Path, PathBuf};

/// The address of a BuildKit daemon, or of a Docker engine that has one inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `unix:///path/to.sock`.
    Unix(PathBuf),
    /// `tcp://host:port`, with TLS if there are certificates.
    Tcp {
        /// The name or IP, in brackets if it is an IPv6 address.
        host: String,
        /// The port; buildkitd's custom is 1234.
        port: u16,
        /// Certificates, if the daemon wants TLS.
        tls: Option<Tls>,
    },
    /// A command whose standard input and output lead to the daemon: `docker-container://`, `podman-container://`,
    /// `nerdctl-container://`, `kube-pod://` and `ssh://`.
    Command {
        /// The address as it was written.
        text: String,
        /// The program and its arguments.
        command: Vec<String>,
    },
    /// `docker://` or `docker:///path/to.sock`: the BuildKit inside a Docker engine, through the engine's API socket.
    Docker(PathBuf),
}

/// Files for TLS to a `tcp://` daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate authority that signed the daemon's certificate, PEM.
    pub ca: PathBuf,
    /// The client's certificate and key, PEM, where the daemon asks for one.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name in the daemon's certificate, where it isn't the host's.
    pub server_name: Option<String>,
}

/// An address that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `scheme://`.
    #[error(
        "`{0}` is not an address of BuildKit: it has no scheme; write it like unix:///run/buildkit/buildkitd.sock"
    )]
    NoScheme(String),
    /// A scheme that nobody knows.
    #[error(
        "`{address}` has the scheme `{scheme}`, which is not supported; use unix, tcp, docker, docker-container, \
         podman-container, nerdctl-container, kube-pod or ssh"
    )]
    UnknownScheme {
        /// The address.
        address: String,
        /// Its scheme.
        scheme: String,
    },
    /// A part is missing or wrong.
    #[error("`{address}` can't be used: {problem}")]
    Malformed {
        /// The address.
        address: String,
        /// What is wrong, and the way out.
        problem: &'static str,
    },
    /// TLS for something other than `tcp://`.
    #[error(
        "`{0}` can't take TLS certificates: only tcp:// addresses do; remove them or change the address"
    )]
    TlsUnsupported(String),
    /// Nothing set and nothing found.
    #[error(
        "no BuildKit found: BUILDKIT_HOST isn't set and neither {0} exists; set BUILDKIT_HOST or start a daemon"
    )]
    NothingFound(String),
}

impl Address {
    /// Reads an address as it stands in `BUILDKIT_HOST`.
    pub fn parse(address: &str) -> Result<Self, AddressError> {
        let malformed = |problem| AddressError::Malformed {
            address: address.to_owned(),
            problem,
        };
        let (scheme, rest) = address
            .split_once("://")
            .ok_or_else(|| AddressError::NoScheme(address.to_owned()))?;
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(rest.into())),
            "unix" => Err(malformed(
                "the path of the socket must be absolute, like unix:///run/buildkit/buildkitd.sock",
            )),
            "tcp" => {
                let (host, port) = rest
                    .rsplit_once(':')
                    .ok_or_else(|| malformed("it has no port; buildkitd's is 1234"))?;
                let port = port
                    .parse()
                    .map_err(|_| malformed("its port is not a number below 65536"))?;
                if host.is_empty() {
                    return Err(malformed("it has no host"));
                }
                Ok(Self::Tcp {
                    host: host.to_owned(),
                    port,
                    tls: None,
                })
            }
            "docker" if rest.is_empty() => Ok(Self::Docker(DOCKER_SOCKET.into())),
            "docker" if rest.starts_with('/') => Ok(Self::Docker(rest.into())),
            "docker" => Err(malformed(
                "write docker:// for the default engine or docker:///path/to/docker.sock",
            )),
            _ => match command(scheme, rest) {
                Some(Ok(command)) => Ok(Self::Command {
                    text: address.to_owned(),
                    command,
                }),
                Some(Err(problem)) => Err(malformed(problem)),
                None => Err(AddressError::UnknownScheme {
                    address: address.to_owned(),
                    scheme: scheme.to_owned(),
                }),
            },
        }
    }

    /// Adds certificates to a `tcp://` address.
    pub fn with_tls(self, certificates: Tls) -> Result<Self, AddressError> {
        match self {
            Self::Tcp { host, port, .. } => Ok(Self::Tcp {
                host,
                port,
                tls: Some(certificates),
            }),
            other => Err(AddressError::TlsUnsupported(other.to_string())),
        }
    }

    /// `BUILDKIT_HOST`; without it the socket of a daemon on this machine, root's or the user's; without that
    /// `DOCKER_HOST` or Docker's own socket. `variable` looks up an environment variable.
    pub fn discover(variable: impl Fn(&str) -> Option<String>) -> Result<Self, AddressError> {
        if let Some(address) = variable("BUILDKIT_HOST").filter(|address| !address.is_empty()) {
            return Self::parse(&address);
        }
        let mut sockets = vec![PathBuf::from("/run/buildkit/buildkitd.sock")];
        sockets.extend(
            variable("XDG_RUNTIME_DIR").map(|dir| Path::new(&dir).join("buildkit/buildkitd.sock")),
        );
        if let Some(socket) = sockets.iter().find(|socket| socket.exists()) {
            return Ok(Self::Unix(socket.clone()));
        }
        let docker = match variable("DOCKER_HOST").as_deref() {
            None | Some("") => PathBuf::from(DOCKER_SOCKET),
            Some(host) => match host.strip_prefix("unix://") {
                Some(path) => PathBuf::from(path),
                None => {
                    return Err(AddressError::Malformed {
                        address: host.to_owned(),
                        problem: DOCKER_HOST_REMOTE,
                    });
                }
            },
        };
        if docker.exists() {
            return Ok(Self::Docker(docker));
        }
        sockets.push(docker);
        let tried: Vec<_> = sockets
            .iter()
            .map(|socket| socket.display().to_string())
            .collect();
        Err(AddressError::NothingFound(tried.join(" nor ")))
    }
}

const DOCKER_SOCKET: &str = "/var/run/docker.sock";
const DOCKER_HOST_REMOTE: &str = "only a unix:// DOCKER_HOST is supported; for a remote engine run a BuildKit container there and set BUILDKIT_HOST";

/// The command that leads to the daemon, for the schemes that have one.
fn command(scheme: &str, rest: &str) -> Option<Result<Vec<String>, &'static str>> {
    match scheme {
        "docker-container" => Some(container("docker", rest)),
        "podman-container" => Some(container("podman", rest)),
        "nerdctl-container" => Some(container("nerdctl", rest)),
        "kube-pod" => Some(pod(rest)),
        "ssh" => Some(ssh(rest)),
        _ => None,
    }
}

fn container(program: &str, rest: &str) -> Result<Vec<String>, &'static str> {
    let (name, query) = query(rest);
    check_name(
        name,
        "it names no container, or one that begins with a dash",
    )?;
    let mut words = vec![program.to_owned()];
    match (program, query.as_slice()) {
        (_, []) => {}
        ("docker", [("context", context)]) => words.push(format!("--context={context}")),
        ("nerdctl", [("namespace", namespace)]) => words.push(format!("--namespace={namespace}")),
        _ => {
            return Err(
                "it has a parameter that is not supported; docker takes `context`, nerdctl `namespace`",
            );
        }
    }
    words.extend(["exec", "-i", name, "buildctl", "dial-stdio"].map(str::to_owned));
    Ok(words)
}

fn pod(rest: &str) -> Result<Vec<String>, &'static str> {
    let (name, query) = query(rest);
    check_name(name, "it names no pod, or one that begins with a dash")?;
    let mut words = vec!["kubectl".to_owned()];
    let mut container = None;
    for (key, value) in query {
        match key {
            "context" | "namespace" => words.push(format!("--{key}={value}")),
            "container" => container = Some(format!("--container={value}")),
            _ => {
                return Err(
                    "it has a parameter that is not supported; use `context`, `namespace` and `container`",
                );
            }
        }
    }
    words.push("exec".to_owned());
    words.extend(container);
    words.extend(["-i", name, "--", "buildctl", "dial-stdio"].map(str::to_owned));
    Ok(words)
}

fn ssh(rest: &str) -> Result<Vec<String>, &'static str> {
    if rest.contains(['?', '#']) {
        return Err("it has parameters, which ssh:// doesn't take");
    }
    let (host, socket) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (user, host) = host
        .split_once('@')
        .map_or((None, host), |(user, host)| (Some(user), host));
    let (host, port) = host
        .split_once(':')
        .map_or((host, None), |(host, port)| (host, Some(port)));
    check_name(host, "it names no host, or one that begins with a dash")?;
    let mut words = vec!["ssh".to_owned()];
    match user {
        Some(user) if user.contains(':') => return Err("it holds a password; use a key instead"),
        Some(user) => words.extend(["-l".to_owned(), user.to_owned()]),
        None => {}
    }
    words.extend(
        port.into_iter()
            .flat_map(|port| ["-p".to_owned(), port.to_owned()]),
    );
    words.extend(["--", host, "buildctl"].map(str::to_owned));
    if socket.len() > 1 {
        words.extend(["--addr".to_owned(), format!("unix://{socket}")]);
    }
    words.push("dial-stdio".to_owned());
    Ok(words)
}

fn query(rest: &str) -> (&str, Vec<(&str, &str)>) {
    let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    (
        name,
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect(),
    )
}

fn check_name(name: &str, problem: &'static str) -> Result<(), &'static str> {
    if name.is_empty() || name.starts_with('-') {
        Err(problem)
    } else {
        Ok(())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(out, "unix://{}", path.display()),
            Self::Tcp { host, port, .. } => write!(out, "tcp://{host}:{port}"),
            Self::Command { text, .. } => out.write_str(text),
            Self::Docker(path) => write!(out, "docker://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError, Tls};

    #[track_caller]
    fn check_command(address: &str, expect: &str) {
        match Address::parse(address) {
            Ok(Address::Command { command, text }) => {
                assert_eq!(
                    (command.join(" ").as_str(), text.as_str()),
                    (expect, address)
                );
            }
            other => panic!("{address}: {other:?}"),
        }
    }

    #[test]
    fn sockets_and_ports() {
        assert_eq!(
            Address::parse("unix:///a b/c.sock"),
            Ok(Address::Unix("/a b/c.sock".into()))
        );
        let tcp = Address::parse("tcp://[::1]:1234").expect("a tcp address");
        assert_eq!(
            tcp,
            Address::Tcp {
                host: "[::1]".to_owned(),
                port: 1234,
                tls: None
            }
        );
        assert_eq!(
            Address::parse("docker://"),
            Ok(Address::Docker("/var/run/docker.sock".into()))
        );
        assert_eq!(
            Address::parse("docker:///d.sock"),
            Ok(Address::Docker("/d.sock".into()))
        );
    }

    #[test]
    fn commands_lead_into_containers_and_machines() {
        check_command(
            "docker-container://bk",
            "docker exec -i bk buildctl dial-stdio",
        );
        check_command(
            "docker-container://bk?context=ci",
            "docker --context=ci exec -i bk buildctl dial-stdio",
        );
        check_command(
            "podman-container://bk",
            "podman exec -i bk buildctl dial-stdio",
        );
        check_command(
            "kube-pod://bk-0?namespace=ci&container=bk&context=c",
            "kubectl --namespace=ci --context=c exec --container=bk -i bk-0 -- buildctl dial-stdio",
        );
        check_command(
            "ssh://me@host:22",
            "ssh -l me -p 22 -- host buildctl dial-stdio",
        );
        check_command(
            "ssh://host/run/bk.sock",
            "ssh -- host buildctl --addr unix:///run/bk.sock dial-stdio",
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_with_a_way_out() {
        for (address, says) in [
            ("/run/bk.sock", "no scheme"),
            ("unix://run/bk.sock", "must be absolute"),
            ("http://host", "use unix, tcp"),
            ("tcp://host", "no port"),
            ("tcp://:1234", "no host"),
            ("tcp://host:x", "not a number"),
            ("docker-container://", "no container"),
            ("docker-container://-x", "begins with a dash"),
            ("podman-container://x?context=y", "not supported"),
            ("kube-pod://x?pod=y", "not supported"),
            ("ssh://me:secret@host", "password"),
            ("ssh://host?x=y", "parameters"),
        ] {
            let error = Address::parse(address).expect_err(address).to_string();
            assert!(error.contains(says), "{address}: {error}");
        }
    }

    #[test]
    fn only_tcp_takes_certificates() {
        let certificates = Tls {
            ca: "ca.pem".into(),
            identity: None,
            server_name: None,
        };
        let tcp =
            Address::parse("tcp://h:1").and_then(|address| address.with_tls(certificates.clone()));
        assert!(matches!(tcp, Ok(Address::Tcp { tls: Some(_), .. })));
        let unix = Address::parse("unix:///s").and_then(|address| address.with_tls(certificates));
        assert_eq!(
            unix,
            Err(AddressError::TlsUnsupported("unix:///s".to_owned()))
        );
    }

    #[test]
    fn the_variable_goes_first_and_docker_last() {
        let set = |name: &str| (name == "BUILDKIT_HOST").then(|| "tcp://h:1".to_owned());
        assert!(matches!(Address::discover(set), Ok(Address::Tcp { .. })));
        let directory = tempfile::tempdir().expect("a directory");
        let socket = directory.path().join("docker.sock");
        std::fs::write(&socket, "").expect("a file");
        let host = format!("unix://{}", socket.display());
        let docker = Address::discover(|name| (name == "DOCKER_HOST").then(|| host.clone()));
        if !std::path::Path::new("/run/buildkit/buildkitd.sock").exists() {
            assert_eq!(docker, Ok(Address::Docker(socket)));
        }
    }
}
