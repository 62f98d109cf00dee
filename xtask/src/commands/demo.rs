//! `cargo xtask demo`: the main job. The three services of examples/clx are built, built again, and built
//! once more after an edit; each time a table says what ran and what was cached.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::engine::up;
use crate::engine::Engine;
use crate::step::note;
use crate::{product, workspace};

/// The file that the demo edits.
const EDITED: &str = "services/drawio-converter/src/drawio_converter/drawio_converter.py";

/// Sets up and shows it.
pub fn run() -> Result<()> {
    let engine = up()?;
    product::example_assets()?;
    let binary = product::binary()?;
    product::frontend_image(&engine, &binary)?;
    let clx = copy_of_clx()?;
    note("\n==> 1. All three services, one graph: what is new runs, siblings in parallel");
    build(&engine, &binary, &clx)?;
    note("\n==> 2. The same again: nothing runs");
    build(&engine, &binary, &clx)?;
    note(&format!(
        "\n==> 3. After an edit of {EDITED}: its wheel and what installs it"
    ));
    edit(&clx.join(EDITED))?;
    build(&engine, &binary, &clx)?;
    note("\n==> 4. Through the other door, `docker buildx build`: the cache is one and the same");
    buildx(&engine, &clx)?;
    note("\nDone. By hand: eval \"$(cargo xtask engine env)\", then");
    note(&format!(
        "    {} build -C {}",
        binary.display(),
        clx.display()
    ));
    note(&format!(
        "    docker buildx build -f layercake.yaml --target drawio-converter {}",
        clx.display()
    ));
    Ok(())
}

fn build(engine: &Engine, binary: &Path, clx: &Path) -> Result<()> {
    let mut command = Command::new(binary);
    // A CI job must say that it may run what is expensive.
    command.args(["build", "--expensive=allow", "-C"]).arg(clx);
    shown(engine, &mut command)
}

fn buildx(engine: &Engine, clx: &Path) -> Result<()> {
    let mut command = Command::new("docker");
    command
        .args([
            "buildx",
            "build",
            "--progress",
            "plain",
            "-f",
            "layercake.yaml",
        ])
        .args(["--target", "drawio-converter", "."])
        .current_dir(clx);
    shown(engine, &mut command)
}

fn shown(engine: &Engine, command: &mut Command) -> Result<()> {
    let status = command
        .envs(engine.env()?)
        .status()
        .with_context(|| format!("could not start {command:?}"))?;
    if status.success() {
        Ok(())
    } else {
        bail!("the build failed ({status}); its output is above")
    }
}

/// A copy to edit, so that the checkout stays as it is.
fn copy_of_clx() -> Result<PathBuf> {
    let to = workspace::path("target/demo/clx");
    if to.exists() {
        fs::remove_dir_all(&to)?;
    }
    copy(&workspace::path("examples/clx"), &to)?;
    Ok(to)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Appends a comment that no earlier run of the demo has appended.
fn edit(path: &Path) -> Result<()> {
    let mut text =
        fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    writeln!(text, "\n# edited by the demo at {}", now.as_secs())?;
    fs::write(path, text)?;
    Ok(())
}
