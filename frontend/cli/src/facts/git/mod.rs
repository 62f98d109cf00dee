//! A commit as a [`Tree`]: its files are read from git's objects, without a checkout and without a git program.
//!
//! A file that git-lfs keeps elsewhere is in git as a pointer, which names the digest and the size of the file. So the
//! pointer is told as the file that it stands for: the keys are those of a checkout with `git lfs pull`.

mod lfs;
#[cfg(test)]
pub mod made_up;
mod objects;
mod seen;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context as _, anyhow};
use gix::ObjectId;
use layercake_planner::facts::{FileFact, Needs};

use super::ignore_file::IgnoreFile;
use super::tree::{Entry, EntryKind, Tree, TreeError, join};
pub use objects::Found;
use objects::Objects;
pub use seen::Seen;

/// The history of the repository that a folder belongs to.
#[derive(Clone, Debug)]
pub struct History {
    objects: Rc<Objects>,
    /// The folder within the repository; empty is the repository's root.
    prefix: String,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// When it was committed, in seconds since 1970.
    pub seconds: i64,
    /// The first line of its message.
    pub subject: String,
    tree: ObjectId,
}

/// The files of a commit below the folder of its [`History`].
#[derive(Clone, Debug)]
pub struct GitTree {
    objects: Rc<Objects>,
    /// None if the commit has no such folder.
    root: Option<ObjectId>,
    /// What was looked at; clones share it.
    seen: Rc<RefCell<Seen>>,
}

impl History {
    /// Finds the repository of `folder`.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let folder = fs::canonicalize(folder)
            .with_context(|| format!("the folder {} cannot be read", folder.display()))?;
        let repository = gix::discover(&folder)
            .with_context(|| format!("{} is in no git repository", folder.display()))?;
        let top = repository.workdir().map(Path::to_owned);
        let top: PathBuf = top
            .and_then(|top| fs::canonicalize(top).ok())
            .unwrap_or_default();
        let prefix = folder.strip_prefix(&top).unwrap_or(Path::new(""));
        let prefix = prefix
            .to_str()
            .ok_or_else(|| anyhow!("the name of {} is not UTF-8", folder.display()))?
            .to_owned();
        Ok(Self {
            objects: Rc::new(Objects::new(repository)),
            prefix,
        })
    }

    /// The commit that a revision names: a branch, a tag, an id, `HEAD~3`.
    pub fn commit(&self, revision: &str) -> anyhow::Result<Commit> {
        let id = self
            .objects
            .repository
            .rev_parse_single(revision)
            .with_context(|| format!("the history has no revision `{revision}`"))?;
        let commit = id
            .object()
            .and_then(gix::Object::peel_to_commit)
            .with_context(|| format!("the revision `{revision}` is no commit"))?;
        self.read(commit.id)
    }

    /// The commit and what it was made from, newest first, going back by the first parent of each: what a branch was
    /// at each moment.
    pub fn line(&self, from: &Commit) -> impl Iterator<Item = anyhow::Result<Commit>> {
        let mut next = Some(from.id);
        std::iter::from_fn(move || {
            let id = next.take()?;
            let read = self.read(id).and_then(|commit| {
                let found = self.objects.repository.find_commit(id)?;
                next = found.parent_ids().next().map(gix::Id::detach);
                // A shallow clone names parents that it does not have.
                next = next.filter(|parent| self.objects.repository.has_object(parent));
                Ok(commit)
            });
            Some(read)
        })
    }

    fn read(&self, id: ObjectId) -> anyhow::Result<Commit> {
        let commit = self.objects.repository.find_commit(id)?;
        let message = commit.message_raw_sloppy().to_string();
        Ok(Commit {
            id,
            seconds: commit.time()?.seconds,
            subject: message.lines().next().unwrap_or_default().to_owned(),
            tree: commit.tree_id()?.detach(),
        })
    }

    /// The files of a commit.
    pub fn tree(&self, commit: &Commit) -> anyhow::Result<GitTree> {
        let root = self.objects.folder(commit.tree, &self.prefix)?;
        Ok(GitTree {
            objects: Rc::clone(&self.objects),
            root,
            seen: Rc::default(),
        })
    }
}

impl GitTree {
    /// The same files, of which nothing was looked at yet.
    #[must_use]
    pub fn unseen(&self) -> Self {
        Self {
            seen: Rc::default(),
            ..self.clone()
        }
    }

    /// What was looked at.
    pub fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// The ignore file that counts for `file`, as a build of this commit would find it.
    pub fn ignore_file(&self, file: &str) -> anyhow::Result<IgnoreFile> {
        for name in IgnoreFile::names(file) {
            if let Some(text) = self.text(&name)? {
                return Ok(IgnoreFile::parse(&name, &text)?);
            }
        }
        Ok(IgnoreFile::default())
    }

    /// The text of a file that is there.
    pub fn text(&self, file: &str) -> anyhow::Result<Option<String>> {
        let Some(bytes) = self.bytes(file)? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes).map_err(|_| anyhow!("{file} is not UTF-8 text"))?;
        Ok(Some(text))
    }

    fn bytes(&self, file: &str) -> anyhow::Result<Option<Vec<u8>>> {
        match self.find(file)? {
            Some(found) if matches!(found.entry.kind, EntryKind::File { .. }) => {
                Ok(Some(self.objects.bytes(found.id)?))
            }
            _ => Ok(None),
        }
    }

    /// What stands at a path. Of a folder only that it is one; [`list`](Self::list) tells what is in it.
    pub fn find(&self, path: &str) -> anyhow::Result<Option<Found>> {
        let found = self.at(path)?;
        self.seen.borrow_mut().kind(path, found.as_ref());
        Ok(found)
    }

    /// What is in a folder, by name; nothing if it is not there.
    pub fn list(&self, folder: &str) -> anyhow::Result<Rc<[Found]>> {
        let id = self.folder(folder)?;
        self.seen.borrow_mut().folder(folder, id);
        match id {
            Some(id) => self.objects.list(id),
            None => Ok(Rc::new([])),
        }
    }

    fn at(&self, path: &str) -> anyhow::Result<Option<Found>> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(above) = self.folder(above)? else {
            return Ok(None);
        };
        let list = self.objects.list(above)?;
        Ok(objects::named(&list, name).cloned())
    }

    fn folder(&self, path: &str) -> anyhow::Result<Option<ObjectId>> {
        match self.root {
            Some(root) => self.objects.folder(root, path),
            None => Ok(None),
        }
    }
}

impl Tree for GitTree {
    async fn prepare(&mut self, _: &Needs) -> anyhow::Result<()> {
        Ok(())
    }

    async fn entries(&self, folder: &str) -> Result<Vec<Entry>, TreeError> {
        let list = self.list(folder)?;
        Ok(list.iter().map(|found| found.entry.clone()).collect())
    }

    async fn entry(&self, folder: &str, name: &str) -> Result<Option<EntryKind>, TreeError> {
        Ok(self
            .find(&join(folder, name))?
            .map(|found| found.entry.kind))
    }

    async fn read(&self, file: &str) -> Result<Vec<u8>, TreeError> {
        let bytes = self.bytes(file)?;
        bytes.ok_or_else(|| TreeError::Unreadable("it is not in the commit".into()))
    }

    async fn look_into(&mut self, _: &[&str]) -> anyhow::Result<()> {
        Ok(())
    }

    async fn inspect(&self, path: &str, file: &mut FileFact) -> Result<(), TreeError> {
        if let Some(found) = self.find(path)? {
            let inside = self.objects.inside(found.id)?;
            file.digest = Some(hex::encode(inside.sha256));
            file.size = inside.size;
        }
        Ok(())
    }
}
