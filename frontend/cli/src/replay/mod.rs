//! A replay: the commits of a history, each planned as a build, oldest first.
//!
//! A commit that the file or a Dockerfile cannot build counts for neither, so both are counted over the same builds.

mod account;
mod look;
mod settings;
#[cfg(test)]
mod tests;
pub mod text;

pub use account::{CommitAccount, Count, Replayed, Totals};
#[cfg(test)]
pub use account::{ServiceAccount, StageAccount, StepAccount};
pub use settings::{Costs, ReplaySettings};

use std::collections::{BTreeMap, HashMap};

use layercake_replay::Tally;
use layercake_replay::dockerfile::Follow;
use layercake_replay::planned::PlannedStage;

use account::Ran;
use look::{Build, Look};

use crate::facts::git::{Commit, History};

/// Counts what the history would have run.
pub async fn replay(settings: &ReplaySettings) -> anyhow::Result<Replayed> {
    let history = History::open(&settings.context)?;
    let commits = commits(&history, settings)?;
    let mut replay = Replay::new(settings);
    let mut look = Look::new(settings);
    for commit in &commits {
        match look.at(&history.tree(commit)?).await? {
            Ok(build) => replay.count(commit, &build),
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

/// A Dockerfile over the history.
struct Followed {
    tally: Tally,
    follow: Follow,
}

struct Replay<'r> {
    settings: &'r ReplaySettings,
    layercake: Tally,
    ideal: Tally,
    rows: HashMap<String, usize>,
    services: Vec<Vec<String>>,
    dockerfiles: BTreeMap<String, Followed>,
    commits: Vec<CommitAccount>,
    /// What ran at each of them.
    ran: Vec<Ran>,
}

impl<'r> Replay<'r> {
    fn new(settings: &'r ReplaySettings) -> Self {
        Self {
            settings,
            layercake: Tally::new(settings.cache),
            ideal: Tally::new(settings.cache),
            rows: HashMap::new(),
            services: Vec::new(),
            dockerfiles: BTreeMap::new(),
            commits: Vec::new(),
            ran: Vec::new(),
        }
    }

    fn count(&mut self, commit: &Commit, build: &Build) {
        let mut rows = Vec::with_capacity(build.planned.stages.len());
        let planned = &build.planned;
        for (stage, services) in planned.stages.iter().zip(&planned.services) {
            let row = *self.rows.entry(stage.id.clone()).or_insert_with(|| {
                self.services.push(Vec::new());
                self.ideal.row(&stage.id);
                self.layercake.row(&stage.id)
            });
            self.services[row].clone_from(services);
            rows.push(row);
        }
        let pair = |key: fn(&PlannedStage) -> [u8; 32]| -> Vec<_> {
            rows.iter()
                .copied()
                .zip(planned.stages.iter().map(key))
                .collect()
        };
        let mut ran = Ran {
            layercake: self.layercake.build(&pair(|stage| stage.key)),
            ideal: self.ideal.build(&pair(|stage| stage.meaning)),
            steps: BTreeMap::new(),
        };
        for (service, steps) in &build.dockerfiles {
            let cache = self.settings.cache;
            let followed = self
                .dockerfiles
                .entry(service.clone())
                .or_insert_with(|| Followed {
                    tally: Tally::new(cache),
                    follow: Follow::default(),
                });
            let rows = followed.follow.rows(steps, &mut followed.tally);
            let keys = steps.iter().map(|step| step.key);
            let again = followed
                .tally
                .build(&rows.into_iter().zip(keys).collect::<Vec<_>>());
            if !again.is_empty() {
                ran.steps.insert(service.clone(), again);
            }
        }
        self.commits.push(CommitAccount::of(commit));
        self.ran.push(ran);
    }

    fn pass_over(&mut self, commit: &Commit, problem: String) {
        self.commits.push(CommitAccount {
            problem: Some(problem),
            ..CommitAccount::of(commit)
        });
        self.ran.push(Ran::default());
    }
}
