//! What a copy takes of the context, as one key: names, contents and executable bits, but neither times nor owners.
//!
//! The key of a folder is remembered by the folder's own identity, so a folder that did not change from one commit to
//! the next is not entered again.

use std::collections::HashMap;

use dockerignore::{ParentMatches, PatternError, Patterns};

use crate::files::{Entry, Files, Kind};
use crate::tally::{Hash, Key};

/// The most folders that are remembered; then all are forgotten.
const MOST: usize = 1 << 16;

/// What is known of folders, from commit to commit.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// By the folder's identity, its path and the text of the ignore file.
    folders: HashMap<(String, String, Key), Option<Key>>,
}

/// The context of one build: the files of a commit without what its ignore file leaves out.
#[derive(Debug)]
pub struct Content<'c, F> {
    files: &'c F,
    memory: &'c mut Memory,
    patterns: Patterns,
    ignore: Key,
}

/// What a source of a copy leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Something, with this key.
    Found(Key),
    /// Nothing.
    Missing,
    /// Something that the ignore file leaves out.
    Ignored,
}

impl<'c, F: Files> Content<'c, F> {
    /// The files of a commit, and the text of the ignore file that counts.
    ///
    /// # Errors
    /// A pattern that cannot be used.
    pub fn new(files: &'c F, ignore: &str, memory: &'c mut Memory) -> Result<Self, PatternError> {
        let patterns = Patterns::parse(ignore)?;
        Ok(Self {
            files,
            memory,
            patterns,
            ignore: Hash::new(ignore).key(),
        })
    }

    /// What stands at `path`, in which `*`, `?` and `[` stand for other names.
    ///
    /// # Errors
    /// Why the history cannot be read.
    pub fn source(&mut self, path: &str) -> Result<Source, String> {
        let parts: Vec<&str> = path
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        let literal = parts
            .iter()
            .take_while(|part| !part.contains(['*', '?', '[', '\\']));
        let (literal, rest) = parts.split_at(literal.count());
        let wild = rest.iter().any(|part| part.contains(['*', '?', '[']));
        let mut found = self.literal(literal.join("/"))?;
        for part in rest {
            found = self.step(&found, part)?;
        }
        let mut hash = Hash::new("source");
        let (mut any, mut ignored) = (false, false);
        for (path, entry) in found {
            match self.one(&path, entry.as_ref())? {
                Some(key) => {
                    any = true;
                    hash.add(key);
                }
                None => ignored = true,
            }
        }
        Ok(match (any || wild, ignored) {
            (true, _) => Source::Found(hash.key()), // A pattern that matches nothing copies nothing.
            (false, true) => Source::Ignored,
            (false, false) => Source::Missing,
        })
    }

    /// What stands at a path that has no pattern in it.
    fn literal(&self, path: String) -> Result<Vec<(String, Option<Entry>)>, String> {
        if path.is_empty() {
            return Ok(vec![(path, None)]);
        }
        let found = self.files.find(&path)?;
        Ok(found.map(|entry| (path, Some(entry))).into_iter().collect())
    }

    /// What `part` names in each of the folders that were found.
    fn step(
        &self,
        folders: &[(String, Option<Entry>)],
        part: &str,
    ) -> Result<Vec<(String, Option<Entry>)>, String> {
        let pattern = Patterns::from_lines([part]).map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        for (folder, _) in folders
            .iter()
            .filter(|(_, entry)| is_folder(entry.as_ref()))
        {
            for entry in self.files.list(folder)? {
                if entry.name == part || pattern.matches(&entry.name).matched {
                    found.push((join(folder, &entry.name), Some(entry)));
                }
            }
        }
        Ok(found)
    }

    /// The key of one source. A file is known by its name; of a folder only what is in it is copied.
    fn one(&mut self, path: &str, entry: Option<&Entry>) -> Result<Option<Key>, String> {
        let name = path.rsplit('/').next().unwrap_or_default();
        match entry {
            Some(entry) if entry.kind != Kind::Folder => {
                Ok((!self.patterns.matches(path).matched).then(|| leaf(name, entry)))
            }
            _ => {
                let state = self.parents(path);
                let id = entry.map_or("", |entry| &entry.id);
                let inside = self.folder(path, id, &state)?;
                let left_out = self.patterns.matches(path).matched;
                Ok(match inside {
                    None if left_out => None,
                    inside => Some(Hash::new("folder").and(inside.unwrap_or_default()).key()),
                })
            }
        }
    }

    /// The key of what is in a folder; none if nothing is left of it.
    fn folder(
        &mut self,
        path: &str,
        id: &str,
        state: &ParentMatches,
    ) -> Result<Option<Key>, String> {
        let at = (id.to_owned(), path.to_owned(), self.ignore);
        if !id.is_empty()
            && let Some(known) = self.memory.folders.get(&at)
        {
            return Ok(*known);
        }
        let mut hash = Hash::new("in");
        let mut any = false;
        for entry in self.files.list(path)? {
            let below = join(path, &entry.name);
            let (found, state) = self.patterns.matches_using_parent_state(&below, state);
            let key = match entry.kind {
                Kind::Folder if found.matched && self.patterns.can_skip_dir(&below) => None,
                Kind::Folder => {
                    let inside = self.folder(&below, &entry.id, &state)?;
                    let there = inside.is_some() || !found.matched;
                    there.then(|| Hash::new(&entry.name).and(inside.unwrap_or_default()).key())
                }
                _ if found.matched => None,
                _ => Some(leaf(&entry.name, &entry)),
            };
            if let Some(key) = key {
                any = true;
                hash.add(key);
            }
        }
        let key = any.then(|| hash.key());
        if !id.is_empty() {
            if self.memory.folders.len() >= MOST {
                self.memory.folders.clear();
            }
            self.memory.folders.insert(at, key);
        }
        Ok(key)
    }

    /// What the ignore file says of a folder and its parents.
    fn parents(&self, folder: &str) -> ParentMatches {
        let mut state = ParentMatches::default();
        let ends = folder
            .match_indices('/')
            .map(|(end, _)| end)
            .chain([folder.len()]);
        for end in ends.filter(|end| *end > 0) {
            state = self
                .patterns
                .matches_using_parent_state(&folder[..end], &state)
                .1;
        }
        state
    }
}

fn is_folder(entry: Option<&Entry>) -> bool {
    entry.is_none_or(|entry| entry.kind == Kind::Folder)
}

fn leaf(name: &str, entry: &Entry) -> Key {
    let kind = match entry.kind {
        Kind::File { executable: true } => "executable",
        Kind::File { executable: false } => "file",
        Kind::Link => "link",
        Kind::Folder => "folder",
    };
    Hash::new(kind).and(name).and(&entry.id).key()
}

pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
