//! A text to a lock.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::Deserialize;
use thiserror::Error;

use super::{Environment, LOCK_VERSION, Lock, LockedBase, LockedFetch, Package, Tool};
use crate::source::{Lines, Span};

/// What to do about a lock that cannot be read.
pub const UNREADABLE: &str =
    "take the file as it was committed, or remove it and run `layercake lock`";

/// A text that is not a lock.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {message}")]
pub struct LockError {
    /// The line, from 1.
    pub line: usize,
    /// Where in the text it is.
    pub span: Span,
    /// What is wrong, a fragment.
    pub message: String,
}

/// What is read first: an unknown version explains every unknown key.
#[derive(Deserialize)]
struct Header {
    version: toml::Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "version")]
    _version: i64,
    tool: Option<Tool>,
    #[serde(default)]
    base: Vec<LockedBase>,
    #[serde(default)]
    fetch: Vec<LockedFetch>,
    #[serde(default)]
    environment: Vec<Environment>,
}

impl Lock {
    /// Reads a lock; what it holds comes out [sorted](Lock::sorted).
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let malformed = |error: toml::de::Error| {
            let span = error.span().unwrap_or_default();
            failure(text, span.start, span.end, error.message().to_owned())
        };
        let Header { version } = toml::from_str(text).map_err(malformed)?;
        if *version.get_ref() != LOCK_VERSION {
            let message = format!(
                "the lock has the format {}, and this layercake reads and writes {LOCK_VERSION}",
                version.get_ref()
            );
            return Err(failure(
                text,
                version.span().start,
                version.span().end,
                message,
            ));
        }
        let file: File = toml::from_str(text).map_err(malformed)?;
        let lock = Self {
            tool: file.tool,
            bases: file.base,
            fetches: file.fetch,
            environments: file.environment,
        };
        match repeated(&lock) {
            None => Ok(lock.sorted()),
            Some(message) => Err(failure(text, 0, 0, message)),
        }
    }
}

fn failure(text: &str, start: usize, end: usize, message: String) -> LockError {
    LockError {
        line: Lines::new(text).position(start).line,
        span: Span { start, end },
        message,
    }
}

/// What stands twice where one is meant: a merge of two branches, taken from both sides.
fn repeated(lock: &Lock) -> Option<String> {
    let bases = lock
        .bases
        .iter()
        .map(|base| (&base.reference, &base.platform));
    if let Some((reference, platform)) = twice(bases) {
        return Some(format!(
            "the base `{reference}` for {platform} is twice in it"
        ));
    }
    if let Some(url) = twice(lock.fetches.iter().map(|fetch| &fetch.url)) {
        return Some(format!("the fetch of `{url}` is twice in it"));
    }
    let environments = &lock.environments;
    if let Some((stage, platform)) =
        twice(environments.iter().map(|one| (&one.stage, &one.platform)))
    {
        return Some(format!(
            "the environment of stage `{stage}` for {platform} is twice in it"
        ));
    }
    environments.iter().find_map(|environment| {
        let packages = environment.packages.iter().map(name_of);
        let wheels = environment.wheels.iter().map(|wheel| wheel.name.as_str());
        let name = twice(packages).or_else(|| twice(wheels))?;
        Some(format!(
            "`{name}` is twice in the environment of stage `{}`",
            environment.stage
        ))
    })
}

fn name_of(package: &Package) -> &str {
    &package.name
}

fn twice<T: Ord + Copy + Debug>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    all.find(|one| !seen.insert(*one))
}
