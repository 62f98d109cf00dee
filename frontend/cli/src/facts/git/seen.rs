//! What was looked at in a commit: as long as another commit answers the same, whatever was made of the answers is the
//! same too.

use std::collections::BTreeMap;

use gix::ObjectId;

use super::GitTree;
use super::objects::Found;
use crate::facts::tree::EntryKind;

/// The questions that were asked of a commit, with their answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What stood at a path, and its identity if that was asked.
    paths: BTreeMap<String, Option<(EntryKind, Option<ObjectId>)>>,
    /// The identity of what was in a folder.
    folders: BTreeMap<String, Option<ObjectId>>,
}

impl Seen {
    /// Notes what stood at a path. That something is a folder says nothing of what is in it.
    pub(super) fn kind(&mut self, path: &str, found: Option<&Found>) {
        let id = |found: &Found| (found.entry.kind != EntryKind::Folder).then_some(found.id);
        let answer = found.map(|found| (found.entry.kind.clone(), id(found)));
        self.paths.entry(path.to_owned()).or_insert(answer);
    }

    /// Notes what was in a folder.
    pub(super) fn folder(&mut self, path: &str, id: Option<ObjectId>) {
        self.folders.entry(path.to_owned()).or_insert(id);
    }

    /// Whether a commit would have answered the same.
    pub fn holds_in(&self, tree: &GitTree) -> anyhow::Result<bool> {
        let mut now = Self::default();
        for (path, id) in &self.folders {
            if tree.folder(path)? != *id {
                return Ok(false);
            }
        }
        for path in self.paths.keys() {
            now.kind(path, tree.at(path)?.as_ref());
        }
        Ok(now.paths == self.paths)
    }
}
