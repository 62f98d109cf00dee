//! The base images, made here where docker.io cannot be reached: a Debian by
//! debootstrap, and on it `python:3.11-slim` and the micromamba image of CLX, under
//! their real names in the registry that mirrors docker.io.
//!
//! Each is a Dockerfile in `xtask/engine/bases`, built by the engine's own BuildKit.
//! An image is made again only when its recipe changed, so its digest is stable.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use sha2::{Digest as _, Sha256};

use super::layout::Layout;
use super::machine::{self, Mirrors};
use super::state::State;
use super::tree::{copy, digests, fresh};
use super::{channel, http, registry};
use crate::step::{note, step};
use crate::{product, run, workspace};

/// The time of every file in the images: 2025-01-01T00:00:00Z.
const EPOCH: &str = "1735689600";

/// An image to make.
struct Base<'a> {
    /// The folder of its recipe.
    recipe: &'a str,
    /// Its repository and tag on docker.io.
    repository: &'a str,
    tag: &'a str,
    /// Build arguments.
    args: &'a [(&'a str, String)],
    /// Files that join the recipe in its build context: their names, and where they are.
    files: &'a [(&'a str, PathBuf)],
    /// What else the image depends on, as text.
    depends: &'a str,
}

/// Makes the images that are missing or out of date.
pub fn make(layout: &Layout, state: &State, host: &str) -> Result<()> {
    let maker = Maker {
        layout,
        state,
        host,
    };
    // Compiling takes the longest and waits for nothing.
    thread::scope(|scope| {
        let standin = scope.spawn(|| product::static_binary("micromamba-standin"));
        let debian = maker.debian()?;
        maker.python(&debian)?;
        let program = standin.join().map_err(|_| anyhow!("a build panicked"))??;
        maker.micromamba(&debian, program)
    })
}

/// Whether the daemon reaches docker.io itself; the mirror is passed by.
pub fn docker_io_answers(layout: &Layout, host: &str) -> Result<bool> {
    let folder = layout.path("bases/probe");
    fs::create_dir_all(&folder)?;
    fs::write(
        folder.join("Dockerfile"),
        "FROM registry-1.docker.io/library/python:3.11-slim\n",
    )?;
    let mut build = buildctl(layout, host, &folder);
    Ok(run::logged(&mut build, &workspace::log("probe")).is_ok())
}

struct Maker<'a> {
    layout: &'a Layout,
    state: &'a State,
    host: &'a str,
}

impl Maker<'_> {
    fn python(&self, debian: &str) -> Result<()> {
        self.image(&Base {
            recipe: "python",
            repository: "library/python",
            tag: "3.11-slim",
            args: &[],
            files: &[],
            depends: debian,
        })?;
        Ok(())
    }

    fn micromamba(&self, debian: &str, program: PathBuf) -> Result<()> {
        self.image(&Base {
            recipe: "micromamba",
            repository: "mambaorg/micromamba",
            tag: "1.5.8-jammy-cuda-12.5.0",
            args: &[("CHANNEL_ALIAS", channel::alias(self.state)?)],
            files: &[("micromamba", program)],
            depends: debian,
        })?;
        Ok(())
    }

    /// Makes the Debian below the two others; returns its recipe's digest.
    fn debian(&self) -> Result<String> {
        let mirrors = Mirrors::of_this_machine();
        let rootfs = self.rootfs(&mirrors)?;
        let shipped = fs::read_to_string(rootfs.with_extension("crt"))?;
        let machine = self.layout.path("bases/machine");
        fresh(&machine)?;
        machine::write(&machine, &mirrors, &shipped)?;
        self.image(&Base {
            recipe: "debian",
            repository: "library/debian",
            tag: "bookworm-slim",
            args: &[],
            files: &[("rootfs.tar", rootfs), ("machine", machine)],
            depends: "",
        })
    }

    /// The tar of a minimal Debian, made once for each mirror, with the certificates
    /// that Debian ships beside it.
    fn rootfs(&self, mirrors: &Mirrors) -> Result<PathBuf> {
        let key = hex::encode(Sha256::digest(&mirrors.debian));
        let tar = self.layout.path(format!("bases/rootfs-{}.tar", &key[..12]));
        if tar.is_file() {
            return Ok(tar);
        }
        step(
            format!("debootstrap {} from {}", machine::SUITE, mirrors.debian),
            || {
                let folder = self.layout.path("bases/rootfs");
                fresh(&folder)?;
                let program = run::find_program("debootstrap").context("debootstrap is gone")?;
                let mut debootstrap = Command::new(program);
                debootstrap
                    .args([
                        "--variant=minbase",
                        "--include=ca-certificates,netbase,tzdata",
                    ])
                    .args([
                        machine::SUITE.as_ref(),
                        folder.as_os_str(),
                        mirrors.debian.as_ref(),
                    ]);
                run::logged(&mut debootstrap, &workspace::log("debootstrap"))?;
                let bundle = folder.join("etc/ssl/certs/ca-certificates.crt");
                fs::copy(bundle, tar.with_extension("crt"))?;
                pack(&folder, &tar, &workspace::log("rootfs-tar"))?;
                fs::remove_dir_all(&folder)?;
                Ok(tar)
            },
        )
    }

    /// Makes and pushes one image, unless that of this very recipe is in the registry.
    /// Returns the recipe's digest.
    fn image(&self, base: &Base) -> Result<String> {
        let context = self.layout.path("bases").join(base.recipe);
        let recipe = recipe(base, &context)?;
        let stamp = context.with_extension("sha256");
        let name = format!("{}:{}", base.repository, base.tag);
        if fs::read_to_string(&stamp).is_ok_and(|found| found == recipe) && self.is_pushed(base) {
            note(&format!("    {name} is there"));
            return Ok(recipe);
        }
        step(format!("making {name}"), || {
            let target = format!("{}/{name}", registry::address(self.state)?);
            let mut build = buildctl(self.layout, self.host, &context);
            build.args(["--opt", &format!("build-arg:SOURCE_DATE_EPOCH={EPOCH}")]);
            for (key, value) in base.args {
                build.args(["--opt", &format!("build-arg:{key}={value}")]);
            }
            build.args([
                "--output",
                &format!("type=image,name={target},push=true,rewrite-timestamp=true"),
            ]);
            run::logged(
                &mut build,
                &workspace::log(&format!("base-{}", base.recipe)),
            )?;
            fs::write(stamp, &recipe)?;
            Ok(recipe)
        })
    }

    fn is_pushed(&self, base: &Base) -> bool {
        let port = self
            .state
            .ports
            .get(registry::SERVICE)
            .copied()
            .unwrap_or_default();
        let list = http::get(port, &format!("/v2/{}/tags/list", base.repository));
        list.is_ok_and(|tags| tags.contains(&format!("{:?}", base.tag)))
    }
}

/// Lays out the build context and digests it with the arguments.
fn recipe(base: &Base, context: &Path) -> Result<String> {
    fresh(context)?;
    let source = workspace::path("xtask/engine/bases").join(base.recipe);
    copy(&source, context)?;
    for (name, from) in base.files {
        copy(from, &context.join(name))?;
    }
    let mut digest = Sha256::new();
    digest.update(digests(context)?);
    for (key, value) in base.args {
        digest.update(format!("{key}={value}\n"));
    }
    digest.update(base.depends);
    Ok(hex::encode(digest.finalize()))
}

/// A build of the Dockerfile in `context` by the daemon at `host`.
pub fn buildctl(layout: &Layout, host: &str, context: &Path) -> Command {
    let mut command = Command::new(layout.bin("buildctl"));
    command.args([
        "--addr",
        host,
        "build",
        "--progress",
        "plain",
        "--frontend",
        "dockerfile.v0",
    ]);
    for role in ["context", "dockerfile"] {
        command
            .arg("--local")
            .arg(format!("{role}={}", context.display()));
    }
    command
}

/// Packs a root file system without what debootstrap leaves behind of this machine
/// and moment. `/dev` stays empty: the runtime fills it.
fn pack(folder: &Path, tar: &Path, log: &Path) -> Result<()> {
    let partial = tar.with_extension("partial");
    let mut command = Command::new("tar");
    command
        .arg("--create")
        .arg("--file")
        .arg(&partial)
        .arg("--directory")
        .arg(folder);
    command.args([
        "--numeric-owner",
        "--sort=name",
        &format!("--mtime=@{EPOCH}"),
    ]);
    for path in [
        "dev/*",
        "proc/*",
        "sys/*",
        "run/*",
        "tmp/*",
        "debootstrap",
        "etc/hostname",
        "etc/resolv.conf",
        "etc/machine-id",
        "var/cache/apt/*",
        "var/cache/ldconfig/*",
        "var/lib/apt/lists/*",
        "var/log/*",
    ] {
        command.arg(format!("--exclude=./{path}"));
    }
    run::logged(command.arg("."), log)?;
    Ok(fs::rename(partial, tar)?)
}
