//! The files of one commit, as replaying sees them.

/// The files of one commit. Paths are relative to the context and `/`-separated; the context is the empty path.
pub trait Files {
    /// What is in a folder; nothing if there is no such folder.
    ///
    /// # Errors
    /// Why the history cannot be read, as a text.
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String>;

    /// What stands at a path.
    ///
    /// # Errors
    /// Why the history cannot be read, as a text.
    fn find(&self, path: &str) -> Result<Option<Entry>, String> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let list = self.list(folder)?;
        Ok(list.into_iter().find(|entry| entry.name == name))
    }
}

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its identity: of a file, of its bytes; of a folder, of all that is in it; of a link, of its target.
    pub id: String,
}

/// What something in a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file.
    File {
        /// Whether it may be executed.
        executable: bool,
    },
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
}
