//! The stand-in for micromamba, built statically so that it runs in any image.

use std::path::PathBuf;

use anyhow::Result;

use super::layout::Layout;
use crate::step::step;
use crate::{run, workspace};

const PACKAGE: &str = "micromamba-standin";
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds the program and returns where it is. It has a target folder of its own: its
/// flags suit nothing else, and nobody who builds the workspace waits for it.
pub fn build(layout: &Layout) -> Result<PathBuf> {
    let folder = workspace::path("target/standin");
    step(format!("building {PACKAGE}"), || {
        let mut cargo = run::cargo();
        cargo
            .args([
                "build",
                "--release",
                "--package",
                PACKAGE,
                "--target",
                TARGET,
            ])
            .args(["--config", "xtask/engine/standin.toml", "--target-dir"])
            .arg(&folder)
            .current_dir(workspace::root())
            .env_remove("RUSTFLAGS");
        run::logged(&mut cargo, &layout.log("standin"))
    })?;
    Ok(folder.join(TARGET).join("release").join(PACKAGE))
}
