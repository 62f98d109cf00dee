//! `layercake build --report FILE`, held against what BuildKit told.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::Outcome;
use crate::outcome::difference;

#[derive(Deserialize)]
struct Report {
    version: u32,
    stages: Vec<Stage>,
}

#[derive(Deserialize)]
struct Stage {
    id: String,
    state: String,
}

/// Fails if the report and BuildKit's own account differ.
pub fn check(report: &Path, outcome: &Outcome) -> Result<()> {
    let text = fs::read_to_string(report).context("a build that ended well writes a report")?;
    let report: Report =
        serde_json::from_str(&text).with_context(|| format!("no report: {text}"))?;
    ensure!(
        report.version == 1,
        "a report of version {}",
        report.version
    );
    ensure!(!report.stages.is_empty(), "a report without stages");
    let ran: BTreeSet<_> = report
        .stages
        .iter()
        .filter(|stage| stage.state == "ran")
        .map(|stage| stage.id.as_str())
        .collect();
    difference(&ran, &outcome.ran()).context("the report differs from what BuildKit told")
}
