//! What a build recalls of earlier ones: it says what will run and why, holds that against what happened, and keeps
//! its own records.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use layercake_planner::explain::Records;
use layercake_planner::plan::{Plan, StageId};
use layercake_solve::{Report, StageState, new_id};

use super::{Build, Denied};
use crate::args::ProgressMode;
use crate::explain::{
    Ahead, Earlier, Explained, Explanation, Keys, Prediction, expect, predict, short,
};
use crate::records::{Builder, History, Kept, KeptStage, Store, imported};
use crate::settings::Environment;

/// What is recalled.
#[derive(Debug)]
pub struct Recall {
    /// What tells the forced runs of stages from others, by the digests of their keys: those of earlier builds, whose
    /// results are the ones to use, and those of this build.
    pub reruns: BTreeMap<String, String>,
    /// The images that results are taken from: of stages that were forced to run, the results of these runs are used.
    pub published: BTreeMap<StageId, String>,
    ahead: Ahead,
    store: Option<Store>,
    history: History,
    /// Records beside a cache, for a builder that nothing is known of.
    imported: Option<Earlier>,
    prediction: Option<Prediction>,
    /// What was told before the build.
    told: Option<Explanation>,
}

impl Recall {
    /// What is known before the build. Records that cannot be read are said to be, and are no reason not to build.
    pub fn of(
        build: &Build<'_>,
        plan: &Plan,
        published: &BTreeMap<StageId, String>,
        environment: &impl Environment,
    ) -> Self {
        let of = Builder {
            project: plan.project.clone(),
            address: build.daemon.address.to_string(),
        };
        let store = Store::of(environment, of.clone());
        let (store, history) = match store.map(|store| (store.read(), store)) {
            Some((Ok(history), store)) => (Some(store), history),
            Some((Err(error), _)) => {
                build.printer.note(&format!("note: {error:#}"));
                (None, History::new(of))
            }
            None => (None, History::new(of)),
        };
        let forced = plan
            .stages()
            .filter(|(_, stage)| build.settings.no_cache.has(&stage.name));
        let forced: BTreeSet<StageId> = forced.map(|(id, _)| id).collect();
        let mut reruns = history.reruns(plan);
        reruns.extend(
            forced
                .iter()
                .map(|id| (plan.stage(*id).key.digest().to_owned(), new_id())),
        );
        let mut published = published.clone();
        published.retain(|id, _| !reruns.contains_key(plan.stage(*id).key.digest()));
        let ahead = Ahead {
            keys: Keys::of(plan, &reruns, &published),
            forced,
            published: published.keys().copied().collect(),
        };
        let mut prediction = predict(plan, &ahead, &history);
        if !build.settings.cache_from.is_empty() {
            prediction = prediction.map(Prediction::with_imports);
        }
        Self {
            reruns,
            published,
            ahead,
            store,
            history,
            imported: None,
            prediction,
            told: None,
        }
    }

    /// With the records beside the caches that are imported, if nothing is known of the builder.
    pub async fn with_imported(
        self,
        build: &Build<'_>,
        session: &str,
        plan: &Plan,
    ) -> anyhow::Result<Self> {
        if !self.history.is_empty() {
            return Ok(self);
        }
        let imports = &build.settings.cache_from;
        let imported = imported(build.daemon, session, plan, imports, build.printer).await?;
        Ok(Self { imported, ..self })
    }

    /// What the plan is compared with.
    fn earlier(&self, plan: &Plan) -> Earlier {
        self.imported.clone().unwrap_or_else(|| Earlier {
            against: "last".to_owned(),
            records: self.history.last(plan),
        })
    }

    /// Says in a few lines what will run and why; nothing if all is in the cache, or nothing is known. Of the stages
    /// that are `lost` the daemon's cache has nothing.
    pub fn told(mut self, build: &Build<'_>, plan: &Plan, lost: &BTreeSet<String>) -> Self {
        if self.prediction.is_none() && self.imported.is_none() {
            return self;
        }
        let prediction = self.prediction.take();
        let prediction = prediction.map(|prediction| prediction.without(plan, lost));
        let earlier = self.earlier(plan);
        let explanation = Explanation::new(plan, &earlier, prediction.as_ref(), &self.history);
        if build.settings.progress != ProgressMode::Quiet {
            build.printer.note(&short(&explanation));
        }
        self.prediction = prediction;
        self.told = Some(explanation);
        self
    }

    /// Holds the prediction against what happened, says what differs, and keeps the records of the build.
    pub fn check(&self, build: &Build<'_>, plan: &Plan, mut report: Report) -> Report {
        if let Some(prediction) = &self.prediction {
            let found = expect(plan, &self.ahead.keys, prediction, &report);
            for mismatch in &found.mismatches {
                let told = match mismatch.observed {
                    StageState::Ran => {
                        "ran though an earlier build left its result; the daemon may have pruned it"
                    }
                    _ => "was in the cache though no build that is known of left it there",
                };
                let key: String = mismatch.key.chars().take(12).collect();
                build
                    .printer
                    .note(&format!("note: {} (key {key}) {told}", mismatch.stage));
            }
            report.prediction = Some(found);
        }
        if let Some(told) = &self.told {
            told.add_to(&mut report);
        }
        if let Err(error) = self.keep(plan, &report) {
            build.printer.note(&format!("note: {error:#}"));
        }
        report
    }

    /// The denial, with what changed of the stage since it was built last.
    pub fn explained(&self, plan: &Plan, denied: Denied) -> Denied {
        let earlier = self.earlier(plan);
        let mut explanation = Explanation::new(plan, &earlier, None, &self.history);
        explanation.retain(std::slice::from_ref(&denied.stage));
        let causes = explanation.stages.iter().flat_map(Explained::changes);
        let because = causes.map(|cause| format!("\n  changed: {cause}"));
        Denied {
            because: because.collect(),
            ..denied
        }
    }

    fn keep(&self, plan: &Plan, report: &Report) -> anyhow::Result<()> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let ids: BTreeMap<&str, StageId> = plan
            .stages()
            .map(|(id, stage)| (stage.id.as_str(), id))
            .collect();
        let done = |stage: &&layercake_solve::StageReport| {
            matches!(stage.state, StageState::Ran | StageState::Cached)
        };
        let learnt = report.stages.iter().filter(done);
        let learnt =
            learnt.filter_map(|stage| Some(self.ahead.keys.get(*ids.get(stage.id.as_str())?)));
        let learnt: Vec<&str> = learnt.collect();
        let stages = report.stages.iter().map(|stage| {
            let kept = KeptStage {
                key: stage.digest.clone(),
                state: stage.state,
                seconds: stage.seconds,
                bytes: stage.bytes,
            };
            (stage.id.clone(), kept)
        });
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let kept = Kept {
            at: now.map_or(0, |now| now.as_secs()),
            succeeded: report.stages.iter().all(|stage| done(&stage)),
            platform: plan.platform.to_string(),
            services: plan
                .services
                .iter()
                .map(|service| service.name.clone())
                .collect(),
            stages: stages.collect(),
        };
        let ran = self.ahead.forced.iter().filter(|id| {
            let stage = plan.stage(**id);
            let mut told = report.stages.iter().filter(|told| told.id == stage.id);
            stage.work.is_command() && told.any(|told| told.state == StageState::Ran)
        });
        let ran: Vec<&str> = ran.map(|id| plan.stage(*id).key.digest()).collect();
        store.update(|history| {
            history.learn(learnt);
            for key in &ran {
                history.rerun(key, &self.reruns[*key]);
            }
            history.keep(kept, &Records::of(plan));
        })
    }
}
