//! What becomes of each file of the context: left out by a line of the ignore file, sent or not, read or not.

#[cfg(test)]
mod tests;
pub mod text;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use layercake_planner::facts::{Beginning, FileFact, PathFact};
use layercake_planner::model::Input;
use layercake_planner::plan::{Plan, Stage};
use serde::Serialize;

use crate::facts::Context;
use crate::facts::tree::{Tree, TreeError, join};
use crate::transfer::paths_of;
use walk::{Found, walk};

/// The version of the form.
const VERSION: u32 = 1;
/// No git-lfs pointer is larger.
const LARGEST_POINTER: u64 = 1024;

/// What becomes of the files of the context.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Survey {
    /// The version of this form: 1.
    pub version: u32,
    /// The folder with all that is in it.
    pub whole: Size,
    /// What the ignore file leaves of it.
    pub kept: Size,
    /// What a build of all the services asked for has sent. A file that the daemon has already is not sent again.
    pub sent: Size,
    /// What their stages read of it.
    pub read: Size,
    /// The same by service.
    pub services: Vec<ServiceFiles>,
    /// What is left out, by the line that does it.
    pub ignored: Vec<Ignored>,
    /// Files that are sent, the largest first.
    pub largest: Vec<Sized>,
    /// Files that nothing leaves out and no stage reads, the largest first.
    pub unread: Vec<Sized>,
    /// Files that are not left out and have the same bytes.
    pub twice: Vec<Twice>,
    /// git-lfs pointers that stand where a file should; `git lfs pull` brings the files.
    pub pointers: Vec<String>,
}

/// A number of files and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    /// How many.
    pub files: usize,
    /// How large.
    pub bytes: u64,
}

/// What is sent for a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceFiles {
    /// Its name.
    pub service: String,
    /// What a build of it alone has sent.
    pub sent: Size,
    /// What its stages read of that.
    pub read: Size,
}

/// What a line of the ignore file leaves out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ignored {
    /// The line: "`*.md`, line 3 of .dockerignore".
    pub line: String,
    /// What it leaves out.
    #[serde(flatten)]
    pub size: Size,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sized {
    /// Where it is.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

/// Files with the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Twice {
    /// The size of each.
    pub bytes: u64,
    /// Where they are.
    pub paths: Vec<String>,
}

impl Size {
    fn of<'f>(files: impl Iterator<Item = &'f Found>) -> Self {
        files.fold(Self::default(), |size, file| Self {
            files: size.files + 1,
            bytes: size.bytes + file.bytes,
        })
    }
}

/// Looks at every file of the context.
pub async fn survey(plan: &Plan, context: &mut Context<impl Tree>) -> anyhow::Result<Survey> {
    let files = walk(context).await?;
    let kept: Vec<&Found> = files.iter().filter(|file| file.ignored.is_none()).collect();
    let all = |_: &Stage| true;
    let (sent_paths, read_paths) = (sent(plan, all), read(plan, all));
    let is_sent = |file: &&&Found| covers(&sent_paths, &file.path);
    let is_read = |file: &&&Found| read_paths.contains(&file.path);
    let services = plan.services.iter().map(|service| {
        let of = |stage: &Stage| stage.services.contains(&service.name);
        let (sent, read) = (sent(plan, of), read(plan, of));
        ServiceFiles {
            service: service.name.clone(),
            sent: Size::of(
                kept.iter()
                    .copied()
                    .filter(|file| covers(&sent, &file.path)),
            ),
            read: Size::of(
                kept.iter()
                    .copied()
                    .filter(|file| read.contains(&file.path)),
            ),
        }
    });
    let services = services.collect();
    let (twice, pointers) = inside(&kept, context).await?;
    Ok(Survey {
        version: VERSION,
        whole: Size::of(files.iter()),
        kept: Size::of(kept.iter().copied()),
        sent: Size::of(kept.iter().filter(is_sent).copied()),
        read: Size::of(kept.iter().filter(is_read).copied()),
        services,
        ignored: ignored(&files),
        largest: largest(kept.iter().filter(is_sent).copied()),
        unread: largest(kept.iter().filter(|file| !is_read(file)).copied()),
        twice,
        pointers,
    })
}

fn inputs(plan: &Plan, of: impl Fn(&Stage) -> bool) -> impl Iterator<Item = &Input> {
    plan.stages()
        .map(|(_, stage)| stage)
        .filter(move |stage| of(stage))
        .flat_map(|stage| stage.work.inputs())
}

/// The paths that have to be sent; the empty one is everything.
fn sent(plan: &Plan, of: impl Fn(&Stage) -> bool) -> BTreeSet<String> {
    inputs(plan, of)
        .flat_map(|input| paths_of(&input.need))
        .collect()
}

/// The files that stages read.
fn read(plan: &Plan, of: impl Fn(&Stage) -> bool) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for input in inputs(plan, of) {
        match input.fact.as_deref() {
            Some(PathFact::Folder(files)) => {
                paths.extend(files.keys().map(|name| join(&input.need.path, name)));
            }
            _ => {
                paths.insert(input.need.path.clone());
            }
        }
    }
    paths
}

/// Whether `path` is one of the paths or lies in one of them.
fn covers(paths: &BTreeSet<String>, path: &str) -> bool {
    let above = path.match_indices('/').map(|(end, _)| &path[..end]);
    paths.contains("")
        || paths.contains(path)
        || above.into_iter().any(|above| paths.contains(above))
}

fn ignored(files: &[Found]) -> Vec<Ignored> {
    let mut lines: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    for file in files {
        if let Some(line) = &file.ignored {
            lines.entry(line).or_default().push(file);
        }
    }
    let mut ignored: Vec<_> = lines
        .into_iter()
        .map(|(line, files)| Ignored {
            line: line.to_owned(),
            size: Size::of(files.into_iter()),
        })
        .collect();
    ignored.sort_by_key(|line| std::cmp::Reverse(line.size.bytes));
    ignored
}

fn largest<'f>(files: impl Iterator<Item = &'f Found>) -> Vec<Sized> {
    let mut files: Vec<_> = files
        .map(|file| Sized {
            path: file.path.clone(),
            bytes: file.bytes,
        })
        .collect();
    files.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    files
}

/// What only the bytes of files tell: which are the same, which are pointers. Files whose size no other has are read
/// only if they are small enough for a pointer.
async fn inside(
    kept: &[&Found],
    context: &mut Context<impl Tree>,
) -> anyhow::Result<(Vec<Twice>, Vec<String>)> {
    let mut by_size: BTreeMap<u64, usize> = BTreeMap::new();
    for file in kept {
        *by_size.entry(file.bytes).or_default() += 1;
    }
    let worth = |file: &&&Found| {
        !file.link && file.bytes > 0 && (by_size[&file.bytes] > 1 || file.bytes <= LARGEST_POINTER)
    };
    let files: Vec<&Found> = kept.iter().filter(worth).copied().collect();
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    context.tree.look_into(&paths).await?;
    let mut same: BTreeMap<(u64, String), Vec<String>> = BTreeMap::new();
    let mut pointers = Vec::new();
    for file in files {
        let mut fact = FileFact {
            size: file.bytes,
            executable: false,
            digest: None,
            link: None,
            beginning: Beginning::default(),
        };
        match context.tree.inspect(&file.path, &mut fact).await {
            Ok(()) => {}
            Err(TreeError::Unreadable(_)) => continue, // A stage that reads it says so; this one may be of no use.
            Err(TreeError::Lost(error)) => return Err(error),
        }
        if fact.beginning.lfs_pointer {
            pointers.push(file.path.clone());
        }
        if let Some(digest) = fact.digest {
            same.entry((file.bytes, digest))
                .or_default()
                .push(file.path.clone());
        }
    }
    let twice = same.into_iter().filter(|(_, paths)| paths.len() > 1);
    let mut twice: Vec<_> = twice
        .map(|((bytes, _), paths)| Twice { bytes, paths })
        .collect();
    twice.sort_by_key(|twice| std::cmp::Reverse(twice.bytes * (twice.paths.len() as u64 - 1)));
    Ok((twice, pointers))
}
