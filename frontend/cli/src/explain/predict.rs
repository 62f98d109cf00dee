//! What BuildKit will do with each stage, foretold from what it had before.

use std::collections::{BTreeMap, BTreeSet};

use layercake_planner::explain::{Cause, Records, differences};
use layercake_planner::plan::{Edge, Plan, StageId};
use layercake_solve::{Expected, Mismatch, PredictionReport, Report, StageState};
use sha2::{Digest, Sha256};

use crate::records::History;

/// What each stage of a plan will do.
#[derive(Clone, Debug)]
pub struct Prediction(Vec<Expected>);

/// What is known of a build before it begins.
#[derive(Clone, Debug)]
pub struct Ahead {
    /// What the results of stages are filed under.
    pub keys: Keys,
    /// The stages that are made to run.
    pub forced: BTreeSet<StageId>,
    /// The stages whose results are taken from a registry.
    pub published: BTreeSet<StageId>,
}

/// What the results of a plan's stages are filed under: the digests of their keys, and where a stage was forced to
/// run or taken from a registry, or stands on one that was, what tells that result from others.
#[derive(Clone, Debug)]
pub struct Keys {
    keys: Vec<String>,
}

impl Keys {
    /// With the forced runs by the digests of keys, and the images of published results.
    pub fn of(
        plan: &Plan,
        reruns: &BTreeMap<String, String>,
        published: &BTreeMap<StageId, String>,
    ) -> Self {
        let mut keys: Vec<String> = Vec::with_capacity(plan.stages().len());
        for (id, stage) in plan.stages() {
            let digest = stage.key.digest();
            let before = plan.before(id);
            let forced = before
                .iter()
                .any(|(id, _)| keys[id.index()] != plan.stage(*id).key.digest());
            let other = reruns.get(digest).or_else(|| published.get(&id));
            let key = match (other, forced) {
                (None, false) => digest.to_owned(),
                (by, _) => {
                    let mut hash = Sha256::new();
                    hash.update(digest);
                    hash.update(by.map_or("", String::as_str));
                    for (id, _) in before {
                        hash.update(&keys[id.index()]);
                    }
                    hex::encode(hash.finalize())
                }
            };
            keys.push(key);
        }
        Self { keys }
    }

    /// That of a stage.
    pub fn get(&self, id: StageId) -> &str {
        &self.keys[id.index()]
    }
}

impl Prediction {
    /// Of a stage.
    pub fn of(&self, id: StageId) -> &Expected {
        &self.0[id.index()]
    }

    /// With the stages in mind whose results are said to be gone from the builder's cache, by their names.
    #[must_use]
    pub fn without(mut self, plan: &Plan, lost: &BTreeSet<String>) -> Self {
        for (id, stage) in plan.stages() {
            let stands_on_lost = plan
                .before(id)
                .iter()
                .any(|(id, _)| *self.of(*id) == Expected::Lost);
            let is_lost = lost.contains(&stage.id) || stands_on_lost;
            if is_lost && *self.of(id) == Expected::Cached {
                self.0[id.index()] = Expected::Lost;
            }
        }
        self
    }

    /// With results that may come from elsewhere: nothing new is sure to run.
    #[must_use]
    pub fn with_imports(mut self) -> Self {
        for expected in &mut self.0 {
            if *expected == Expected::Runs {
                *expected = Expected::MayRun;
            }
        }
        self
    }
}

/// Foretells what each stage will do, and nothing before the first build on a builder.
pub fn predict(plan: &Plan, ahead: &Ahead, history: &History) -> Option<Prediction> {
    if history.is_empty() {
        return None;
    }
    let last = history.last(plan);
    let mut all: Vec<Expected> = Vec::with_capacity(plan.stages().len());
    for (id, _) in plan.stages() {
        let expected = one(plan, id, ahead, history, &last, &all);
        all.push(expected);
    }
    Some(Prediction(all))
}

fn one(
    plan: &Plan,
    id: StageId,
    ahead: &Ahead,
    history: &History,
    last: &Records,
    known: &[Expected],
) -> Expected {
    if ahead.forced.contains(&id) {
        return Expected::Runs;
    }
    if ahead.published.contains(&id) || history.knows(ahead.keys.get(id)) {
        return Expected::Cached;
    }
    let before = plan.before(id);
    if before.iter().any(|(id, _)| ahead.published.contains(id)) {
        return Expected::MayRun;
    }
    let stage = plan.stage(id);
    let Some(record) = last.0.get(&stage.id) else {
        return Expected::Runs;
    };
    let own = differences(record, &stage.key);
    if own
        .iter()
        .any(|cause| !matches!(cause, Cause::Stage { .. }))
    {
        return Expected::Runs;
    }
    let among = |edge: Edge, what: &[Expected]| {
        let mut some = before.iter().filter(|(_, kind)| *kind == edge);
        some.any(|(id, _)| what.contains(&known[id.index()]))
    };
    if among(Edge::Needs, &[Expected::Runs]) {
        Expected::Runs
    } else if among(Edge::Needs, &[Expected::MayRun, Expected::Lost])
        || among(
            Edge::Reads,
            &[Expected::Runs, Expected::MayRun, Expected::Lost],
        )
    {
        Expected::MayRun
    } else {
        Expected::Runs
    }
}

/// Holds a prediction against what happened. What could not be foretold is not judged.
pub fn expect(
    plan: &Plan,
    keys: &Keys,
    prediction: &Prediction,
    report: &Report,
) -> PredictionReport {
    let mut found = PredictionReport::default();
    let ids: BTreeMap<&str, StageId> = plan
        .stages()
        .map(|(id, stage)| (stage.id.as_str(), id))
        .collect();
    for stage in &report.stages {
        let Some(&id) = ids.get(stage.id.as_str()) else {
            continue;
        };
        let judged = matches!(stage.state, StageState::Ran | StageState::Cached);
        let predicted = match prediction.of(id) {
            Expected::Cached if judged => StageState::Cached,
            Expected::Runs if judged => StageState::Ran,
            _ => continue,
        };
        found.checked += 1;
        if predicted != stage.state {
            found.mismatches.push(Mismatch {
                stage: stage.id.clone(),
                key: keys.get(id).to_owned(),
                predicted,
                observed: stage.state,
            });
        }
    }
    found
}
