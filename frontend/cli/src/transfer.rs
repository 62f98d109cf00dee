//! The one transfer of a client's folder: only what is needed of it, and of that only what changed.

use std::collections::BTreeSet;

use buildkit_llb::{Annotate, LlbError, Output, Source};
use layercake_planner::facts::PathNeed;

use crate::facts::literal_folder;
use crate::facts::tree::join;

/// A folder that a client's session lends.
#[derive(Clone, Debug)]
pub struct LocalFolder {
    /// The name by which the session knows it.
    pub name: String,
    /// The session.
    pub session: String,
    /// What ties its transfers together.
    pub shared_key_hint: String,
}

impl LocalFolder {
    /// The files at `paths`, without those that `exclude` matches; the empty path is everything.
    pub fn output(&self, paths: &BTreeSet<String>, exclude: &[String]) -> Result<Output, LlbError> {
        let what = match paths.first() {
            Some(only) if paths.len() == 1 && !only.is_empty() => only,
            _ => "files",
        };
        let everything = paths.contains("");
        Source::local(&self.name)
            .session_id(&self.session)
            .shared_key_hint(&self.shared_key_hint)
            .exclude(exclude)
            .follow_paths(paths.iter().filter(|_| !everything).cloned())
            .named(format!("[internal] load {what} of the {}", self.name))
            .build()
    }
}

/// The paths that have to be sent for a need.
pub fn paths_of(need: &PathNeed) -> Vec<String> {
    if need.include.is_empty() {
        return vec![need.path.clone()];
    }
    let below = need
        .include
        .iter()
        .map(|pattern| join(&need.path, literal_folder(pattern)));
    below
        .map(|path| path.trim_end_matches('/').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, include: &[&str], expect: &[&str]) {
        let include = include
            .iter()
            .map(|pattern| (*pattern).to_owned())
            .collect();
        assert_eq!(
            paths_of(&PathNeed {
                path: path.into(),
                include,
                exclude: Vec::new()
            }),
            expect
        );
    }

    #[test]
    fn patterns_are_sent_as_the_folders_that_they_name() {
        check("a", &[], &["a"]);
        check("", &[], &[""]);
        check("a", &["src", "*.toml", "x/**/y"], &["a/src", "a", "a/x"]);
        check("", &["src", "**"], &["src", ""]);
    }

    #[test]
    fn everything_is_sent_without_a_list() {
        let folder = LocalFolder {
            name: "context".into(),
            session: "s".into(),
            shared_key_hint: "c".into(),
        };
        let all = folder
            .output(&[String::new(), "a".to_owned()].into(), &[])
            .unwrap();
        assert_eq!(all, folder.output(&BTreeSet::new(), &[]).unwrap());
        assert_ne!(all, folder.output(&["a".to_owned()].into(), &[]).unwrap());
    }
}
