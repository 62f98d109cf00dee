//! The conda channels: real content in small, made where docker.io cannot be reached
//! by a Dockerfile in `xtask/engine/channel`, on the engine's own BuildKit.

use std::fs;

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use super::layout::Layout;
use super::tree::{copy, digests, fresh};
use super::{bases, channel};
use crate::step::{note, step};
use crate::{run, workspace};

/// Makes the channels, unless those of this very recipe are there.
pub fn make(layout: &Layout, host: &str) -> Result<()> {
    let recipe = workspace::path("xtask/engine/channel");
    let wanted = hex::encode(Sha256::digest(digests(&recipe)?));
    let stamp = layout.path("channels.sha256");
    let served = channel::folder(layout);
    if served.is_dir() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        note("    the conda channel is there");
        return Ok(());
    }
    step("making the conda channel", || {
        let context = layout.path("channel-recipe");
        fresh(&context)?;
        copy(&recipe, &context)?;
        let new = layout.path("channels.new");
        fresh(&new)?;
        let mut build = bases::buildctl(layout, host, &context);
        build
            .arg("--output")
            .arg(format!("type=local,dest={}", new.display()));
        run::logged(&mut build, &layout.log("channel-make"))?;
        if served.exists() {
            fs::remove_dir_all(&served)?;
        }
        fs::rename(new, served)?;
        Ok(fs::write(stamp, wanted)?)
    })
}
