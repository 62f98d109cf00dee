//! What was told of a build before it began, and how that was held against what happened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StageState;

/// What was told of a stage before the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Foretold {
    /// What it was expected to do.
    pub expected: Expected,
    /// Why: what differs in itself from the last build that had a result of it, each with its old and new value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<CauseReport>,
    /// The stages that it stands on or reads from and that changed, by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because_of: Vec<String>,
}

/// What a stage will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// Its result is there.
    Cached,
    /// It runs.
    Runs,
    /// It runs unless what it reads of other stages comes out the same: BuildKit compares that by content.
    MayRun,
    /// It was built, and the builder's cache has no result under its description any more.
    Lost,
}

/// One cause, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CauseReport {
    /// In one line, such as `packages.yaml: numpy 1.26 -> 2.0`.
    pub text: String,
    /// The lines of a text that differ, as a unified difference; empty for all else.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub details: String,
}

/// A prediction, held against what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PredictionReport {
    /// How many stages something was foretold of that can be judged.
    pub checked: usize,
    /// The stages that did something else.
    pub mismatches: Vec<Mismatch>,
}

/// A stage that did something else than was foretold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mismatch {
    /// The stage's name in the plan.
    pub stage: String,
    /// What its result is filed under.
    pub key: String,
    /// What was foretold.
    pub predicted: StageState,
    /// What happened.
    pub observed: StageState,
}
