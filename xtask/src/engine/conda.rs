//! The conda channels: real content in small, made where docker.io cannot be reached
//! by a Dockerfile in `xtask/engine/channel`, on the engine's own BuildKit.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use super::channel::Size;
use super::layout::Layout;
use super::tree::{copy, digests, fresh};
use super::{bases, channel};
use crate::step::{note, step};
use crate::{run, workspace};

/// Makes the channels, unless those of this very recipe are there.
pub fn ensure(layout: &Layout, host: &str, size: Size) -> Result<()> {
    let made = fs::read_to_string(stamp(layout, size)).ok();
    if channel::folder(layout, size).is_dir() && made == Some(recipe_digest()?) {
        note("    the conda channel is there");
        return Ok(());
    }
    make(layout, host, size)
}

/// The file with the digest of the recipe that the channels were made from.
fn stamp(layout: &Layout, size: Size) -> PathBuf {
    channel::folder(layout, size).with_extension("sha256")
}

/// Makes the channels. The old ones are served until the new ones are complete.
pub fn make(layout: &Layout, host: &str, size: Size) -> Result<()> {
    step("making the conda channel", || {
        let digest = recipe_digest()?;
        let context = layout.path("channel-recipe");
        fresh(&context)?;
        copy(&recipe(), &context)?;
        let new = layout.path("channels.new");
        fresh(&new)?;
        let (newest, older) = size.lists();
        let lists = [newest, older].concat().join(" ");
        let mut build = bases::buildctl(layout, host, &context);
        build
            .args(["--opt", &format!("build-arg:LISTS={lists}")])
            .arg("--output")
            .arg(format!("type=local,dest={}", new.display()));
        run::logged(&mut build, &workspace::log("channel-make"))?;
        let served = channel::folder(layout, size);
        if served.exists() {
            fs::remove_dir_all(&served)?;
        }
        fs::rename(new, served)?;
        Ok(fs::write(stamp(layout, size), digest)?)
    })
}

fn recipe() -> PathBuf {
    workspace::path("xtask/engine/channel")
}

fn recipe_digest() -> Result<String> {
    Ok(hex::encode(Sha256::digest(digests(&recipe())?)))
}
