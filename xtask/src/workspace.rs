//! Where the workspace lies on this machine.

use std::path::{Path, PathBuf};

/// The root of the checkout: the folder above this crate's manifest.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// A path below the root of the checkout.
pub fn path(relative: impl AsRef<Path>) -> PathBuf {
    root().join(relative)
}

/// The log of a step or of a service.
pub fn log(name: &str) -> PathBuf {
    path("target/engine/logs").join(format!("{name}.log"))
}
