//! Every file of the context, with the line that leaves it out if one does.

use dockerignore::ParentMatches;

use crate::facts::Context;
use crate::facts::tree::{EntryKind, Tree, TreeError, join};

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: String,
    /// Its size; of a link, that of its target's name.
    pub bytes: u64,
    /// Whether it is a symbolic link.
    pub link: bool,
    /// The line that leaves it out.
    pub ignored: Option<String>,
}

struct Place {
    path: String,
    state: ParentMatches,
    /// The line that leaves out all that is in it.
    line: Option<String>,
}

/// All files, in the order of their folders. A folder that cannot be read is an error only if it is not left out.
pub async fn walk(context: &Context<impl Tree>) -> anyhow::Result<Vec<Found>> {
    let mut files = Vec::new();
    let mut open = vec![Place {
        path: String::new(),
        state: ParentMatches::default(),
        line: None,
    }];
    while let Some(place) = open.pop() {
        let entries = match context.tree.entries(&place.path).await {
            Ok(entries) => entries,
            Err(TreeError::Unreadable(_)) if place.line.is_some() => continue,
            Err(error) => {
                return Err(
                    anyhow::Error::from(error).context(format!("cannot read {}", place.path))
                );
            }
        };
        for entry in entries {
            let path = join(&place.path, &entry.name);
            let (left_out, state) = match &place.line {
                Some(_) => (true, ParentMatches::default()),
                None => context.ignore.leaves_out(&path, &place.state),
            };
            let by = || {
                place
                    .line
                    .clone()
                    .or_else(|| context.ignore.line_against(&path))
            };
            let (size, link) = match entry.kind {
                EntryKind::Folder => {
                    let whole = left_out
                        && (place.line.is_some() || context.ignore.leaves_out_all_of(&path));
                    let line = if whole { by() } else { None };
                    open.push(Place { path, state, line });
                    continue;
                }
                EntryKind::File { size, .. } => (size, false),
                EntryKind::Link(target) => (target.len() as u64, true),
                EntryKind::Other => continue,
            };
            let ignored = left_out.then(by).flatten();
            files.push(Found {
                path,
                bytes: size,
                link,
                ignored,
            });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
