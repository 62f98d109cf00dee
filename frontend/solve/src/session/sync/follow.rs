//! Paths to follow: each becomes the patterns that select it and whatever the links on the way to it lead to.

use dockerignore::Patterns;
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The patterns for the paths, sorted, none below another. A link to an absolute path stays inside the directory, as
/// does one that climbs out of it. `.` among them stands for everything.
pub(super) fn resolve(root: &Path, paths: &[String]) -> Result<Vec<String>, (String, io::Error)> {
    let mut resolver = Resolver {
        root,
        found: BTreeSet::new(),
    };
    for path in paths {
        resolver
            .follow(&inside(path))
            .map_err(|error| (path.clone(), error))?;
    }
    Ok(without_children(resolver.found))
}

struct Resolver<'r> {
    root: &'r Path,
    found: BTreeSet<String>,
}

impl Resolver<'_> {
    /// Goes along the path part by part. The first part that is a link ends it: the rest is looked for where it leads.
    fn follow(&mut self, path: &str) -> io::Result<()> {
        let mut current = String::new();
        let mut rest = path;
        loop {
            let (part, after) = rest.split_once('/').unwrap_or((rest, ""));
            current = join(&current, part);
            rest = after;
            let targets = self.targets(&current)?;
            if (rest.is_empty() || !targets.is_empty()) && !self.found.insert(current.clone()) {
                return Ok(());
            }
            if !targets.is_empty() {
                return targets
                    .iter()
                    .try_for_each(|target| self.follow(&inside(&join(target, rest))));
            }
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// Where a path leads if it is a link, or the paths if its last part is a wildcard that matches links.
    fn targets(&self, path: &str) -> io::Result<Vec<String>> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !has_wildcard(name) {
            return Ok(self.target(path)?.into_iter().collect());
        }
        // A name that begins with `!` is a name here, not an exception.
        let line = if name.starts_with('!') {
            format!("\\{name}")
        } else {
            name.to_owned()
        };
        let Ok(pattern) = Patterns::from_lines([line]) else {
            return Ok(Vec::new());
        };
        let mut targets = Vec::new();
        for entry in none_if_missing(std::fs::read_dir(self.root.join(parent)))?
            .into_iter()
            .flatten()
        {
            if let Some(name) = entry?
                .file_name()
                .to_str()
                .filter(|name| pattern.matches(name).matched)
            {
                targets.extend(self.target(&join(parent, name))?);
            }
        }
        Ok(targets)
    }

    fn target(&self, path: &str) -> io::Result<Option<String>> {
        let full = self.root.join(path);
        let metadata = none_if_missing(full.symlink_metadata())?;
        if !metadata.is_some_and(|metadata| metadata.is_symlink()) {
            return Ok(None);
        }
        let link = std::fs::read_link(full)?;
        let Some(link) = link.to_str() else {
            return Ok(None);
        };
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        Ok(Some(if link.starts_with('/') {
            inside(link)
        } else {
            inside(&join(parent, link))
        }))
    }
}

fn none_if_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn has_wildcard(name: &str) -> bool {
    let mut characters = name.chars();
    while let Some(next) = characters.next() {
        match next {
            '\\' => drop(characters.next()),
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}

fn join(parent: &str, child: &str) -> String {
    match (parent, child) {
        ("" | ".", child) => child.to_owned(),
        (parent, "") => parent.to_owned(),
        (parent, child) => format!("{parent}/{child}"),
    }
}

/// The path from the root of the directory, without `.`, `..` and a leading slash; `.` for the root itself.
fn inside(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

fn without_children(sorted: BTreeSet<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for path in sorted {
        let below = |last: &String| {
            path.strip_prefix(last.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        };
        if !kept.last().is_some_and(below) {
            kept.push(path);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::resolve;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a directory");
        let at = |path: &str| root.path().join(path);
        std::fs::create_dir_all(at("real/deep")).expect("directories");
        std::fs::write(at("real/deep/file"), "").expect("a file");
        std::fs::write(at("plain"), "").expect("a file");
        for (link, target) in [
            ("up", "../../real"),
            ("absolute", "/real/deep"),
            ("real/sideways", "deep/file"),
            ("loop-a", "loop-b"),
            ("loop-b", "loop-a"),
            ("everything", "."),
        ] {
            symlink(target, at(link)).expect("a link");
        }
        root
    }

    #[track_caller]
    fn check(root: &Path, paths: &[&str], expect: &[&str]) {
        let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(resolve(root, &paths).expect("paths"), expect, "{paths:?}");
    }

    #[test]
    fn links_add_what_they_lead_to() {
        let root = tree();
        let root = root.path();
        check(root, &["plain", "missing/file"], &["missing/file", "plain"]);
        check(root, &["up/deep/file"], &["real/deep/file", "up"]);
        check(root, &["absolute/file"], &["absolute", "real/deep/file"]);
        check(
            root,
            &["real/sideways"],
            &["real/deep/file", "real/sideways"],
        );
        check(root, &["/plain", "./plain"], &["plain"]);
        check(root, &["../plain"], &["plain"]);
        check(root, &["loop-a"], &["loop-a", "loop-b"]);
        check(root, &["everything"], &[".", "everything"]);
    }

    #[test]
    fn wildcards_match_links_and_stay_patterns() {
        let root = tree();
        let root = root.path();
        check(root, &["a*"], &["a*", "real/deep"]);
        check(root, &["real/*"], &["real/*", "real/deep/file"]);
        check(root, &["nowhere/*"], &["nowhere/*"]);
        check(root, &["pl[a-z]in"], &["pl[a-z]in"]);
    }

    #[test]
    fn what_lies_below_another_is_dropped() {
        let root = tree();
        check(
            root.path(),
            &["real", "real/deep", "realm"],
            &["real", "realm"],
        );
    }
}
