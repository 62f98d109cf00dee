//! What a build did, stage by stage: a pure fold over its events.
//!
//! Lowering names the vertices that do a stage's work `[stage] …`; all other vertices, such as `[internal] …`, belong
//! to no stage. BuildKit doesn't report what lies behind a cached vertex, so the caller says which stages the build
//! had, and one that a successful build never reported counts as cached.

mod foretold;

pub use foretold::{CauseReport, Expected, Foretold, Mismatch, PredictionReport};

use crate::events::{Step, Time, Timeline};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the report's schema; it changes when a field changes its meaning or goes.
pub const REPORT_VERSION: u32 = 1;

/// What a build did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this schema: 1.
    pub version: u32,
    /// The services that were built.
    pub services: Vec<ServiceReport>,
    /// The stages that they are made of, in the plan's order.
    pub stages: Vec<StageReport>,
    /// What was foretold of them, held against what happened; missing where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<PredictionReport>,
}

/// A service that was built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceReport {
    /// The service's name.
    pub name: String,
    /// The digest of its image's manifest; missing if no image was exported or the build failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// What became of a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageReport {
    /// The stage's name in layercake.yaml.
    pub id: String,
    /// Its kind, such as `conda`.
    pub kind: String,
    /// The services that use it.
    pub services: Vec<String>,
    /// What became of it.
    pub state: StageState,
    /// Seconds of wall-clock time that its work took in this build; 0 if it was cached.
    pub seconds: f64,
    /// The digest of its key.
    pub digest: String,
    /// Bytes that its result takes in the daemon's cache, where that is known; events don't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When its work began, in seconds since 1970 by the daemon's clock; missing if nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<f64>,
    /// The stages that it stands on or reads from, by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// The published image that its result was taken from, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What was told of it before the build; missing where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foretold: Option<Foretold>,
}

/// What became of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StageState {
    /// Its work was done in this build.
    Ran,
    /// Its result was there already.
    Cached,
    /// Its work failed.
    Failed,
    /// The build ended, by a failure elsewhere or by the user, before its work was done.
    Canceled,
}

/// A stage that the build has, for the fold to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectedStage {
    /// The stage's name, which its vertices bear.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// The services that use it.
    pub services: Vec<String>,
    /// The digest of its key.
    pub digest: String,
    /// The stages that it stands on or reads from.
    pub needs: Vec<String>,
}

impl Report {
    /// Folds a build's events. `succeeded` says how the build ended, which events alone don't tell.
    pub fn of(
        stages: &[ExpectedStage],
        services: Vec<ServiceReport>,
        timeline: &Timeline,
        succeeded: bool,
    ) -> Self {
        let stages = stages
            .iter()
            .map(|stage| stage_report(stage, timeline, succeeded))
            .collect();
        Self {
            version: REPORT_VERSION,
            services,
            stages,
            prediction: None,
        }
    }

    /// The stages in this state.
    pub fn in_state(&self, state: StageState) -> impl Iterator<Item = &StageReport> {
        self.stages.iter().filter(move |stage| stage.state == state)
    }
}

/// Whether a vertex of this name does work of the stage.
fn is_of(stage: &str, name: &str) -> bool {
    name.strip_prefix('[')
        .and_then(|rest| rest.strip_prefix(stage))
        .is_some_and(|rest| rest.starts_with("] "))
}

fn stage_report(stage: &ExpectedStage, timeline: &Timeline, succeeded: bool) -> StageReport {
    let steps: Vec<_> = timeline
        .steps()
        .iter()
        .filter(|step| is_of(&stage.id, &step.vertex.name))
        .collect();
    let failed = steps.iter().find_map(|step| {
        step.vertex
            .error
            .clone()
            .filter(|error| !is_cancellation(error))
    });
    let outcome = match failed {
        Some(_) => StageState::Failed,
        None => state(&steps, succeeded),
    };
    StageReport {
        id: stage.id.clone(),
        kind: stage.kind.clone(),
        services: stage.services.clone(),
        state: outcome,
        seconds: seconds(&steps),
        digest: stage.digest.clone(),
        bytes: None,
        error: failed,
        started: started(&steps).map(|time| time.seconds_since(Time(0))),
        needs: stage.needs.clone(),
        image: None,
        foretold: None,
    }
}

/// The state of a stage none of whose steps failed.
fn state(steps: &[&Step], succeeded: bool) -> StageState {
    let ran = |step: &&Step| {
        step.vertex.completed.is_some() && !step.vertex.cached && step.vertex.error.is_none()
    };
    let all_cached = !steps.is_empty() && steps.iter().all(|step| step.vertex.cached);
    let all_done = !steps.is_empty() && steps.iter().all(|step| step.vertex.cached || ran(step));
    match (succeeded, steps.iter().any(ran)) {
        (true, true) => StageState::Ran,
        (true, false) => StageState::Cached,
        (false, _) if all_cached => StageState::Cached,
        (false, _) if all_done => StageState::Ran,
        (false, _) => StageState::Canceled,
    }
}

/// From when the first of the steps that did something began to when the last of them ended.
fn seconds(steps: &[&Step]) -> f64 {
    let from = started(steps);
    let to = busy(steps).filter_map(|step| step.vertex.completed).max();
    from.zip(to).map_or(0.0, |(from, to): (Time, Time)| {
        to.seconds_since(from).max(0.0)
    })
}

/// When the first of the steps that did something began.
fn started(steps: &[&Step]) -> Option<Time> {
    busy(steps).filter_map(|step| step.vertex.started).min()
}

fn busy<'s>(steps: &'s [&Step]) -> impl Iterator<Item = &'s Step> {
    steps.iter().copied().filter(|step| !step.vertex.cached)
}

fn is_cancellation(error: &str) -> bool {
    error.ends_with("context canceled") || error.starts_with("Canceled:")
}

#[cfg(test)]
mod tests;
