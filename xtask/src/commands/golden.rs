//! `cargo xtask golden`: the LLB that Go's client writes, which ours is compared with.

use std::process::Command;

use anyhow::Result;

use crate::step::{note, step};
use crate::{run, workspace};

/// Writes `tests/golden/data` anew.
pub fn run() -> Result<()> {
    step("Write the goldens with Go's client/llb", || {
        let mut go = Command::new("go");
        go.args(["run", "."])
            .current_dir(workspace::path("tests/golden"));
        run::logged(&mut go, &workspace::log("golden"))
    })?;
    note("compare them with `cargo test -p buildkit-llb`, and see `git diff tests/golden/data`");
    Ok(())
}
