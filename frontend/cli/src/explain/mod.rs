//! What a build will do and why, before it does it: records compared, the outcome predicted, costs from earlier runs.

mod against;
mod predict;
mod text;

pub use against::{Against, Earlier, decode, read_file};
pub use predict::{Ahead, Keys, Prediction, expect, predict};
pub use text::{long, short};

use std::collections::BTreeMap;

use layercake_planner::explain::{Records, StageChange, Verdict, compare};
use layercake_planner::plan::Plan;
use layercake_solve::{CauseReport, Expected, Foretold, Report};
use serde::Serialize;

use crate::records::{Cost, History};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// What a build will do and why. As JSON it is versioned: a field is added at any time, and changed or removed never.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    version: u32,
    /// The project.
    pub project: String,
    /// The platform.
    pub platform: String,
    /// What was compared with.
    pub against: String,
    /// Whether anything is known of earlier builds on the builder, so that what is expected can be told.
    pub predicted: bool,
    /// The stages, the dearest of those that do not come from the cache first.
    pub stages: Vec<Explained>,
}

/// A stage, explained.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// What became of its record.
    #[serde(flatten)]
    pub change: StageChange,
    /// The digest of its key; none if it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The services that it is for.
    pub services: Vec<String>,
    /// What it will do, if that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// What it took when it ran last, where that is known.
    #[serde(flatten)]
    pub cost: Option<Cost>,
}

impl Explanation {
    /// Of a plan against records; the prediction and costs are those of the builder.
    pub fn new(
        plan: &Plan,
        earlier: &Earlier,
        prediction: Option<&Prediction>,
        history: &History,
    ) -> Self {
        let stages: BTreeMap<&str, _> = plan
            .stages()
            .map(|(id, stage)| (stage.id.as_str(), (id, stage)))
            .collect();
        let changes = compare(&earlier.records, &Records::of(plan)).into_iter();
        let mut stages: Vec<_> = changes
            .map(|change| {
                let here = stages.get(change.stage.as_str());
                let services = here
                    .iter()
                    .flat_map(|(_, stage)| stage.services.iter().cloned());
                Explained {
                    key: here.map(|(_, stage)| stage.key.digest().to_owned()),
                    services: services.collect(),
                    expected: here.and_then(|(id, _)| Some(*prediction?.of(*id))),
                    cost: history.cost(&change.stage),
                    change,
                }
            })
            .collect();
        // Stable: equal costs stay in the plan's order.
        stages.sort_by(|a, b| b.weight().total_cmp(&a.weight()));
        Self {
            version: VERSION,
            project: plan.project.clone(),
            platform: plan.platform.to_string(),
            against: earlier.against.clone(),
            predicted: prediction.is_some(),
            stages,
        }
    }

    /// Only these stages, by their names in the file or the plan.
    pub fn retain(&mut self, names: &[String]) {
        let is_wanted = |stage: &str| {
            let origin = stage.split('@').next().unwrap_or(stage);
            names
                .iter()
                .any(|wanted| wanted == stage || wanted == origin)
        };
        self.stages.retain(|stage| is_wanted(&stage.change.stage));
    }

    /// The report of the build that followed, with what was told of its stages.
    pub fn add_to(&self, report: &mut Report) {
        let told: BTreeMap<&str, &Explained> = self
            .stages
            .iter()
            .map(|stage| (stage.change.stage.as_str(), stage))
            .collect();
        for stage in &mut report.stages {
            let told = told.get(stage.id.as_str());
            stage.foretold = told.and_then(|told| told.foretold());
        }
    }

    /// The stages that are not simply found in the cache.
    pub fn at_work(&self) -> impl Iterator<Item = &Explained> {
        self.stages.iter().filter(|stage| stage.is_at_work())
    }
}

impl Explained {
    /// Whether it will or may run; where nothing is expected, whether it changed.
    fn is_at_work(&self) -> bool {
        match &self.expected {
            Some(expected) => *expected != Expected::Cached,
            None => !matches!(self.change.verdict, Verdict::Unchanged | Verdict::Gone),
        }
    }

    /// Whether it is a root of what happens, and not only follows from other stages.
    fn is_root(&self) -> bool {
        match &self.change.verdict {
            Verdict::Changed { causes, because_of } => !causes.is_empty() || because_of.is_empty(),
            Verdict::Unchanged | Verdict::New | Verdict::Gone => true,
        }
    }

    fn because_of(&self) -> &[String] {
        match &self.change.verdict {
            Verdict::Changed { because_of, .. } => because_of,
            _ => &[],
        }
    }

    /// What changed of it, a line each; nothing of one that is new or as it was.
    pub fn changes(&self) -> Vec<String> {
        match &self.change.verdict {
            Verdict::Changed { .. } => text::causes(self)
                .into_iter()
                .map(|cause| cause.0)
                .collect(),
            _ => Vec::new(),
        }
    }

    fn foretold(&self) -> Option<Foretold> {
        let causes = text::causes(self).into_iter();
        let cause = |(text, details): (String, &str)| CauseReport {
            text,
            details: details.to_owned(),
        };
        Some(Foretold {
            expected: self.expected?,
            causes: causes.filter(|_| self.is_told()).map(cause).collect(),
            because_of: self.because_of().to_vec(),
        })
    }

    /// Whether it has causes of its own to tell.
    fn is_told(&self) -> bool {
        match &self.change.verdict {
            Verdict::Changed { causes, .. } => !causes.is_empty(),
            _ => self.is_at_work(),
        }
    }

    /// What it weighs in the order: seconds, for those that are at work.
    fn weight(&self) -> f64 {
        if self.is_at_work() {
            self.cost.map_or(0.0, |cost| cost.seconds)
        } else {
            -1.0
        }
    }
}
