//! The Docker client with buildx as its plugin, so that `docker buildx build` works
//! as typed, with a builder that is the daemon started here.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::layout::{Layout, text};
use crate::run;
use crate::step::step;
use crate::workspace;

/// Where the Docker client looks for its plugins, under DOCKER_CONFIG.
const PLUGIN: &str = "docker/cli-plugins/docker-buildx";

/// Makes the plugin, and a builder for the daemon `name` at `host`.
pub fn prepare(layout: &Layout, name: &str, host: &str) -> Result<()> {
    ensure_docker(layout)?;
    let plugin = layout.path(PLUGIN);
    if fs::read_link(&plugin).ok() != Some(layout.bin("buildx")) {
        fs::create_dir_all(plugin.parent().context("the plugin has a folder")?)?;
        let _ = fs::remove_file(&plugin);
        symlink(layout.bin("buildx"), &plugin)?;
    }
    let builder = builder(name);
    let known = layout.path("buildx/instances").join(&builder);
    if fs::read_to_string(&known).is_ok_and(|text| text.contains(&format!("\"{host}\""))) {
        return Ok(());
    }
    let _ = fs::remove_file(known);
    let mut create = Command::new(layout.bin("buildx"));
    create
        .args(["create", "--name", &builder, "--driver", "remote", host])
        .env("DOCKER_CONFIG", layout.path("docker"))
        .env("BUILDX_CONFIG", layout.path("buildx"));
    run::logged(&mut create, &workspace::log("buildx-create"))
}

/// The environment that points every client at the daemon `name` at `host`.
pub fn env(layout: &Layout, name: &str, host: &str) -> Result<BTreeMap<&'static str, String>> {
    let path = std::env::var("PATH").unwrap_or_default();
    let bin = layout.path("bin");
    let bin = text(&bin)?;
    let is_known = path.split(':').any(|folder| folder == bin);
    let path = if is_known {
        path
    } else {
        format!("{bin}:{path}")
    };
    Ok(BTreeMap::from([
        ("BUILDKIT_HOST", host.to_owned()),
        ("BUILDX_BUILDER", builder(name)),
        ("BUILDX_CONFIG", text(&layout.path("buildx"))?.to_owned()),
        ("DOCKER_CONFIG", text(&layout.path("docker"))?.to_owned()),
        ("PATH", path),
    ]))
}

fn builder(name: &str) -> String {
    format!("layercake-{name}")
}

/// Takes the client out of Debian's package where the machine has none; the package
/// itself would bring a daemon along.
fn ensure_docker(layout: &Layout) -> Result<()> {
    let ours = layout.bin("docker");
    if ours.is_file() || run::find_program("docker").is_some() {
        return Ok(());
    }
    step("taking the docker client from Debian's package", || {
        let folder = layout.path("docker-cli");
        fs::create_dir_all(&folder)?;
        let log = workspace::log("docker-cli");
        let package = match run::output(Command::new("apt-cache").args(["show", "docker-cli"])) {
            Ok(text) if !text.is_empty() => "docker-cli",
            _ => "docker.io",
        };
        let mut download = Command::new("apt-get");
        run::logged(
            download.args(["download", package]).current_dir(&folder),
            &log,
        )?;
        let script = "dpkg-deb --fsys-tarfile ./*.deb | tar -x ./usr/bin/docker";
        run::logged(
            Command::new("sh")
                .args(["-ec", script])
                .current_dir(&folder),
            &log,
        )?;
        fs::rename(folder.join("usr/bin/docker"), ours)?;
        Ok(fs::remove_dir_all(folder)?)
    })
}
