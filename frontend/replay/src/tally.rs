//! Counting runs: what a build does runs if no earlier build has left its result.

use std::collections::HashSet;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The identity of a result: equal keys, equal results.
pub type Key = [u8; 32];

/// What a build finds of earlier builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// The results of all of them.
    #[default]
    All,
    /// Those of the build before alone.
    Last,
}

/// How often one thing ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// What it is: a stage's name, a step's text.
    pub name: String,
    /// In how many builds it was.
    pub builds: usize,
    /// In how many of them it ran, the first build that had it not counted.
    pub reruns: usize,
}

/// Counts runs over a history, in which rows are added as they appear.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    cache: Cache,
    rows: Vec<Row>,
    seen: HashSet<Key>,
    begun: HashSet<usize>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(cache: Cache) -> Self {
        Self {
            cache,
            ..Self::default()
        }
    }

    /// The rows, in the order in which they appeared.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Adds a row; what is returned names it.
    pub fn row(&mut self, name: impl Into<String>) -> usize {
        self.rows.push(Row {
            name: name.into(),
            ..Row::default()
        });
        self.rows.len() - 1
    }

    /// Gives a row another name: what it is called now.
    pub fn rename(&mut self, row: usize, name: impl Into<String>) {
        self.rows[row].name = name.into();
    }

    /// Counts one build, which does these things with these keys, and returns the rows that ran again. What appears for
    /// the first time runs too, but nothing could have spared it, so it is not counted.
    pub fn build(&mut self, work: &[(usize, Key)]) -> Vec<usize> {
        let mut ran = Vec::new();
        for (row, key) in work {
            self.rows[*row].builds += 1;
            let first = self.begun.insert(*row);
            if !first && !self.seen.contains(key) {
                self.rows[*row].reruns += 1;
                ran.push(*row);
            }
        }
        if self.cache == Cache::Last {
            self.seen.clear();
        }
        self.seen.extend(work.iter().map(|(_, key)| *key));
        ran
    }
}

/// A hash over parts, each told from the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hash(Sha256);

impl Hash {
    pub(crate) fn new(kind: &str) -> Self {
        Self::default().and(kind)
    }

    pub(crate) fn and(mut self, part: impl AsRef<[u8]>) -> Self {
        self.add(part);
        self
    }

    pub(crate) fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    pub(crate) fn key(self) -> Key {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(cache: Cache, history: &[u8]) -> usize {
        let mut tally = Tally::new(cache);
        let row = tally.row("a");
        for key in history {
            tally.build(&[(row, [*key; 32])]);
        }
        tally.rows()[row].reruns
    }

    #[test]
    fn what_was_built_before_does_not_run_again() {
        assert_eq!(runs(Cache::All, &[1, 1, 1]), 0);
        assert_eq!(runs(Cache::All, &[1, 2, 2, 3]), 2);
        assert_eq!(
            runs(Cache::All, &[1, 2, 1]),
            1,
            "a revert finds the first result"
        );
        assert_eq!(
            runs(Cache::Last, &[1, 2, 1]),
            2,
            "unless only the last build is kept"
        );
    }

    #[test]
    fn a_row_that_appears_late_begins_with_a_run_that_does_not_count() {
        let mut tally = Tally::default();
        let (a, b) = (tally.row("a"), tally.row("b"));
        assert!(tally.build(&[(a, [1; 32])]).is_empty());
        assert!(tally.build(&[(a, [1; 32]), (b, [2; 32])]).is_empty());
        assert_eq!(tally.build(&[(a, [3; 32]), (b, [4; 32])]), [a, b]);
        assert_eq!(
            tally
                .rows()
                .iter()
                .map(|row| row.builds)
                .collect::<Vec<_>>(),
            [3, 2]
        );
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(
            Hash::new("a").and("bc").key(),
            Hash::new("ab").and("c").key()
        );
    }
}
