//! The builds that a daemon remembers.

use crate::events::Time;
use buildkit_proto::moby::buildkit::v1 as wire;
use serde::Serialize;
use std::collections::BTreeMap;

/// A build that the daemon remembers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BuildRecord {
    /// The build's id.
    pub reference: String,
    /// The frontend that it ran, empty for a build that a client drove.
    pub frontend: String,
    /// The frontend's options, as the client sent them.
    pub attributes: BTreeMap<String, String>,
    /// When it began.
    pub created: Option<Time>,
    /// When it ended; it runs still if this is missing.
    pub completed: Option<Time>,
    /// Steps whose results were there.
    pub cached_steps: u64,
    /// Steps that are done.
    pub completed_steps: u64,
    /// All steps.
    pub total_steps: u64,
    /// Why it failed.
    pub error: Option<String>,
}

impl From<wire::BuildHistoryRecord> for BuildRecord {
    fn from(record: wire::BuildHistoryRecord) -> Self {
        let count = |number: i32| u64::try_from(number).unwrap_or(0);
        Self {
            reference: record.r#ref,
            frontend: record.frontend,
            attributes: record.frontend_attrs.into_iter().collect(),
            created: record.created_at.map(Time::from),
            completed: record.completed_at.map(Time::from),
            cached_steps: count(record.num_cached_steps),
            completed_steps: count(record.num_completed_steps),
            total_steps: count(record.num_total_steps),
            error: record.error.map(|error| error.message),
        }
    }
}
