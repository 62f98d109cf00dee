//! The BuildKit daemons.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::layout::{Layout, text};
use super::registry;
use super::service::Service;
use super::state::State;
use crate::run;

/// What the names of the daemons among the services begin with.
pub const PREFIX: &str = "buildkitd-";

/// The daemon's name among the services.
pub fn service_name(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// The address of the daemon `name`, as BUILDKIT_HOST has it.
pub fn host(layout: &Layout, name: &str) -> Result<String> {
    let socket = layout.socket(name);
    let path = socket
        .to_str()
        .context("the checkout's path is not UTF-8")?;
    Ok(format!("unix://{path}"))
}

/// Refuses to go on where a daemon could not run.
pub fn check_root() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!(
            "a private buildkitd needs root; run as root, \
             or set BUILDKIT_HOST to a BuildKit that can pull base images"
        );
    }
    Ok(())
}

/// Starts the daemon `name`, with its data in memory if a size is given for that.
pub fn start(layout: &Layout, state: &mut State, name: &str, disk: Option<&str>) -> Result<()> {
    let data = data(layout, name);
    if let (Some(size), Some(pid)) = (disk, state.pid(&service_name(name))) {
        return resize(pid, &data, size);
    }
    let configuration = configuration(layout, state, name)?;
    let root = layout.daemon(name);
    let file = root.join("buildkitd.toml");
    fs::create_dir_all(&data)?;
    fs::create_dir_all(scratch(layout, name))?;
    fs::write(&file, &configuration)?;
    if let Some(folder) = layout.socket(name).parent() {
        fs::create_dir_all(folder)?;
    }

    let host = host(layout, name)?;
    let service = Service {
        name: &service_name(name),
        command: command(layout, name, &file, disk),
        configuration: &configuration,
        port: None,
        answers: &|| answers(layout, &host),
    };
    service.ensure(layout, state)
}

/// Whether a daemon at `host` has a worker.
pub fn answers(layout: &Layout, host: &str) -> bool {
    let mut buildctl = Command::new(layout.bin("buildctl"));
    run::succeeds(buildctl.args(["--addr", host, "--timeout", "5", "debug", "workers"]))
}

/// A mount namespace of its own: what a killed daemon had mounted goes with it, and
/// removing `target` never reaches into a mount.
fn command(layout: &Layout, name: &str, configuration: &Path, disk: Option<&str>) -> Command {
    let mut command = Command::new("unshare");
    command
        .env("TMPDIR", scratch(layout, name))
        .args(["--mount", "--"]);
    if let Some(size) = disk {
        let script = r#"mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@""#;
        command.args(["sh", "-c", script, "sh", size]);
        command.arg(data(layout, name));
    }
    command
        .arg(layout.bin("buildkitd"))
        .arg("--config")
        .arg(configuration);
    command
}

/// Gives the memory disk of a running daemon another size.
fn resize(pid: u32, data: &Path, size: &str) -> Result<()> {
    let mut mount = Command::new("nsenter");
    mount
        .arg(format!("--target={pid}"))
        .args(["--mount", "mount", "-o"])
        .arg(format!("remount,size={size}"))
        .arg(data);
    run::output(&mut mount).map(drop)
}

/// Where the daemon `name` keeps what it builds.
fn data(layout: &Layout, name: &str) -> PathBuf {
    layout.daemon(name).join("root")
}

/// Where it mounts what it works on; a killed daemon leaves the empty folders behind.
fn scratch(layout: &Layout, name: &str) -> PathBuf {
    layout.daemon(name).join("tmp")
}

/// The worker has the host's network, because builds use the channel and the
/// registry on loopback. The garbage collector's limits are absolute: the default
/// ones are shares of the disk, and on a small or full one they empty the cache.
fn configuration(layout: &Layout, state: &State, name: &str) -> Result<String> {
    let runc = run::find_program("runc").context("runc is gone")?;
    let registry = registry::address(state)?;
    Ok(format!(
        r#"root = {root:?}
insecure-entitlements = ["network.host"]

[grpc]
  address = [{host:?}]

[worker.containerd]
  enabled = false

[worker.oci]
  binary = {runc:?}
  snapshotter = "auto"
  networkMode = "host"
  gc = true

[[worker.oci.gcpolicy]]
  all = true
  reservedSpace = "10GB"
  maxUsedSpace = "40GB"
  minFreeSpace = "2GB"

[registry."docker.io"]
  mirrors = ["{registry}"]

[registry."{registry}"]
  http = true
"#,
        root = text(&data(layout, name))?,
        runc = text(&runc)?,
        host = host(layout, name)?,
    ))
}
