//! A tree of files that facts are gathered from: a folder of this machine, or a filesystem inside BuildKit.

use layercake_planner::facts::{FileFact, Needs};

/// A tree of files. Paths are relative to its root, `/`-separated and canonical; the root is the empty path.
pub trait Tree {
    /// Makes sure that what is needed can be asked for.
    async fn prepare(&mut self, needs: &Needs) -> anyhow::Result<()>;

    /// What is in a folder, by name. The folder is not behind a symbolic link.
    async fn entries(&self, folder: &str) -> Result<Vec<Entry>, TreeError>;

    /// What a name is in a folder, if it is there.
    async fn entry(&self, folder: &str, name: &str) -> Result<Option<EntryKind>, TreeError> {
        let entries = self.entries(folder).await?;
        let found = entries.into_iter().find(|entry| entry.name == name);
        Ok(found.map(|found| found.kind))
    }

    /// The bytes of a file that is not behind a symbolic link.
    async fn read(&self, file: &str) -> Result<Vec<u8>, TreeError>;

    /// Says which files will be inspected, so that many can be read at once.
    async fn look_into(&mut self, files: &[&str]) -> anyhow::Result<()>;

    /// Adds to a file what only its bytes tell: its digest, where this machine has the bytes, and whether it is a
    /// git-lfs pointer.
    async fn inspect(&self, path: &str, file: &mut FileFact) -> Result<(), TreeError>;
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What something in a folder is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File {
        /// Its size in bytes.
        size: u64,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A folder.
    Folder,
    /// A symbolic link with its target.
    Link(String),
    /// A socket, a pipe or a device: nothing that an image is built from.
    Other,
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// It is there and cannot be read; others can.
    #[error("{0}")]
    Unreadable(String),
    /// The whole tree is out of reach.
    #[error(transparent)]
    Lost(#[from] anyhow::Error),
}

/// A name within a folder, as one path.
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
