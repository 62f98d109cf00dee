//! The files of a folder that a stage reads: what its patterns choose of what `.dockerignore` leaves.

use std::collections::BTreeMap;

use dockerignore::{ParentMatches, PatternError, Patterns};
use layercake_planner::facts::{Beginning, FileFact, PathNeed};
use sha2::{Digest, Sha256};

use super::ignore_file::IgnoreFile;
use super::lookup::Stop;
use super::tree::{EntryKind, Tree, join};

/// The patterns of a need, compiled.
pub struct Filter {
    include: Patterns,
    exclude: Patterns,
    /// Folders outside of which no include pattern can match; none if there are no include patterns.
    within: Option<Vec<String>>,
}

/// Where a walk is.
struct Place {
    /// In the tree.
    path: String,
    /// Relative to the folder that is walked.
    name: String,
    ignored: ParentMatches,
    included: ParentMatches,
    excluded: ParentMatches,
    /// Whether the place itself is included, so that what lies in it is too.
    inside: bool,
}

impl Filter {
    /// Compiles the patterns of a need.
    pub fn new(need: &PathNeed) -> Result<Self, PatternError> {
        let within = need
            .include
            .iter()
            .map(|pattern| literal_folder(pattern).to_owned())
            .collect();
        Ok(Self {
            include: Patterns::from_lines(&need.include)?,
            exclude: Patterns::from_lines(&need.exclude)?,
            within: (!need.include.is_empty()).then_some(within),
        })
    }

    /// Whether a file below `folder` can be included.
    fn reaches(&self, folder: &str) -> bool {
        let overlaps = |within: &String| is_within(folder, within) || is_within(within, folder);
        self.within
            .as_ref()
            .is_none_or(|folders| folders.iter().any(overlaps))
    }
}

/// The files below `folder` that `filter` chooses, by path relative to it; only what no byte has to be read for.
pub async fn walk(
    tree: &impl Tree,
    ignore: &IgnoreFile,
    folder: &str,
    filter: &Filter,
) -> Result<BTreeMap<String, FileFact>, Stop> {
    let mut files = BTreeMap::new();
    let mut open = vec![Place {
        path: folder.to_owned(),
        name: String::new(),
        ignored: ignored_parents(ignore, folder),
        included: ParentMatches::default(),
        excluded: ParentMatches::default(),
        inside: filter.within.is_none(),
    }];
    while let Some(place) = open.pop() {
        for entry in tree.entries(&place.path).await? {
            let path = join(&place.path, &entry.name);
            let name = join(&place.name, &entry.name);
            let (left_out, ignored) = ignore.leaves_out(&path, &place.ignored);
            let (chosen, included) = filter
                .include
                .matches_using_parent_state(&name, &place.included);
            let (refused, excluded) = filter
                .exclude
                .matches_using_parent_state(&name, &place.excluded);
            let inside = filter.within.is_none() || chosen.matched;
            if entry.kind == EntryKind::Folder {
                let closed = left_out && ignore.leaves_out_all_of(&path)
                    || refused.matched && filter.exclude.can_skip_dir(&name)
                    || !inside && !place.inside && !filter.reaches(&name);
                if !closed {
                    open.push(Place {
                        path,
                        name,
                        ignored,
                        included,
                        excluded,
                        inside,
                    });
                }
            } else if inside && !left_out && !refused.matched {
                files.extend(fact(&entry.kind).map(|fact| (name, fact)));
            }
        }
    }
    Ok(files)
}

/// A file as far as its folder tells.
pub fn fact(kind: &EntryKind) -> Option<FileFact> {
    let file = |size, executable| FileFact {
        size,
        executable,
        digest: None,
        link: None,
        beginning: Beginning::default(),
    };
    match kind {
        EntryKind::File { size, executable } => Some(file(*size, *executable)),
        EntryKind::Link(target) => Some(FileFact {
            digest: Some(hex::encode(Sha256::digest(target))),
            link: Some(target.clone()),
            ..file(target.len() as u64, false)
        }),
        EntryKind::Folder | EntryKind::Other => None,
    }
}

/// What the ignore file says of a folder and its parents, for a walk that starts in it.
fn ignored_parents(ignore: &IgnoreFile, folder: &str) -> ParentMatches {
    let mut state = ParentMatches::default();
    if !folder.is_empty() {
        let ends = folder
            .match_indices('/')
            .map(|(end, _)| end)
            .chain([folder.len()]);
        for end in ends {
            state = ignore.leaves_out(&folder[..end], &state).1;
        }
    }
    state
}

/// The folder that a pattern names before its first wildcard; a pattern without any is taken whole.
pub fn literal_folder(pattern: &str) -> &str {
    let pattern = pattern
        .trim_start_matches('!')
        .trim_start_matches("./")
        .trim_matches('/');
    match pattern.find(['*', '?', '[', '\\']) {
        Some(wildcard) => pattern[..wildcard]
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder),
        None if pattern == "." => "",
        None => pattern,
    }
}

/// Whether `path` is `folder` or lies in it.
fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::literal_folder;

    #[test]
    fn patterns_name_folders_up_to_their_first_wildcard() {
        for (pattern, folder) in [
            ("src", "src"),
            ("./src/a.py", "src/a.py"),
            ("src/**/*.py", "src"),
            ("*.md", ""),
            ("a/b?/c", "a"),
            (".", ""),
        ] {
            assert_eq!(literal_folder(pattern), folder, "{pattern}");
        }
    }
}
