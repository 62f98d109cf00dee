//! Git's objects, each looked into once however many commits have it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::tree::EntryKind as Mode;
use sha2::{Digest, Sha256};

use super::lfs::Pointer;
use crate::facts::tree::{Entry, EntryKind};

/// The most folders that are remembered, and the most files.
const FOLDERS: usize = 1 << 12;
const FILES: usize = 1 << 16;

/// The objects of a repository.
pub struct Objects {
    /// The repository.
    pub repository: gix::Repository,
    folders: Memory<Rc<[Found]>>,
    sizes: Memory<u64>,
    insides: Memory<Inside>,
}

/// What is known of objects. Where too many are, all are forgotten, so that memory stays flat over a long history.
struct Memory<V> {
    most: usize,
    known: RefCell<HashMap<ObjectId, V>>,
}

impl<V: Clone> Memory<V> {
    fn new(most: usize) -> Self {
        Self {
            most,
            known: RefCell::default(),
        }
    }

    fn get(&self, id: ObjectId, learn: impl FnOnce() -> anyhow::Result<V>) -> anyhow::Result<V> {
        if let Some(known) = self.known.borrow().get(&id) {
            return Ok(known.clone());
        }
        let learnt = learn()?;
        let mut known = self.known.borrow_mut();
        if known.len() >= self.most {
            known.clear();
        }
        known.insert(id, learnt.clone());
        Ok(learnt)
    }
}

/// What bears a name in a folder.
pub fn named<'f>(list: &'f [Found], name: &str) -> Option<&'f Found> {
    let found = list.binary_search_by(|found| found.entry.name.as_str().cmp(name));
    found.ok().map(|index| &list[index])
}

/// Something in a folder, with its identity.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it is. The size of a file is that of its object.
    pub entry: Entry,
    /// Equal ids mean equal bytes, or equal folders.
    pub id: ObjectId,
}

/// What the bytes of a file tell.
#[derive(Clone, Copy, Debug)]
pub struct Inside {
    /// Of the file, or of the file that it is a pointer to.
    pub sha256: [u8; 32],
    /// In bytes.
    pub size: u64,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects")
            .field("repository", &self.repository)
            .finish_non_exhaustive()
    }
}

impl Objects {
    /// The objects of `repository`.
    pub fn new(mut repository: gix::Repository) -> Self {
        repository.object_cache_size_if_unset(4 << 20);
        Self {
            repository,
            folders: Memory::new(FOLDERS),
            sizes: Memory::new(FILES),
            insides: Memory::new(FILES),
        }
    }

    /// The folder at `path` below the folder `root`, if it is there.
    pub fn folder(&self, root: ObjectId, path: &str) -> anyhow::Result<Option<ObjectId>> {
        let mut at = root;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let list = self.list(at)?;
            match named(&list, name) {
                Some(found) if found.entry.kind == EntryKind::Folder => at = found.id,
                _ => return Ok(None),
            }
        }
        Ok(Some(at))
    }

    /// What is in a folder, by name.
    pub fn list(&self, folder: ObjectId) -> anyhow::Result<Rc<[Found]>> {
        self.folders.get(folder, || self.read(folder))
    }

    fn read(&self, folder: ObjectId) -> anyhow::Result<Rc<[Found]>> {
        let tree = self.repository.find_tree(folder)?;
        let mut list = Vec::new();
        for entry in tree.iter() {
            let entry = entry?;
            let id = entry.object_id();
            list.push(Found {
                entry: Entry {
                    name: String::from_utf8(entry.filename().to_vec())?,
                    kind: self.kind(entry.mode().kind(), id)?,
                },
                id,
            });
        }
        list.sort_by(|a, b| a.entry.name.cmp(&b.entry.name)); // Git sorts folders as if their names ended in `/`.
        Ok(list.into())
    }

    fn kind(&self, mode: Mode, id: ObjectId) -> anyhow::Result<EntryKind> {
        let file = |executable| -> anyhow::Result<EntryKind> {
            let header = || Ok(self.repository.find_header(id)?.size());
            let size = self.sizes.get(id, header)?;
            Ok(EntryKind::File { size, executable })
        };
        Ok(match mode {
            Mode::Tree => EntryKind::Folder,
            Mode::Blob => file(false)?,
            Mode::BlobExecutable => file(true)?,
            Mode::Link => EntryKind::Link(String::from_utf8(self.bytes(id)?)?),
            Mode::Commit => EntryKind::Other, // A submodule: its files are in another repository.
        })
    }

    /// The bytes of a file.
    pub fn bytes(&self, file: ObjectId) -> anyhow::Result<Vec<u8>> {
        Ok(self.repository.find_blob(file)?.take_data())
    }

    /// What the bytes of a file tell.
    pub fn inside(&self, file: ObjectId) -> anyhow::Result<Inside> {
        self.insides.get(file, || self.look_into(file))
    }

    fn look_into(&self, file: ObjectId) -> anyhow::Result<Inside> {
        let bytes = self.bytes(file)?;
        let size = bytes.len() as u64;
        let pointer = (size <= Pointer::LONGEST)
            .then(|| Pointer::parse(&bytes))
            .flatten();
        Ok(match pointer {
            Some(pointer) => Inside {
                sha256: pointer.sha256,
                size: pointer.size,
            },
            None => Inside {
                sha256: Sha256::digest(&bytes).into(),
                size,
            },
        })
    }
}
