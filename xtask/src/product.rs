//! The product itself, as it ships: two static binaries, and the frontend image made of them.
//!
//! The stand-in for micromamba is built in the same way, as most of what it stands on is the product's too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::engine::Engine;
use crate::run;
use crate::step::step;
use crate::workspace;

/// The name by which `# syntax=` lines call for the frontend.
pub const FRONTEND: &str = "layercake/frontend:0.1";

/// The target that links statically with what a plain Rust installation has.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds `layercake` as one static binary, and beside it the tool that links conda packages, and returns where
/// the first is.
pub fn binary() -> Result<PathBuf> {
    static_binary("layercake-link")?;
    static_binary("layercake")
}

/// The program that was named, or else the product.
pub fn given(named: Option<PathBuf>) -> Result<PathBuf> {
    match named {
        Some(named) => fs::canonicalize(&named)
            .with_context(|| format!("there is no program {}", named.display())),
        None => binary(),
    }
}

/// Builds the program of a package so that it runs in any image. One package at a time: what another one asks of their
/// common dependencies must not change the tool's bytes, which are in the key of every locked conda stage.
pub fn static_binary(package: &str) -> Result<PathBuf> {
    step(format!("Build {package}, static, with cargo"), || {
        let folder = workspace::path("target/static");
        let mut cargo = run::cargo();
        cargo
            .args(["build", "--release", "--locked", "--package", package])
            .args(["--target", TARGET, "--target-dir"])
            .arg(&folder)
            .env("RUSTFLAGS", "-C target-feature=+crt-static")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .current_dir(workspace::root());
        run::logged(&mut cargo, &workspace::log(package))?;
        Ok(folder.join(TARGET).join("release").join(package))
    })
}

/// Builds the frontend's image by BuildKit and pushes it to the engine's registry.
pub fn frontend_image(engine: &Engine, binary: &Path) -> Result<String> {
    let env = engine.env()?;
    let registry = env
        .get("LAYERCAKE_REGISTRY")
        .context("the engine has a registry")?;
    let reference = format!("{registry}/{FRONTEND}");
    step(format!("Push the frontend's image as {reference}"), || {
        let mut command = Command::new(binary);
        command
            .args(["frontend", "image", "--push", &reference])
            .envs(&env);
        run::logged(&mut command, &workspace::log("frontend-image"))
    })?;
    Ok(reference)
}

/// Makes the archives and packages of the CLX example that are not kept in git.
pub fn example_assets() -> Result<()> {
    step("Make the archives of examples/clx", || {
        let mut python = Command::new("python3");
        python.arg(workspace::path("examples/clx/make-assets.py"));
        run::logged(&mut python, &workspace::log("assets"))
    })
}
