//! Times of what was not packaged with one, and modes of folders, so that equal groups give equal bytes.

use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The start of 1980, the earliest time that a zip file can hold.
const FIXED: Duration = Duration::from_hours(87_648);

/// Gives a file or folder the fixed time.
pub(crate) fn fix(path: &Path) -> io::Result<()> {
    let time = SystemTime::UNIX_EPOCH + FIXED;
    let times = FileTimes::new().set_modified(time).set_accessed(time);
    File::open(path)?.set_times(times)
}

/// Gives all folders below `root` the fixed time and the mode that they have where they are made, and `root` the time.
pub(crate) fn fix_folders(root: &Path) -> io::Result<()> {
    fix_below(root, false)
}

/// Does the same, and gives all files below `root` the fixed time.
pub(crate) fn fix_all(root: &Path) -> io::Result<()> {
    fix_below(root, true)
}

fn fix_below(root: &Path, files: bool) -> io::Result<()> {
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() && files {
                fix(&entry.path())?;
            }
        }
        fix(&folder)?;
        // One that was moved has the mode that it has in its package.
        if folder != root {
            fs::set_permissions(&folder, Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}
