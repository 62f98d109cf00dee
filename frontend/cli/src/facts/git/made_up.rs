//! Repositories made for tests, object by object.

use std::collections::BTreeMap;
use std::path::Path;

use gix::ObjectId;
use gix::objs::tree::{Entry, EntryKind};

/// The files of a commit: path, content, kind.
pub type Files<'f> = [(&'f str, &'f str, EntryKind)];

/// A repository in a folder that is removed with it.
pub struct Repository {
    folder: tempfile::TempDir,
    git: gix::Repository,
    head: Option<ObjectId>,
}

impl Repository {
    /// An empty one.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let git = gix::init(folder.path()).unwrap();
        Self {
            folder,
            git,
            head: None,
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Commits these files, and no others.
    pub fn commit(&mut self, subject: &str, files: &Files<'_>) -> ObjectId {
        let mut blobs = BTreeMap::new();
        for (path, content, kind) in files {
            let id = self.git.write_blob(content.as_bytes()).unwrap().detach();
            blobs.insert((*path).to_owned(), (id, *kind));
        }
        let tree = self.tree(&blobs);
        let who = gix::actor::SignatureRef {
            name: "a".into(),
            email: "a@b".into(),
            time: "1700000000 +0000",
        };
        let commit = self
            .git
            .commit_as(who, who, "HEAD", subject, tree, self.head)
            .unwrap();
        self.head = Some(commit.detach());
        commit.detach()
    }

    fn tree(&self, blobs: &BTreeMap<String, (ObjectId, EntryKind)>) -> ObjectId {
        let mut below: BTreeMap<&str, BTreeMap<String, (ObjectId, EntryKind)>> = BTreeMap::new();
        let mut entries = Vec::new();
        for (path, (id, kind)) in blobs {
            match path.split_once('/') {
                Some((folder, rest)) => {
                    below
                        .entry(folder)
                        .or_default()
                        .insert(rest.to_owned(), (*id, *kind));
                }
                None => entries.push(Entry {
                    mode: (*kind).into(),
                    filename: path.as_str().into(),
                    oid: *id,
                }),
            }
        }
        for (folder, blobs) in below {
            entries.push(Entry {
                mode: EntryKind::Tree.into(),
                filename: folder.into(),
                oid: self.tree(&blobs),
            });
        }
        entries.sort();
        self.git
            .write_object(gix::objs::Tree { entries })
            .unwrap()
            .detach()
    }
}
