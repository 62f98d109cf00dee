//! uv, which `layercake lock` asks about `pip:` sections: from the Python package index, by pip.

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::layout::Layout;
use crate::run;
use crate::step::step;
use crate::workspace;

/// The version that tests lock with.
const VERSION: &str = "0.13.9";

/// Installs it beside the engine's other programs, unless the machine or the engine has one.
pub fn ensure(layout: &Layout) -> Result<()> {
    let program = layout.bin("uv");
    if program.is_file() || run::find_program("uv").is_some() {
        return Ok(());
    }
    step(
        format!("installing uv {VERSION} with pip, below target/engine"),
        || {
            let folder = layout.path("uv");
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"])
                .arg(&folder)
                .arg(format!("uv=={VERSION}"));
            run::logged(&mut pip, &workspace::log("uv"))?;
            fs::copy(folder.join("bin/uv"), &program)?;
            Ok(())
        },
    )
}
