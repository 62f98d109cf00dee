//! Why stages run again: two sets of key records, compared.
//!
//! [`compare`] names every difference, by package, file and value, and tells root causes from what follows of them.
//! It is total: whatever two records hold, equal digests are no difference, and other digests are at least one.

mod align;
mod cause;
mod label;
mod packages;
mod parameters;
mod record;
mod show;

pub use cause::{Cause, FileChange, ImageVersion, Relation};
pub use label::{LABEL, LabelError, Labelled, label, read_label};
pub use record::differences;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::plan::{Key, Plan, StageId};

/// The keys of stages by their names in the plan, in the plan's order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Records(pub IndexMap<String, Key>);

impl Records {
    /// Those of all stages of a plan.
    pub fn of(plan: &Plan) -> Self {
        let records = plan.stages().map(|(_, stage)| stage);
        Self(
            records
                .map(|stage| (stage.id.clone(), stage.key.clone()))
                .collect(),
        )
    }

    /// Those of some stages.
    pub fn of_stages(plan: &Plan, stages: &[StageId]) -> Self {
        let own = stages.iter().map(|id| plan.stage(*id));
        Self(
            own.map(|stage| (stage.id.clone(), stage.key.clone()))
                .collect(),
        )
    }

    fn digests(&self) -> HashSet<&str> {
        self.0.values().map(Key::digest).collect()
    }
}

/// What became of a stage between two plans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageChange {
    /// Its name in the later plan, or in the earlier if it is gone.
    pub stage: String,
    /// Its kind.
    pub kind: String,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What became of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// Its key is the same; it may bear another name.
    Unchanged,
    /// It was not there.
    New,
    /// It is no longer there.
    Gone,
    /// Its key is another.
    Changed {
        /// What differs in itself: the roots of what follows.
        causes: Vec<Cause>,
        /// Stages that it stands on or reads, and that changed themselves.
        because_of: Vec<String>,
    },
}

/// Compares every stage of two plans: those of the later in its order, then those that are gone.
pub fn compare(before: &Records, after: &Records) -> Vec<StageChange> {
    let (old, new) = (before.digests(), after.digests());
    let partners = partners(before, after, &old, &new);
    let mut changes: Vec<StageChange> = Vec::with_capacity(after.0.len());
    for (id, record) in &after.0 {
        let verdict = if old.contains(record.digest()) {
            Verdict::Unchanged
        } else {
            match partners.get(id.as_str()) {
                Some(partner) => changed(&before.0[*partner], record),
                None => Verdict::New,
            }
        };
        changes.push(change(id, record, verdict));
    }
    let paired: BTreeSet<&str> = partners.values().copied().collect();
    let gone = before
        .0
        .iter()
        .filter(|(id, record)| !paired.contains(id.as_str()) && !new.contains(record.digest()));
    changes.extend(gone.map(|(id, record)| change(id, record, Verdict::Gone)));
    changes
}

fn change(stage: &str, record: &Key, verdict: Verdict) -> StageChange {
    StageChange {
        stage: stage.to_owned(),
        kind: record.kind.clone(),
        verdict,
    }
}

/// Of records whose digests are others.
fn changed(before: &Key, after: &Key) -> Verdict {
    let mut because_of = Vec::new();
    let mut causes = Vec::new();
    for cause in record::of_others(before, after) {
        match cause {
            Cause::Stage { stage, .. } => because_of.push(stage),
            own => causes.push(own),
        }
    }
    because_of.dedup();
    Verdict::Changed { causes, because_of }
}

/// The stage of the earlier plan that each stage of the later one is compared with: that of its name, else the only
/// one that was made of the same stage of the file and has no other partner. What a stage runs on is part of its
/// name in the plan, and may be what changed.
fn partners<'r>(
    before: &'r Records,
    after: &'r Records,
    old: &HashSet<&str>,
    new: &HashSet<&str>,
) -> BTreeMap<&'r str, &'r str> {
    let mut partners = BTreeMap::new();
    let both = after.0.keys().filter(|id| before.0.contains_key(*id));
    partners.extend(both.map(|id| (id.as_str(), id.as_str())));
    let lonely = |own: &'r Records, other: &'r Records, known: &HashSet<&str>| {
        let mut by_origin: BTreeMap<(&'r str, &'r str), Vec<&'r str>> = BTreeMap::new();
        for (id, record) in &own.0 {
            if !other.0.contains_key(id) && !known.contains(record.digest()) {
                let name = id.split('@').next().unwrap_or(id);
                by_origin.entry((name, &record.kind)).or_default().push(id);
            }
        }
        by_origin
    };
    let earlier = lonely(before, after, new);
    for (origin, later) in lonely(after, before, old) {
        if let ([id], Some([partner])) = (later.as_slice(), earlier.get(&origin).map(Vec::as_slice))
        {
            partners.insert(id, partner);
        }
    }
    partners
}
