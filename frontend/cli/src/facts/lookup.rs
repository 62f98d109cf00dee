//! From a path as the file names it to what stands there: through symbolic links, but never out of the context.

use std::collections::VecDeque;

use layercake_planner::facts::PathFact;

use super::ignore_file::IgnoreFile;
use super::similar::similar;
use super::tree::{Entry, EntryKind, Tree, TreeError, join};

/// As many links as Linux follows before it gives up.
const MOST_LINKS: usize = 40;

/// What stands at a path.
#[derive(Debug)]
pub struct Located {
    /// The path without symbolic links in it.
    pub path: String,
    /// What is there: a file or a folder.
    pub kind: EntryKind,
}

/// Why nothing usable stands at a path.
#[derive(Debug)]
pub enum Stop {
    /// What is to be told of the path.
    Fact(PathFact),
    /// Nothing can be told.
    Lost(anyhow::Error),
}

impl From<TreeError> for Stop {
    fn from(error: TreeError) -> Self {
        match error {
            TreeError::Unreadable(problem) => Self::Fact(PathFact::Unreadable(problem)),
            TreeError::Lost(error) => Self::Lost(error),
        }
    }
}

/// Follows `path` to the file or folder that it leads to.
pub async fn locate(tree: &impl Tree, ignore: &IgnoreFile, path: &str) -> Result<Located, Stop> {
    let mut open: VecDeque<String> = path.split('/').map(str::to_owned).collect();
    let mut at = Located {
        path: String::new(),
        kind: EntryKind::Folder,
    };
    let mut links = 0;
    while let Some(name) = open.pop_front() {
        match name.as_str() {
            "" | "." => continue,
            ".." if at.path.is_empty() => return Err(Stop::Fact(PathFact::Escapes("..".into()))),
            ".." => {
                at = Located {
                    path: parent(&at.path).to_owned(),
                    kind: EntryKind::Folder,
                };
                continue;
            }
            _ => {}
        }
        if at.kind != EntryKind::Folder {
            return Err(Stop::Fact(PathFact::Missing(Vec::new())));
        }
        let next = join(&at.path, &name);
        match find(tree, ignore, &at.path, &name).await? {
            EntryKind::Link(target) => {
                links += 1;
                follow(&at.path, &target, links)?;
                for part in target.split('/').rev() {
                    open.push_front(part.to_owned());
                }
            }
            kind => at = Located { path: next, kind },
        }
    }
    match at.kind {
        EntryKind::Other => Err(unreadable("it is neither a file nor a folder")),
        _ => Ok(at),
    }
}

/// What `name` is in `folder`; a file or link that is left out of the context is as good as none.
async fn find(
    tree: &impl Tree,
    ignore: &IgnoreFile,
    folder: &str,
    name: &str,
) -> Result<EntryKind, Stop> {
    let path = join(folder, name);
    let kind = tree.entry(folder, name).await?;
    match (kind, ignore.line_against(&path)) {
        (Some(EntryKind::Folder), _) => Ok(EntryKind::Folder), // An exception may take back what is in it.
        (_, Some(line)) => Err(Stop::Fact(PathFact::Ignored(line))),
        (Some(kind), None) => Ok(kind),
        (None, None) => {
            let entries = tree.entries(folder).await?;
            Err(Stop::Fact(PathFact::Missing(near(folder, name, &entries))))
        }
    }
}

fn near(folder: &str, name: &str, entries: &[Entry]) -> Vec<String> {
    let names = entries.iter().map(|entry| entry.name.as_str());
    similar(name, names)
        .into_iter()
        .map(|name| join(folder, name))
        .collect()
}

/// Refuses a link that leads out of the context, or in a circle.
fn follow(folder: &str, target: &str, links: usize) -> Result<(), Stop> {
    if links > MOST_LINKS {
        return Err(unreadable("its symbolic links go in a circle"));
    }
    if target.starts_with('/') || climbs_out(folder, target) {
        return Err(Stop::Fact(PathFact::Escapes(target.to_owned())));
    }
    Ok(())
}

fn climbs_out(folder: &str, target: &str) -> bool {
    let mut depth = folder.split('/').filter(|part| !part.is_empty()).count();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn unreadable(problem: &str) -> Stop {
    Stop::Fact(PathFact::Unreadable(problem.to_owned()))
}
