//! Which records a prune removes: those that are neither kept nor below one that is kept.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use layercake_lower::Whole;
use layercake_planner::plan::Plan;
use layercake_solve::CacheRecord;
use layercake_solve::events::Time;
use serde::Serialize;

use super::{Held, Owner, Owners};
use crate::args::Keep;
use crate::replay::Costs;
use crate::settings::UsageError;

/// What a prune may remove.
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    /// What of the project is kept.
    pub keep: Keep,
    /// Whether what the daemon keeps for itself goes too.
    pub all: bool,
    /// How long a record must not have been used.
    pub age: Option<Duration>,
}

/// What was removed, or would be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pruned {
    /// The version of this form: 1.
    pub version: u32,
    /// Whether nothing was removed.
    pub dry_run: bool,
    /// What goes.
    pub removed: Held,
    /// The stages that have to run again for it, as they are planned now.
    pub stages: Vec<LostStage>,
    /// The seconds that takes, as far as they are known.
    pub seconds: f64,
    /// What goes, record by record.
    pub records: Vec<Gone>,
}

/// A stage whose result goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LostStage {
    /// Its name in the plan.
    pub stage: String,
    /// The seconds of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// A record that goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gone {
    /// Its id.
    pub id: String,
    /// Its bytes.
    pub bytes: u64,
    /// What it is.
    pub description: String,
}

/// The records to remove.
pub fn select(
    plan: &Plan,
    whole: &Whole,
    records: &[CacheRecord],
    selection: &Selection,
) -> Vec<CacheRecord> {
    let owners = Owners::of(plan, whole);
    let expensive: BTreeSet<&str> = (plan.stages())
        .filter(|(_, stage)| stage.expensive)
        .map(|(_, stage)| stage.id.as_str())
        .collect();
    let kept = |record: &CacheRecord| match (selection.keep, owners.owner(record)) {
        (Keep::Nothing, _) => false,
        (_, Owner::Packages(_)) | (Keep::Stages, Owner::Stages(_)) => true,
        (Keep::Expensive, Owner::Stages(stages)) => stages
            .iter()
            .any(|stage| expensive.contains(stage.as_str())),
        _ => false,
    };
    removable(records, selection, now(), kept)
}

fn now() -> Time {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// The records that the daemon can let go of: what something stands on stays with it.
pub(super) fn removable(
    records: &[CacheRecord],
    selection: &Selection,
    now: Time,
    kept: impl Fn(&CacheRecord) -> bool,
) -> Vec<CacheRecord> {
    let young = |record: &CacheRecord| {
        let used = record.last_used.or(record.created);
        match (selection.age, used) {
            (Some(age), Some(used)) => now.seconds_since(used) < age.as_secs_f64(),
            _ => false,
        }
    };
    let own = |record: &CacheRecord| {
        !selection.all && (record.shared || matches!(record.kind.as_str(), "internal" | "frontend"))
    };
    let by_id: HashMap<&str, &CacheRecord> = records
        .iter()
        .map(|record| (record.id.as_str(), record))
        .collect();
    let stays =
        |record: &&CacheRecord| record.in_use || young(record) || own(record) || kept(record);
    let mut open: Vec<&CacheRecord> = records.iter().filter(stays).collect();
    let mut staying: HashSet<&str> = HashSet::new();
    while let Some(record) = open.pop() {
        if staying.insert(&record.id) {
            open.extend(
                record
                    .parents
                    .iter()
                    .filter_map(|id| by_id.get(id.as_str())),
            );
        }
    }
    records
        .iter()
        .filter(|record| !staying.contains(record.id.as_str()))
        .cloned()
        .collect()
}

impl Pruned {
    /// What these records were.
    pub fn of(
        plan: &Plan,
        whole: &Whole,
        removed: &[CacheRecord],
        costs: &Costs,
        dry_run: bool,
    ) -> Self {
        let owners = Owners::of(plan, whole);
        let mut held = Held::default();
        let mut lost = BTreeSet::new();
        for record in removed {
            held.add(record);
            if let Owner::Stages(stages) = owners.owner(record) {
                lost.extend(stages);
            }
        }
        let stages: Vec<_> = lost
            .into_iter()
            .map(|stage| LostStage {
                seconds: costs.of_stage(&stage),
                stage,
            })
            .collect();
        Self {
            version: super::VERSION,
            dry_run,
            removed: held,
            seconds: stages.iter().filter_map(|stage| stage.seconds).sum(),
            stages,
            records: removed
                .iter()
                .map(|record| Gone {
                    id: record.id.clone(),
                    bytes: record.bytes,
                    description: record.description.clone(),
                })
                .collect(),
        }
    }
}

/// Reads `30m`, `12h`, `7d`.
pub fn older_than(text: &str) -> Result<Duration, UsageError> {
    let units = [
        ("s", 1),
        ("m", 60),
        ("h", 3600),
        ("d", 86400),
        ("w", 604_800),
    ];
    let read = || {
        let (unit, seconds) = units.iter().find(|(unit, _)| text.ends_with(unit))?;
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(*seconds).map(Duration::from_secs)
    };
    read().ok_or_else(|| {
        UsageError::new(format!(
            "`--older-than {text}` is no time; write a number and s, m, h, d or w"
        ))
    })
}
