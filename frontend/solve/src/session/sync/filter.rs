//! Which files of a directory the daemon wants.

use super::follow;
use dockerignore::{ParentMatches, Patterns};
use std::path::Path;
use tonic::Status;

/// Patterns of what is sent and of what is not; without the first, everything is sent that the second leaves.
#[derive(Debug, Default)]
pub(super) struct Filter {
    include: Option<Patterns>,
    exclude: Option<Patterns>,
}

/// What matched a directory, for its children.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    include: ParentMatches,
    exclude: ParentMatches,
}

/// What the filter says of a path.
pub(super) struct Verdict {
    /// Whether it is sent.
    pub(super) sent: bool,
    /// Whether anything below it may be, if it is a directory.
    pub(super) enter: bool,
    /// For its children.
    pub(super) state: State,
}

impl Filter {
    /// Makes a filter of what the daemon said. Paths to follow become patterns, as do the targets of the links on them.
    pub(super) fn new(
        root: &Path,
        includes: Option<Vec<String>>,
        excludes: Option<Vec<String>>,
        follows: Option<Vec<String>>,
    ) -> Result<Self, Status> {
        let mut includes = includes.unwrap_or_default();
        if let Some(paths) = follows {
            let targets = follow::resolve(root, &paths).map_err(|(path, error)| {
                Status::failed_precondition(format!(
                    "{path} can't be followed: {error}; check its permissions"
                ))
            })?;
            includes.extend(targets);
            if includes.iter().any(|include| include == ".") {
                includes.clear();
            }
        }
        Ok(Self {
            include: patterns(includes)?,
            exclude: patterns(excludes.unwrap_or_default())?,
        })
    }

    /// Judges a path, given the state of its parent.
    pub(super) fn judge(&self, path: &str, parent: &State) -> Verdict {
        let mut verdict = Verdict {
            sent: true,
            enter: true,
            state: State::default(),
        };
        if let Some(include) = &self.include {
            let (matched, state) = include.matches_using_parent_state(path, &parent.include);
            verdict.sent &= matched.matched;
            verdict.enter &= matched.matched || include.reaches_into(path);
            verdict.state.include = state;
        }
        if let Some(exclude) = &self.exclude {
            let (matched, state) = exclude.matches_using_parent_state(path, &parent.exclude);
            verdict.sent &= !matched.matched;
            verdict.enter &= !matched.matched || !exclude.can_skip_dir(path);
            verdict.state.exclude = state;
        }
        verdict
    }
}

fn patterns(list: Vec<String>) -> Result<Option<Patterns>, Status> {
    if list.is_empty() {
        return Ok(None);
    }
    Patterns::from_lines(list)
        .map(Some)
        .map_err(|error| Status::invalid_argument(error.to_string()))
}
