//! buildkitd, buildctl and buildx, built from the Go module in `xtask/engine/tools`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::layout::Layout;
use crate::step::step;
use crate::{run, workspace};

/// The modules whose version is stamped into the programs, as their releases are.
const MODULES: [&str; 2] = ["github.com/moby/buildkit", "github.com/docker/buildx"];

/// The programs that the Go module declares as its tools.
const PROGRAMS: [&str; 3] = ["buildkitd", "buildctl", "buildx"];

/// Builds the programs, unless those of this very module are there.
pub fn build(layout: &Layout) -> Result<()> {
    let stamp = layout.bin("tools.sha256");
    let wanted = fingerprint()?;
    let present = PROGRAMS.iter().all(|program| layout.bin(program).is_file());
    if present && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    if run::find_program("go").is_none() {
        bail!("building BuildKit needs Go; install it from https://go.dev/dl");
    }
    step("building buildkitd, buildctl and buildx", || {
        fs::create_dir_all(layout.path("bin"))?;
        let mut build = Command::new("go");
        build
            .args(["build", "-trimpath", "-ldflags", &link_flags()?, "-o"])
            .arg(layout.path("bin"))
            .arg("tool")
            .current_dir(module())
            .env("CGO_ENABLED", "0")
            .env("GOFLAGS", "-mod=readonly");
        run::logged(&mut build, &workspace::log("go-build"))?;
        Ok(fs::write(stamp, wanted)?)
    })
}

fn module() -> PathBuf {
    workspace::path("xtask/engine/tools")
}

fn fingerprint() -> Result<String> {
    let mut digest = Sha256::new();
    for file in ["go.mod", "go.sum"] {
        let path = module().join(file);
        digest.update(fs::read(&path).with_context(|| path.display().to_string())?);
    }
    Ok(hex::encode(digest.finalize()))
}

fn link_flags() -> Result<String> {
    let mut list = Command::new("go");
    list.args([
        "list",
        "-m",
        "-f",
        "-X {{.Path}}/version.Version={{.Version}}",
    ]);
    let stamps = run::output(list.args(MODULES).current_dir(module()))?;
    Ok(format!("-s -w {}", stamps.replace('\n', " ")))
}
