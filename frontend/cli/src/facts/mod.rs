//! The edge: what planning asks of the context, answered from a [`Tree`].
//!
//! The rules are here once, for a folder of this machine and for a filesystem inside BuildKit: what
//! `.dockerignore` leaves out does not exist, symbolic links are followed within the context, and patterns
//! choose as BuildKit's copy does. So both doors see the same files.

pub mod git;
pub mod ignore_file;
pub mod local;
mod lookup;
mod similar;
#[cfg(test)]
mod tests;
pub mod tree;
mod walk;

pub use walk::literal_folder;

use std::collections::BTreeMap;

use layercake_planner::facts::{Facts, FileFact, Needs, PathFact, PathNeed};

use ignore_file::IgnoreFile;
use lookup::{Stop, locate};
use tree::{EntryKind, Tree, TreeError, join};
use walk::{Filter, walk};

/// The context of a build: its files, and what is left out of them.
#[derive(Debug)]
pub struct Context<T> {
    /// The files.
    pub tree: T,
    /// What is left out.
    pub ignore: IgnoreFile,
}

impl<T: Tree> Context<T> {
    /// Answers what is asked of texts and paths.
    pub async fn learn(&mut self, needs: &Needs, facts: &mut Facts) -> anyhow::Result<()> {
        if needs.texts.is_empty() && needs.paths.is_empty() {
            return Ok(());
        }
        self.tree.prepare(needs).await?;
        for path in &needs.texts {
            let text = self.text(path).await?;
            facts.texts.insert(path.clone(), text);
        }
        let mut found = Vec::new();
        for need in &needs.paths {
            found.push((need.clone(), self.path(need).await?));
        }
        self.tree
            .look_into(&files(&found).iter().map(String::as_str).collect::<Vec<_>>())
            .await?;
        for (need, (path, fact)) in found {
            let fact = self.inspected(&path, fact).await?;
            facts.paths.insert(need, fact);
        }
        Ok(())
    }

    /// The text of a file, or why there is none.
    async fn text(&self, path: &str) -> anyhow::Result<Result<String, String>> {
        let read = async {
            let located = locate(&self.tree, &self.ignore, path).await?;
            if located.kind == EntryKind::Folder {
                return Err(Stop::Fact(PathFact::Unreadable("it is a folder".into())));
            }
            Ok(self.tree.read(&located.path).await?)
        };
        match read.await {
            Ok(bytes) => Ok(utf8(bytes)),
            Err(Stop::Fact(fact)) => Ok(Err(problem(&fact))),
            Err(Stop::Lost(error)) => Err(error),
        }
    }

    /// What stands at a path, with the path that it has without symbolic links.
    async fn path(&self, need: &PathNeed) -> anyhow::Result<(String, PathFact)> {
        match self.survey(need).await {
            Ok(found) => Ok(found),
            Err(Stop::Fact(fact)) => Ok((need.path.clone(), fact)),
            Err(Stop::Lost(error)) => Err(error),
        }
    }

    async fn survey(&self, need: &PathNeed) -> Result<(String, PathFact), Stop> {
        let located = locate(&self.tree, &self.ignore, &need.path).await?;
        if let Some(file) = walk::fact(&located.kind) {
            return Ok((located.path, PathFact::File(file)));
        }
        let filter = Filter::new(need)
            .map_err(|error| Stop::Fact(PathFact::Unreadable(error.to_string())))?;
        let files = walk(&self.tree, &self.ignore, &located.path, &filter).await?;
        match self.ignore.line_against(&located.path) {
            Some(line) if files.is_empty() => Err(Stop::Fact(PathFact::Ignored(line))),
            _ => Ok((located.path, PathFact::Folder(files))),
        }
    }

    /// The fact with what the bytes of its files tell.
    async fn inspected(&self, path: &str, mut fact: PathFact) -> anyhow::Result<PathFact> {
        let read = match &mut fact {
            PathFact::File(file) => self.tree.inspect(path, file).await,
            PathFact::Folder(files) => self.inspect_all(path, files).await,
            _ => Ok(()),
        };
        match read {
            Ok(()) => Ok(fact),
            Err(TreeError::Unreadable(problem)) => Ok(PathFact::Unreadable(problem)),
            Err(TreeError::Lost(error)) => Err(error),
        }
    }

    async fn inspect_all(
        &self,
        folder: &str,
        files: &mut BTreeMap<String, FileFact>,
    ) -> Result<(), TreeError> {
        for (name, file) in files.iter_mut().filter(|(_, file)| file.link.is_none()) {
            let read = self.tree.inspect(&join(folder, name), file).await;
            read.map_err(|error| match error {
                TreeError::Unreadable(problem) => {
                    TreeError::Unreadable(format!("`{name}`: {problem}"))
                }
                lost @ TreeError::Lost(_) => lost,
            })?;
        }
        Ok(())
    }
}

/// The paths of all files that were found, links left out.
fn files(found: &[(PathNeed, (String, PathFact))]) -> Vec<String> {
    let mut paths = Vec::new();
    for (_, (path, fact)) in found {
        match fact {
            PathFact::File(_) => paths.push(path.clone()),
            PathFact::Folder(files) => {
                let real = files.iter().filter(|(_, file)| file.link.is_none());
                paths.extend(real.map(|(name, _)| join(path, name)));
            }
            _ => {}
        }
    }
    paths
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid]
            .split(|byte| *byte == b'\n')
            .count();
        format!("it is not UTF-8 text in line {line}; save it as UTF-8")
    })
}

/// A fact about a path as the reason why its text is not there.
fn problem(fact: &PathFact) -> String {
    match fact {
        PathFact::Missing(near) => match near.first() {
            Some(near) => format!("it does not exist; did you mean `{near}`?"),
            None => "it does not exist".to_owned(),
        },
        PathFact::Ignored(line) => format!("it is left out of the context by {line}"),
        PathFact::Escapes(target) => {
            format!("it is a symbolic link that leaves the context, to `{target}`")
        }
        PathFact::Unreadable(problem) => problem.clone(),
        PathFact::File(_) | PathFact::Folder(_) => "it is not a text file".to_owned(),
    }
}
