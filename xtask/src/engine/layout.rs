//! Where the engine keeps its files: all under `target/engine`, so that removing
//! `target` removes the engine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::{step, workspace};

/// The longest path that a Unix socket can have on Linux, less the final NUL.
const SOCKET_PATH_MAX: usize = 107;

/// The folders and files of the engine.
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout below this checkout's `target`.
    pub fn new() -> Result<Self> {
        let root = workspace::path("target/engine");
        fs::create_dir_all(&root)
            .with_context(|| format!("could not create {}", root.display()))?;
        Ok(Self { root })
    }

    /// Waits for any other `cargo xtask engine` that changes something; the lock
    /// lasts as long as the returned file.
    pub fn lock(&self) -> Result<File> {
        let file = File::create(self.root.join("lock"))?;
        if file.try_lock().is_err() {
            step::note("waiting for another `cargo xtask engine` to finish");
            file.lock()?;
        }
        Ok(file)
    }

    /// A path below the engine's folder.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A program that was built here.
    pub fn bin(&self, program: &str) -> PathBuf {
        self.path("bin").join(program)
    }

    /// The root of the daemon `name`: its cache, its configuration.
    pub fn daemon(&self, name: &str) -> PathBuf {
        self.path("daemons").join(name)
    }

    /// The socket of the daemon `name`. A checkout too deep for the limit on socket
    /// paths gets a short folder under /tmp that is its own.
    pub fn socket(&self, name: &str) -> PathBuf {
        socket_below(&self.root, name)
    }
}

/// A path as text, for configurations and command lines.
pub fn text(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("the path {} is not UTF-8", path.display()))
}

fn socket_below(root: &Path, name: &str) -> PathBuf {
    let file = format!("{name}.sock");
    let socket = root.join(&file);
    if socket.as_os_str().len() <= SOCKET_PATH_MAX {
        return socket;
    }
    let digest = hex::encode(Sha256::digest(root.as_os_str().as_encoded_bytes()));
    PathBuf::from(format!("/tmp/layercake-{}", &digest[..12])).join(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_never_exceeds_the_limit() {
        let short = Path::new("/src/target/engine");
        assert_eq!(
            socket_below(short, "main"),
            Path::new("/src/target/engine/main.sock")
        );
        let deep = PathBuf::from("/deep".repeat(30));
        let socket = socket_below(&deep, "main");
        assert!(socket.as_os_str().len() <= SOCKET_PATH_MAX);
        assert_ne!(socket, socket_below(&deep.join("other"), "main"));
    }
}
