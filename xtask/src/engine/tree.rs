//! Folders as wholes: emptied, copied, digested.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::run;

/// Makes `folder` an empty one.
pub fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    Ok(fs::create_dir_all(folder)?)
}

/// Copies a file, or a folder with all in it. Files are linked where that is possible.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to).with_context(|| from.display().to_string())?;
    }
    Ok(())
}

/// One line for each file below `folder`, in the order of their names: its SHA-256
/// and its path. Left to `sha256sum`, which is fast in a debug build of this program.
pub fn digests(folder: &Path) -> Result<String> {
    let script = "find . -type f | LC_ALL=C sort | xargs -r -d '\\n' sha256sum";
    run::output(Command::new("sh").args(["-ec", script]).current_dir(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_same_digests() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fresh(&one.join("deep")).unwrap();
        fs::write(one.join("b"), "b").unwrap();
        fs::write(one.join("deep/a file"), "a").unwrap();
        copy(&one, &two).unwrap();
        let found = digests(&one).unwrap();
        assert_eq!(found.lines().count(), 2);
        assert!(found.ends_with("  ./deep/a file\n"), "{found}");
        assert_eq!(found, digests(&two).unwrap());
        fresh(&two).unwrap();
        assert_eq!(digests(&two).unwrap(), "");
    }
}
