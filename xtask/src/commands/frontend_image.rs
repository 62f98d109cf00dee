//! `cargo xtask frontend-image`: the frontend as `docker buildx build` calls for it.

use anyhow::Result;

use super::engine::up;
use crate::product;
use crate::step::print;

/// Builds and pushes it, and prints the reference.
pub fn run() -> Result<()> {
    let engine = up()?;
    let binary = product::binary()?;
    let reference = product::frontend_image(&engine, &binary)?;
    print(&format!("{reference}\n"))
}
