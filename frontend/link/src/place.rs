//! Files that are to lie as they were unpacked are moved into place, whole folders where they can be.
//!
//! A link for each file, folders made a second time, and both removed where they were unpacked take longer than
//! unpacking them; and on ext4, inodes that were just freed slow down whoever makes new ones next.

use std::collections::HashSet;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use rattler_conda_types::package::{PathType, PathsEntry};
use rattler_conda_types::prefix_record;
use rattler_digest::{Sha256, compute_file_digest};

use crate::error::Problem;

/// A package's description of itself; no file of the environment.
const INFO: &str = "info";

/// An unpacked package, and where it goes.
pub(crate) struct Mover<'a, P> {
    /// The folder of the package.
    from: &'a Path,
    /// The folder of the environment.
    to: &'a Path,
    /// Where a path of the package lies in the environment.
    place: P,
    /// The files that are to lie as they were unpacked.
    plain: HashSet<&'a Path>,
    /// The folders with nothing else in them.
    whole: HashSet<PathBuf>,
    moved: HashSet<PathBuf>,
}

impl<'a, P: Fn(&Path) -> PathBuf> Mover<'a, P> {
    /// Of the package in the folder `from` with these files, of which others in the environment have `lost`.
    pub(crate) fn new(
        from: &'a Path,
        to: &'a Path,
        entries: &'a [PathsEntry],
        lost: &[PathBuf],
        place: P,
    ) -> Self {
        let plain = entries.iter().filter(|entry| {
            entry.path_type == PathType::HardLink
                && entry.prefix_placeholder.is_none()
                && !entry.no_link
                && !entry.relative_path.starts_with(INFO)
                && !lost.contains(&place(&entry.relative_path))
        });
        Self {
            from,
            to,
            plain: plain.map(|entry| &*entry.relative_path).collect(),
            place,
            whole: HashSet::new(),
            moved: HashSet::new(),
        }
    }

    /// Moves what can be moved, and tells which files, by their paths in the package.
    ///
    /// # Errors
    /// The first folder or file that cannot be read or moved.
    pub(crate) fn run(mut self) -> Result<HashSet<PathBuf>, Problem> {
        self.find_whole(Path::new(""))?;
        self.move_from(Path::new(""))?;
        Ok(self.moved)
    }

    /// Whether a folder is to be moved with all that is in it; an empty one is in no package.
    fn find_whole(&mut self, folder: &Path) -> Result<bool, Problem> {
        let entries = self.entries(folder)?;
        let mut whole = folder != Path::new("") && !entries.is_empty();
        for (path, kind) in entries {
            whole &= match kind {
                Kind::Folder => self.find_whole(&path)?,
                Kind::Plain => {
                    self.moved.insert(path);
                    true
                }
                Kind::Other => false,
            };
        }
        if whole {
            self.whole.insert(folder.to_owned());
        }
        Ok(whole)
    }

    fn move_from(&self, folder: &Path) -> Result<(), Problem> {
        for (path, kind) in self.entries(folder)? {
            let to = self.to.join((self.place)(&path));
            let is_moved = match kind {
                Kind::Folder => self.whole.contains(&path) && to.symlink_metadata().is_err(),
                Kind::Plain => true,
                Kind::Other => continue,
            };
            if is_moved {
                let moved = rename(&self.from.join(path), &to);
                moved.map_err(|source| Problem::Write { path: to, source })?;
            } else {
                self.move_from(&path)?;
            }
        }
        Ok(())
    }

    /// What is in a folder, by its path in the package. None of it is moved while this reads.
    fn entries(&self, folder: &Path) -> Result<Vec<(PathBuf, Kind)>, Problem> {
        let entry = |entry: io::Result<DirEntry>| {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let found = entry.file_type()?;
            let kind = if found.is_dir() {
                Kind::Folder
            } else if found.is_file() && self.plain.contains(&*path) {
                Kind::Plain
            } else {
                Kind::Other
            };
            Ok((path, kind))
        };
        let path = self.from.join(folder);
        let entries = fs::read_dir(&path).and_then(|entries| entries.map(entry).collect());
        entries.map_err(|source| Problem::Read { path, source })
    }
}

enum Kind {
    Folder,
    /// A file that is to lie as it was unpacked.
    Plain,
    Other,
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::rename(from, to)
}

/// What the record of a package says of a file that was moved to `place` below `root`: what rattler says of one that it
/// linked.
pub(crate) fn record(
    entry: &PathsEntry,
    place: PathBuf,
    root: &Path,
) -> Result<prefix_record::PathsEntry, Problem> {
    let path = root.join(&place);
    let unreadable = |source| Problem::Read {
        path: path.clone(),
        source,
    };
    let sha256_in_prefix = match entry.sha256 {
        Some(_) => None,
        None => Some(compute_file_digest::<Sha256>(&path).map_err(unreadable)?),
    };
    let size_in_bytes = match entry.size_in_bytes {
        Some(size) => size,
        None => path.symlink_metadata().map_err(unreadable)?.len(),
    };
    Ok(prefix_record::PathsEntry {
        relative_path: place,
        original_path: None,
        path_type: entry.path_type.into(),
        no_link: entry.no_link,
        sha256: entry.sha256,
        sha256_in_prefix,
        size_in_bytes: Some(size_in_bytes),
        file_mode: None,
        prefix_placeholder: None,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use rattler_conda_types::package::PathsJson;
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_folder_that_is_new_is_moved_in_whole() {
        let folder = TempDir::new().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for path in ["from/new/deep/a", "from/old/b", "from/info/c", "to/old/d"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, "").expect("written");
        }
        let inode = |path: PathBuf| path.metadata().map(|metadata| metadata.ino()).ok();
        let made = inode(from.join("new"));
        let listed = ["new/deep/a", "old/b", "info/c"]
            .map(|path| format!(r#"{{"_path":"{path}","path_type":"hardlink"}}"#));
        let listed = format!(r#"{{"paths":[{}],"paths_version":1}}"#, listed.join(","));
        let listed: PathsJson = serde_json::from_str(&listed).expect("paths");
        let package = Mover::new(&from, &to, &listed.paths, &[], Path::to_path_buf);
        let moved = package.run().expect("moved");
        assert_eq!(
            moved,
            HashSet::from(["new/deep/a", "old/b"].map(PathBuf::from))
        );
        assert_eq!(inode(to.join("new")), made);
        assert!(to.join("new/deep/a").exists() && to.join("old/b").exists());
        assert!(from.join("info/c").exists() && to.join("old/d").exists());
    }
}
