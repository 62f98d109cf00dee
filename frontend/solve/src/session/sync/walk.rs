//! The files of a directory, in the order that the protocol demands and described as it wants them.
//!
//! Directories are walked depth first, names sorted bytewise, so that a directory comes right before what is in it.
//! Owners are sent as root and extended attributes not at all, so that a file is the same whoever has it checked out;
//! permissions and times are sent as they are.

use super::filter::{Filter, State};
use buildkit_proto::fsutil::types::Stat;
use std::collections::HashMap;
use std::fs::{DirEntry, FileType, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The bits of Go's `os.FileMode` above the permissions.
pub(crate) mod go_mode {
    pub(crate) const DIRECTORY: u32 = 1 << 31;
    pub(crate) const LINK: u32 = 1 << 27;
    pub(crate) const DEVICE: u32 = 1 << 26;
    pub(crate) const PIPE: u32 = 1 << 25;
    pub(crate) const SETUID: u32 = 1 << 23;
    pub(crate) const SETGID: u32 = 1 << 22;
    pub(crate) const CHARACTER: u32 = 1 << 21;
    pub(crate) const STICKY: u32 = 1 << 20;
    /// All that make a file something other than regular.
    pub(crate) const TYPE: u32 = DIRECTORY | LINK | DEVICE | PIPE | CHARACTER | 1 << 24 | 1 << 19;
}

/// Why a walk ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum WalkError {
    #[error("`{path}` can't be read: {cause}; fix its permissions or list it in .dockerignore")]
    Unreadable { path: String, cause: io::Error },
    #[error(
        "the name `{0}` is not valid UTF-8, which BuildKit can't take; rename it or list it in .dockerignore"
    )]
    Name(String),
    #[error("the daemon stopped listening")]
    Unheard,
}

/// Walks `root` and passes on what the filter lets through, parents first, until `pass` says false.
pub(super) fn walk(
    root: &Path,
    filter: &Filter,
    pass: &mut dyn FnMut(Stat) -> bool,
) -> Result<(), WalkError> {
    let mut walk = Walk {
        root,
        filter,
        pass,
        parents: Vec::new(),
        links: HashMap::new(),
    };
    walk.directory("", &State::default(), true)
}

struct Walk<'w> {
    root: &'w Path,
    filter: &'w Filter,
    pass: &'w mut dyn FnMut(Stat) -> bool,
    /// The directories above, and whether they have been passed on.
    parents: Vec<(String, bool)>,
    /// The first path to each file that has several.
    links: HashMap<(u64, u64), String>,
}

impl Walk<'_> {
    /// Walks a directory; `sent` says whether it is itself passed on. What vanishes meanwhile is left out.
    fn directory(&mut self, path: &str, state: &State, sent: bool) -> Result<(), WalkError> {
        let entries = match sorted(&self.root.join(path)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::PermissionDenied && !sent => return Ok(()),
            Err(cause) => {
                return Err(WalkError::Unreadable {
                    path: shown(path),
                    cause,
                });
            }
        };
        entries
            .into_iter()
            .try_for_each(|entry| self.entry(path, &entry, state))
    }

    fn entry(&mut self, parent: &str, entry: &DirEntry, state: &State) -> Result<(), WalkError> {
        let name = entry.file_name();
        let lossy = name.to_string_lossy();
        let path = if parent.is_empty() {
            lossy.into_owned()
        } else {
            format!("{parent}/{lossy}")
        };
        let verdict = self.filter.judge(&path, state);
        let unreadable = |cause| WalkError::Unreadable {
            path: path.clone(),
            cause,
        };
        let is_directory = match entry.file_type() {
            Ok(kind) => kind.is_dir(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(cause) => return Err(unreadable(cause)),
        };
        if verdict.sent {
            if name.to_str().is_none() {
                return Err(WalkError::Name(path));
            }
            match self.stat(&path) {
                Ok(Some(stat)) => self.send(stat)?,
                Ok(None) => return Ok(()),
                Err(cause) => return Err(unreadable(cause)),
            }
        }
        if is_directory && verdict.enter {
            self.parents.push((path.clone(), verdict.sent));
            self.directory(&path, &verdict.state, verdict.sent)?;
            self.parents.pop();
        }
        Ok(())
    }

    /// Passes on the parents that haven't been yet, and then the file.
    fn send(&mut self, stat: Stat) -> Result<(), WalkError> {
        for index in 0..self.parents.len() {
            let (path, sent) = self.parents[index].clone();
            if !sent {
                self.parents[index].1 = true;
                let parent = self
                    .stat(&path)
                    .map_err(|cause| WalkError::Unreadable { path, cause })?;
                self.pass_on(parent.unwrap_or_default())?;
            }
        }
        self.pass_on(stat)
    }

    fn pass_on(&mut self, stat: Stat) -> Result<(), WalkError> {
        if (self.pass)(stat) {
            Ok(())
        } else {
            Err(WalkError::Unheard)
        }
    }

    /// Describes a file, or says that it has vanished.
    fn stat(&mut self, path: &str) -> io::Result<Option<Stat>> {
        let full = self.root.join(path);
        match describe(&full, path) {
            Ok((metadata, mut stat)) => {
                if metadata.is_file() && metadata.nlink() > 1 {
                    let first = self
                        .links
                        .entry((metadata.dev(), metadata.ino()))
                        .or_insert_with(|| path.to_owned());
                    if first != path {
                        stat.linkname.clone_from(first);
                    }
                }
                Ok(Some(stat))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn shown(path: &str) -> String {
    if path.is_empty() {
        ".".to_owned()
    } else {
        path.to_owned()
    }
}

fn sorted(directory: &PathBuf) -> io::Result<Vec<DirEntry>> {
    let mut entries = std::fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_cached_key(DirEntry::file_name);
    Ok(entries)
}

fn describe(full: &Path, path: &str) -> io::Result<(Metadata, Stat)> {
    let metadata = full.symlink_metadata()?;
    let kind = metadata.file_type();
    let linkname = if kind.is_symlink() {
        let link = std::fs::read_link(full)?;
        link.into_os_string()
            .into_string()
            .map_err(|_| io::Error::other("where it leads is not valid UTF-8"))?
    } else {
        String::new()
    };
    let (devmajor, devminor) = if kind.is_block_device() || kind.is_char_device() {
        device(metadata.rdev())
    } else {
        (0, 0)
    };
    let stat = Stat {
        path: path.to_owned(),
        mode: mode(kind, metadata.mode()),
        size: if kind.is_dir() {
            0
        } else {
            i64::try_from(metadata.len()).unwrap_or(i64::MAX)
        },
        mod_time: modified(&metadata),
        linkname,
        devmajor,
        devminor,
        ..Stat::default()
    };
    Ok((metadata, stat))
}

/// The time of the last change, in nanoseconds.
pub(super) fn modified(metadata: &Metadata) -> i64 {
    metadata
        .mtime()
        .saturating_mul(1_000_000_000)
        .saturating_add(metadata.mtime_nsec())
}

/// Type and permissions as Go has them. A socket is sent as a regular file, as Go's clients do.
fn mode(kind: FileType, unix: u32) -> u32 {
    let kind = match () {
        () if kind.is_dir() => go_mode::DIRECTORY,
        () if kind.is_symlink() => go_mode::LINK,
        () if kind.is_block_device() => go_mode::DEVICE,
        () if kind.is_char_device() => go_mode::DEVICE | go_mode::CHARACTER,
        () if kind.is_fifo() => go_mode::PIPE,
        () => 0,
    };
    let flag = |bit: u32, go: u32| if unix & bit == 0 { 0 } else { go };
    kind | (unix & 0o777)
        | flag(0o4000, go_mode::SETUID)
        | flag(0o2000, go_mode::SETGID)
        | flag(0o1000, go_mode::STICKY)
}

/// The major and minor number of a device, as Linux packs them.
fn device(number: u64) -> (i64, i64) {
    let part = |value: u64| i64::try_from(value).unwrap_or(0);
    (
        part((number >> 8) & 0xfff),
        part((number & 0xff) | ((number >> 12) & 0xf_ff00)),
    )
}

#[cfg(test)]
mod tests {
    use super::{Filter, Stat, WalkError, go_mode, walk};
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    fn list(values: &[&str]) -> Option<Vec<String>> {
        (!values.is_empty()).then(|| values.iter().map(|value| (*value).to_owned()).collect())
    }

    fn found(root: &Path, include: &[&str], exclude: &[&str], follow: &[&str]) -> Vec<Stat> {
        let filter =
            Filter::new(root, list(include), list(exclude), list(follow)).expect("a filter");
        let mut found = Vec::new();
        walk(root, &filter, &mut |stat| {
            found.push(stat);
            true
        })
        .expect("a walk");
        found
    }

    #[track_caller]
    fn check(root: &Path, include: &[&str], exclude: &[&str], follow: &[&str], expect: &[&str]) {
        let found = found(root, include, exclude, follow);
        let paths: Vec<_> = found.iter().map(|stat| stat.path.as_str()).collect();
        assert_eq!(
            paths, expect,
            "include {include:?}, exclude {exclude:?}, follow {follow:?}"
        );
    }

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a directory");
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            fs::write(path, file).expect("a file");
        }
        root
    }

    #[test]
    fn children_follow_their_directory() {
        let root = tree(&["a-b", "a/z", "a/b/c", "a.b", "B"]);
        check(
            root.path(),
            &[],
            &[],
            &[],
            &["B", "a", "a/b", "a/b/c", "a/z", "a-b", "a.b"],
        );
    }

    #[test]
    fn patterns_and_paths_choose() {
        let root = tree(&[
            "src/lib.rs",
            "src/old/lib.rs",
            "docs/a.md",
            "docs/deep/b.md",
            "README.md",
        ]);
        let root = root.path();
        check(root, &["src"], &["src/old"], &[], &["src", "src/lib.rs"]);
        check(
            root,
            &["**/*.md"],
            &[],
            &[],
            &[
                "README.md",
                "docs",
                "docs/a.md",
                "docs/deep",
                "docs/deep/b.md",
            ],
        );
        check(
            root,
            &[],
            &["*", "!docs/deep"],
            &[],
            &["docs", "docs/deep", "docs/deep/b.md"],
        );
        check(
            root,
            &[],
            &["**/*.md", "!README.md"],
            &[],
            &[
                "README.md",
                "docs",
                "docs/deep",
                "src",
                "src/lib.rs",
                "src/old",
                "src/old/lib.rs",
            ],
        );
        check(root, &[], &[], &["docs/a.md"], &["docs", "docs/a.md"]);
        check(root, &[], &["docs"], &["docs/a.md"], &[]);
    }

    #[test]
    fn links_are_sent_as_links_with_what_they_lead_to() {
        let root = tree(&["real/file"]);
        symlink("real/file", root.path().join("link")).expect("a link");
        check(
            root.path(),
            &[],
            &[],
            &["link"],
            &["link", "real", "real/file"],
        );
        let stats = found(root.path(), &["link"], &[], &[]);
        assert_eq!(
            (stats[0].mode & go_mode::LINK, stats[0].linkname.as_str()),
            (go_mode::LINK, "real/file")
        );
        assert_eq!(stats[0].size, 9);
    }

    #[test]
    fn files_are_described_without_their_owner() {
        let root = tree(&["dir/run"]);
        let run = root.path().join("dir/run");
        fs::set_permissions(&run, fs::Permissions::from_mode(0o4751)).expect("permissions");
        let stats = found(root.path(), &[], &[], &[]);
        assert_eq!(stats[0].mode & go_mode::TYPE, go_mode::DIRECTORY);
        assert_eq!((stats[0].size, stats[1].size), (0, 7));
        assert_eq!(stats[1].mode, go_mode::SETUID | 0o751);
        assert!(
            stats
                .iter()
                .all(|stat| stat.uid == 0 && stat.gid == 0 && stat.xattrs.is_empty())
        );
        let modified = fs::metadata(&run)
            .and_then(|metadata| metadata.modified())
            .expect("a time");
        let since = modified
            .duration_since(std::time::UNIX_EPOCH)
            .expect("after 1970");
        assert_eq!(u128::try_from(stats[1].mod_time), Ok(since.as_nanos()));
    }

    #[test]
    fn a_second_name_of_a_file_refers_to_the_first_that_is_sent() {
        let root = tree(&["a"]);
        for other in ["b", "c"] {
            fs::hard_link(root.path().join("a"), root.path().join(other)).expect("a hard link");
        }
        let names = |stats: Vec<Stat>| {
            stats
                .into_iter()
                .map(|stat| stat.linkname)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(found(root.path(), &[], &[], &[])), ["", "a", "a"]);
        assert_eq!(names(found(root.path(), &[], &["a"], &[])), ["", "b"]);
    }

    #[test]
    fn a_name_that_is_not_utf8_stops_only_if_it_is_wanted() {
        let root = tree(&["fine"]);
        fs::write(root.path().join(OsStr::from_bytes(b"bad\xff")), "").expect("a file");
        check(root.path(), &[], &["bad*"], &[], &["fine"]);
        let outcome = walk(root.path(), &Filter::default(), &mut |_| true);
        assert!(matches!(outcome, Err(WalkError::Name(_))));
    }

    #[test]
    fn a_walk_ends_when_nobody_listens() {
        let root = tree(&["a", "b"]);
        assert!(matches!(
            walk(root.path(), &Filter::default(), &mut |_| false),
            Err(WalkError::Unheard)
        ));
    }
}
