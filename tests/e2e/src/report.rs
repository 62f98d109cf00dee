//! `layercake build --report FILE`, held against what BuildKit told.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::Outcome;
use crate::outcome::Account;

#[derive(Deserialize)]
struct Report {
    version: u32,
    stages: Vec<Stage>,
}

#[derive(Deserialize)]
struct Stage {
    id: String,
    digest: String,
    state: String,
}

/// The outcome by the report; fails if what BuildKit told is something else.
pub fn check(report: &Path, outcome: Outcome) -> Result<Outcome> {
    let text = fs::read_to_string(report).context("a build that ended well writes a report")?;
    let report: Report =
        serde_json::from_str(&text).with_context(|| format!("no report: {text}"))?;
    ensure!(
        report.version == 1,
        "a report of version {}",
        report.version
    );
    ensure!(!report.stages.is_empty(), "a report without stages");
    let account = report.stages.into_iter().map(|stage| Account {
        id: stage.id,
        key: stage.digest,
        ran: stage.state == "ran",
    });
    let account: Vec<_> = account.collect();
    outcome
        .with_account(&account)
        .context("the report differs from what BuildKit told")
}
