//! The stages of a plan as things to count.

use std::collections::HashMap;

use layercake_planner::plan::{KeyRecord, Plan, StageId};

use crate::tally::{Hash, Key};

/// A stage of a plan, with two keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedStage {
    /// Its name in the plan.
    pub id: String,
    /// What decides whether it runs.
    pub key: Key,
    /// The same without the filesystem that it runs on: what it does, what it reads, and what those it reads from do.
    /// Nothing can spare a run for which this changed.
    pub meaning: Key,
}

/// The stages of the plan, in its order.
pub fn stages(plan: &Plan) -> Vec<PlannedStage> {
    let mut meanings: HashMap<&str, Key> = HashMap::new();
    let mut all = Vec::with_capacity(plan.stages().len());
    for (id, stage) in plan.stages() {
        let meaning = meaning(plan, id, &meanings);
        meanings.insert(&stage.id, meaning);
        let key = Hash::new(stage.key.digest()).key();
        all.push(PlannedStage {
            id: stage.id.clone(),
            key,
            meaning,
        });
    }
    all
}

fn meaning(plan: &Plan, id: StageId, meanings: &HashMap<&str, Key>) -> Key {
    let record = &plan.stage(id).key;
    let own = KeyRecord {
        needs: Vec::new(),
        reads: Vec::new(),
        ..KeyRecord::clone(record)
    };
    let mut hash = Hash::new(&own.digest());
    for read in &record.reads {
        hash.add(
            meanings
                .get(read.stage.as_str())
                .copied()
                .unwrap_or_default(),
        );
    }
    hash.key()
}
