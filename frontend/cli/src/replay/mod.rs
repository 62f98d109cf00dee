//! A replay: the commits of a history, each planned as a build, oldest first.
//!
//! A commit that the file or a Dockerfile cannot build counts for neither, so both are counted over the same builds.

mod account;
mod settings;
#[cfg(test)]
mod tests;
pub mod text;

pub use account::Replayed;
pub use settings::{Costs, DockerfileSettings, ReplaySettings};

use std::collections::{BTreeMap, HashMap};

use layercake_planner::lock::lock_path;
use layercake_planner::plan::Plan;
use layercake_planner::source::Source;
use layercake_replay::dockerfile::{Follow, Step, steps};
use layercake_replay::planned::{self, PlannedStage};
use layercake_replay::{Content, Entry, Files, Kind, Memory, Tally};

use account::CommitAccount;

use crate::facts::Context;
use crate::facts::git::{Commit, GitTree, History};
use crate::facts::tree::EntryKind;
use crate::pipeline::{self, NoImages, Scope};

/// The file's name where none was named.
const FILE: &str = "layercake.yaml";

impl Files for GitTree {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let list = GitTree::list(self, folder).map_err(|error| format!("{error:#}"))?;
        let entry = |found: &crate::facts::git::Found| {
            let kind = match &found.entry.kind {
                EntryKind::File { executable, .. } => Kind::File {
                    executable: *executable,
                },
                EntryKind::Folder => Kind::Folder,
                EntryKind::Link(_) => Kind::Link,
                EntryKind::Other => return None,
            };
            Some(Entry {
                name: found.entry.name.clone(),
                kind,
                id: found.id.to_string(),
            })
        };
        Ok(list.iter().filter_map(entry).collect())
    }
}

/// Counts what the history would have run.
pub async fn replay(settings: &ReplaySettings) -> anyhow::Result<Replayed> {
    let history = History::open(&settings.context)?;
    let commits = commits(&history, settings)?;
    let mut replay = Replay::new(settings);
    let mut last = None;
    for commit in &commits {
        let tree = history.tree(commit)?;
        let build = match last.take() {
            Some((id, build)) if id == tree.id() => build, // Nothing of the folder changed.
            _ => replay.look_at(&tree).await?,
        };
        last = Some((tree.id(), build.clone()));
        match build {
            Ok(build) => replay.count(commit, build),
            Err(problem) => replay.pass_over(commit, problem),
        }
    }
    Ok(replay.account())
}

/// The commits to replay, oldest first.
fn commits(history: &History, settings: &ReplaySettings) -> anyhow::Result<Vec<Commit>> {
    let last = history.commit(&settings.until)?;
    let since = settings
        .since
        .as_deref()
        .map(|since| history.commit(since))
        .transpose()?;
    let mut commits = Vec::new();
    for commit in history.line(&last).take(settings.limit) {
        let commit = commit?;
        let first = since.as_ref().is_some_and(|since| since.id == commit.id);
        commits.push(commit);
        if first {
            break;
        }
    }
    commits.reverse();
    Ok(commits)
}

/// What a commit would build.
#[derive(Clone)]
struct Build {
    stages: Vec<PlannedStage>,
    /// The services of each stage.
    services: Vec<Vec<String>>,
    dockerfiles: BTreeMap<String, Vec<Step>>,
}

/// A Dockerfile over the history.
struct Followed {
    tally: Tally,
    follow: Follow,
}

struct Replay<'r> {
    settings: &'r ReplaySettings,
    memory: Memory,
    layercake: Tally,
    ideal: Tally,
    rows: HashMap<String, usize>,
    services: Vec<Vec<String>>,
    dockerfiles: BTreeMap<String, Followed>,
    commits: Vec<CommitAccount>,
}

impl<'r> Replay<'r> {
    fn new(settings: &'r ReplaySettings) -> Self {
        Self {
            settings,
            memory: Memory::default(),
            layercake: Tally::new(settings.cache),
            ideal: Tally::new(settings.cache),
            rows: HashMap::new(),
            services: Vec::new(),
            dockerfiles: BTreeMap::new(),
            commits: Vec::new(),
        }
    }

    /// What a commit would build, or why it cannot.
    async fn look_at(&mut self, tree: &GitTree) -> anyhow::Result<Result<Build, String>> {
        let own;
        let source = match &self.settings.file {
            Some(source) => source,
            None => match tree.text(FILE)? {
                Some(text) => {
                    own = Source {
                        name: FILE.to_owned(),
                        text,
                    };
                    &own
                }
                None => return Ok(Err(format!("it has no {FILE}"))),
            },
        };
        let plan = match self.plan(source, tree).await? {
            Ok(plan) => plan,
            Err(problem) => return Ok(Err(problem)),
        };
        let stages = planned::stages(&plan);
        let services = plan
            .stages()
            .map(|(_, stage)| stage.services.iter().cloned().collect());
        let services = services.collect();
        let mut dockerfiles = BTreeMap::new();
        for service in &plan.services {
            let Some(settings) = self.dockerfile(&service.name, tree)? else {
                continue;
            };
            match self.steps(&settings, tree)? {
                Ok(steps) => dockerfiles.insert(service.name.clone(), steps),
                Err(problem) => return Ok(Err(format!("{}: {problem}", settings.path))),
            };
        }
        Ok(Ok(Build {
            stages,
            services,
            dockerfiles,
        }))
    }

    async fn plan(&self, source: &Source, tree: &GitTree) -> anyhow::Result<Result<Plan, String>> {
        let ignore = match tree.ignore_file(FILE) {
            Ok(ignore) => ignore,
            Err(error) => return Ok(Err(format!("{error:#}"))),
        };
        let scope = Scope::Services(self.settings.services.clone());
        let mut context = Context {
            tree: tree.clone(),
            ignore,
        };
        let mut given = self.settings.given.clone();
        if self.settings.file.is_none() {
            let name = lock_path(FILE);
            given.lock = tree.text(&name)?.map(|text| Source { name, text });
        }
        let planned = pipeline::plan(source, &scope, given, &mut context, &mut NoImages).await?;
        Ok(planned
            .accept(source)
            .map(|(plan, _)| plan)
            .map_err(|rejected| rejected.to_string()))
    }

    /// Where the Dockerfile of a service is at a commit.
    fn dockerfile(
        &self,
        service: &str,
        tree: &GitTree,
    ) -> anyhow::Result<Option<DockerfileSettings>> {
        if let Some(named) = self.settings.dockerfiles.get(service) {
            return Ok(tree.find(&named.path)?.map(|_| named.clone()));
        }
        let above = ["", "services/", "docker/", "apps/", "images/"];
        for path in above.map(|above| format!("{above}{service}/Dockerfile")) {
            if tree.find(&path)?.is_some() {
                let arguments = self.settings.given.build_args.clone();
                return Ok(Some(DockerfileSettings { path, arguments }));
            }
        }
        Ok(None)
    }

    fn steps(
        &mut self,
        settings: &DockerfileSettings,
        tree: &GitTree,
    ) -> anyhow::Result<Result<Vec<Step>, String>> {
        let text = tree.text(&settings.path)?.unwrap_or_default();
        let own = tree.text(&format!("{}.dockerignore", settings.path))?;
        let ignore = match own {
            Some(own) => own,
            None => tree.text(".dockerignore")?.unwrap_or_default(),
        };
        let mut content = match Content::new(tree, &ignore, &mut self.memory) {
            Ok(content) => content,
            Err(error) => return Ok(Err(format!(".dockerignore: {error}"))),
        };
        let steps = steps(&text, &settings.arguments, &mut content);
        Ok(steps.map_err(|error| error.to_string()))
    }

    fn count(&mut self, commit: &Commit, build: Build) {
        let mut rows = Vec::with_capacity(build.stages.len());
        for (stage, services) in build.stages.iter().zip(build.services) {
            let row = *self.rows.entry(stage.id.clone()).or_insert_with(|| {
                self.services.push(Vec::new());
                self.ideal.row(&stage.id);
                self.layercake.row(&stage.id)
            });
            self.services[row] = services;
            rows.push(row);
        }
        let pair = |key: fn(&PlannedStage) -> [u8; 32]| -> Vec<_> {
            rows.iter()
                .copied()
                .zip(build.stages.iter().map(key))
                .collect()
        };
        let ran = self.layercake.build(&pair(|stage| stage.key));
        self.ideal.build(&pair(|stage| stage.meaning));
        let mut account = CommitAccount::of(commit);
        account.stages = ran
            .iter()
            .map(|row| self.layercake.rows()[*row].name.clone())
            .collect();
        for (service, steps) in build.dockerfiles {
            let cache = self.settings.cache;
            let followed = self
                .dockerfiles
                .entry(service.clone())
                .or_insert_with(|| Followed {
                    tally: Tally::new(cache),
                    follow: Follow::default(),
                });
            let rows = followed.follow.rows(&steps, &mut followed.tally);
            let keys = steps.iter().map(|step| step.key);
            let ran = followed
                .tally
                .build(&rows.into_iter().zip(keys).collect::<Vec<_>>());
            if !ran.is_empty() {
                account.steps.insert(service, ran.len());
            }
        }
        self.commits.push(account);
    }

    fn pass_over(&mut self, commit: &Commit, problem: String) {
        self.commits.push(CommitAccount {
            problem: Some(problem),
            ..CommitAccount::of(commit)
        });
    }
}
