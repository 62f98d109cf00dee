//! What a replay came to, for programs; [`text`](super::text) says it for people.

use std::collections::{BTreeMap, BTreeSet};

use layercake_replay::Row;
use serde::Serialize;

use super::{Costs, Replay};
use crate::facts::git::Commit;

/// The version of the form.
const VERSION: u32 = 1;

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// The version of this form: 1.
    pub version: u32,
    /// How many commits were built, of all that there are.
    pub builds: usize,
    /// The services, by name, and what each would have run.
    pub services: Vec<ServiceAccount>,
    /// The stages, each once however many services have it.
    pub stages: Vec<StageAccount>,
    /// What all services together would have run.
    pub total: Totals,
    /// Whether seconds are known of anything.
    pub costed: bool,
    /// The commits, oldest first.
    pub commits: Vec<CommitAccount>,
}

impl Replayed {
    /// What each service would have run, by its name, and where there are several, all of them together.
    pub fn totals(&self) -> Vec<(&str, &Totals)> {
        let services = self.services.iter();
        let mut all: Vec<_> = services
            .map(|service| (service.name.as_str(), &service.total))
            .collect();
        if all.len() > 1 {
            all.push(("all services", &self.total));
        }
        all
    }
}

/// Runs by each account of the same history. The first run of a thing does not count: nothing can spare it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Steps of the Dockerfiles that ran again.
    pub dockerfile: Count,
    /// Those of them that run a command.
    pub commands: Count,
    /// Stages that ran again under layercake.
    pub layercake: Count,
    /// Stages whose own meaning changed.
    pub ideal: Count,
}

/// Runs, and the seconds of those whose cost is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Count {
    /// How many.
    pub runs: usize,
    /// How long.
    pub seconds: f64,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccount {
    /// Its name.
    pub name: String,
    /// What it would have run.
    pub total: Totals,
    /// The steps of its Dockerfile, if it has one.
    pub steps: Vec<StepAccount>,
}

/// A step of a Dockerfile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepAccount {
    /// Its text, as it was last.
    pub step: String,
    /// The builds that had it.
    pub builds: usize,
    /// How often it ran again.
    pub reruns: usize,
    /// The seconds of one run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// A stage of the plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageAccount {
    /// Its name in the plan.
    pub stage: String,
    /// The services that have it.
    pub services: Vec<String>,
    /// The builds that had it.
    pub builds: usize,
    /// How often it ran again.
    pub reruns: usize,
    /// How often its own meaning changed.
    pub ideal: usize,
    /// The seconds of one run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// A commit.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CommitAccount {
    /// Its id.
    pub commit: String,
    /// When it was committed, in seconds since 1970.
    pub time: i64,
    /// The first line of its message.
    pub subject: String,
    /// Why it cannot be built, so that it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The stages that ran again.
    pub stages: Vec<String>,
    /// The stages whose own meaning changed.
    pub ideal: Vec<String>,
    /// How many steps of its Dockerfile ran again, by service.
    pub steps: BTreeMap<String, usize>,
    /// What all services together would have run.
    pub total: Totals,
}

/// The rows that ran again at a commit.
#[derive(Clone, Debug, Default)]
pub(super) struct Ran {
    /// Stages under layercake.
    pub(super) layercake: Vec<usize>,
    /// Stages whose own meaning changed.
    pub(super) ideal: Vec<usize>,
    /// Steps of the Dockerfiles, by service.
    pub(super) steps: BTreeMap<String, Vec<usize>>,
}

impl CommitAccount {
    /// Nothing known yet.
    pub fn of(commit: &Commit) -> Self {
        Self {
            commit: commit.id.to_string(),
            time: commit.seconds,
            subject: commit.subject.clone(),
            ..Self::default()
        }
    }
}

impl Count {
    fn add(&mut self, runs: usize, seconds: Option<f64>) {
        self.runs += runs;
        let times = u32::try_from(runs).unwrap_or(u32::MAX);
        self.seconds += seconds.unwrap_or(0.0) * f64::from(times);
    }
}

impl Totals {
    fn add_stage(&mut self, stage: &StageAccount) {
        self.layercake.add(stage.reruns, stage.seconds);
        self.ideal.add(stage.ideal, stage.seconds);
    }

    fn add_step(&mut self, step: &StepAccount, runs: usize) {
        self.dockerfile.add(runs, step.seconds);
        if step.step.to_ascii_uppercase().starts_with("RUN ") {
            self.commands.add(runs, step.seconds);
        }
    }
}

impl Ran {
    /// What ran at a commit, by the names that everything has at last.
    fn tell(
        &self,
        mut commit: CommitAccount,
        stages: &[StageAccount],
        services: &[ServiceAccount],
    ) -> CommitAccount {
        for stage in self.layercake.iter().map(|row| &stages[*row]) {
            commit.stages.push(stage.stage.clone());
            commit.total.layercake.add(1, stage.seconds);
        }
        for stage in self.ideal.iter().map(|row| &stages[*row]) {
            commit.ideal.push(stage.stage.clone());
            commit.total.ideal.add(1, stage.seconds);
        }
        for service in services {
            let Some(rows) = self.steps.get(&service.name) else {
                continue;
            };
            commit.steps.insert(service.name.clone(), rows.len());
            for row in rows {
                commit.total.add_step(&service.steps[*row], 1);
            }
        }
        commit
    }
}

impl Replay<'_> {
    /// What it came to.
    pub fn account(self) -> Replayed {
        let costs = &self.settings.costs;
        let stages: Vec<_> = (self.layercake.rows().iter().zip(self.ideal.rows()))
            .zip(self.services)
            .map(|((row, ideal), services)| stage(row, ideal, services, costs))
            .collect();
        let mut names: BTreeSet<String> = stages
            .iter()
            .flat_map(|stage| stage.services.iter().cloned())
            .collect();
        names.extend(self.dockerfiles.keys().cloned());
        let mut total = Totals::default();
        for stage in &stages {
            total.add_stage(stage);
        }
        let mut services = Vec::new();
        for name in names {
            let rows = self
                .dockerfiles
                .get(&name)
                .map_or(&[][..], |followed| followed.tally.rows());
            let steps: Vec<_> = rows.iter().map(|row| step(row, costs)).collect();
            let mut own = Totals::default();
            stages
                .iter()
                .filter(|stage| stage.services.contains(&name))
                .for_each(|stage| own.add_stage(stage));
            for step in &steps {
                own.add_step(step, step.reruns);
                total.add_step(step, step.reruns);
            }
            services.push(ServiceAccount {
                name,
                total: own,
                steps,
            });
        }
        let commits = self.commits.into_iter().zip(&self.ran);
        let commits: Vec<_> = commits
            .map(|(commit, ran)| ran.tell(commit, &stages, &services))
            .collect();
        Replayed {
            version: VERSION,
            builds: commits
                .iter()
                .filter(|commit| commit.problem.is_none())
                .count(),
            services,
            stages,
            total,
            costed: !costs.is_empty(),
            commits,
        }
    }
}

fn stage(row: &Row, ideal: &Row, services: Vec<String>, costs: &Costs) -> StageAccount {
    StageAccount {
        stage: row.name.clone(),
        services,
        builds: row.builds,
        reruns: row.reruns,
        ideal: ideal.reruns,
        seconds: costs.of_stage(&row.name),
    }
}

fn step(row: &Row, costs: &Costs) -> StepAccount {
    StepAccount {
        step: row.name.clone(),
        builds: row.builds,
        reruns: row.reruns,
        seconds: costs.of_step(&row.name),
    }
}
