//! A folder of this machine as a [`Tree`]: listed as it is asked for, hashed by all cores.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use layercake_planner::facts::{Beginning, FileFact, Needs};
use sha2::{Digest, Sha256};

use super::tree::{Entry, EntryKind, Tree, TreeError, join};

/// How much of a file is read at once.
const CHUNK: usize = 256 << 10;

/// A folder of this machine.
#[derive(Debug)]
pub struct LocalTree {
    root: PathBuf,
    /// What is known of files already; one file may be read by several stages.
    seen: HashMap<String, Result<Inside, String>>,
}

/// What the bytes of a file tell.
#[derive(Clone, Debug)]
struct Inside {
    digest: String,
    beginning: Beginning,
}

impl LocalTree {
    /// The files below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            seen: HashMap::new(),
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        if path.is_empty() {
            self.root.clone()
        } else {
            self.root.join(path)
        }
    }
}

impl Tree for LocalTree {
    async fn prepare(&mut self, _: &Needs) -> anyhow::Result<()> {
        Ok(())
    }

    async fn entries(&self, folder: &str) -> Result<Vec<Entry>, TreeError> {
        let mut entries = Vec::new();
        for found in fs::read_dir(self.at(folder)).map_err(|error| unreadable(&error))? {
            entries.push(entry(&found.map_err(|error| unreadable(&error))?)?);
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    async fn read(&self, file: &str) -> Result<Vec<u8>, TreeError> {
        fs::read(self.at(file)).map_err(|error| unreadable(&error))
    }

    async fn look_into(&mut self, files: &[&str]) -> anyhow::Result<()> {
        let mut new: Vec<&str> = files
            .iter()
            .copied()
            .filter(|path| !self.seen.contains_key(*path))
            .collect();
        new.sort_unstable();
        new.dedup();
        for (path, inside) in look_inside(&self.root, &new) {
            self.seen
                .insert(path.to_owned(), inside.map_err(|error| error.to_string()));
        }
        Ok(())
    }

    async fn inspect(&self, path: &str, file: &mut FileFact) -> Result<(), TreeError> {
        match self.seen.get(path) {
            Some(Ok(inside)) => {
                file.digest = Some(inside.digest.clone());
                file.beginning = inside.beginning;
                Ok(())
            }
            Some(Err(problem)) => Err(TreeError::Unreadable(problem.clone())),
            None => Ok(()),
        }
    }
}

fn entry(found: &fs::DirEntry) -> Result<Entry, TreeError> {
    let text = |text: std::ffi::OsString| {
        text.into_string().map_err(|text| {
            TreeError::Unreadable(format!(
                "the name of {} is not UTF-8; rename it or ignore it",
                text.display()
            ))
        })
    };
    let data = found.metadata().map_err(|error| unreadable(&error))?;
    let kind = if data.is_symlink() {
        let target = fs::read_link(found.path()).map_err(|error| unreadable(&error))?;
        EntryKind::Link(text(target.into_os_string())?)
    } else if data.is_dir() {
        EntryKind::Folder
    } else if data.is_file() {
        EntryKind::File {
            size: data.len(),
            executable: data.permissions().mode() & 0o100 != 0,
        }
    } else {
        EntryKind::Other
    };
    Ok(Entry {
        name: text(found.file_name())?,
        kind,
    })
}

/// The SHA-256 of all files below a folder, by their paths there. What cannot be read is left out: nobody may need it.
pub fn digests(root: &Path) -> io::Result<BTreeMap<String, String>> {
    let (mut folders, mut files) = (vec![String::new()], Vec::new());
    while let Some(folder) = folders.pop() {
        for found in fs::read_dir(root.join(&folder))? {
            let found = found?;
            let Ok(name) = found.file_name().into_string() else {
                continue;
            };
            let (path, kind) = (join(&folder, &name), found.file_type()?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                files.push(path);
            }
        }
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let read = look_inside(root, &files).into_iter();
    let read = read.filter_map(|(path, inside)| Some((path.to_owned(), inside.ok()?.digest)));
    Ok(read.collect())
}

/// Reads files by all cores; the largest may come last, so each takes the next when it is done.
fn look_inside<'p>(root: &Path, paths: &[&'p str]) -> Vec<(&'p str, io::Result<Inside>)> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(paths.len()));
    let work = || {
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            let inside = inside(&root.join(path));
            done.lock()
                .expect("no thread panics while it holds the lock")
                .push((*path, inside));
        }
    };
    let cores = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(paths.len());
    thread::scope(|scope| {
        for _ in 1..cores {
            scope.spawn(work);
        }
        work();
    });
    done.into_inner()
        .expect("no thread panics while it holds the lock")
}

fn inside(path: &Path) -> io::Result<Inside> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut first = true;
    let mut beginning = Beginning::default();
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        if first {
            beginning = Beginning::of(&chunk[..read]);
            first = false;
        }
        hash.update(&chunk[..read]);
    }
    Ok(Inside {
        digest: hex::encode(hash.finalize()),
        beginning,
    })
}

fn unreadable(error: &io::Error) -> TreeError {
    TreeError::Unreadable(error.to_string())
}
