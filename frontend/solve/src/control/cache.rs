//! What a daemon's cache holds, and how to remove from it.

use crate::events::Time;
use buildkit_proto::moby::buildkit::v1 as wire;
use std::time::Duration;

/// Something in the daemon's cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheRecord {
    /// The record's id.
    pub id: String,
    /// `regular`, `source.local`, `exec.cachemount`, `source.git.checkout`, `frontend` or `internal`.
    pub kind: String,
    /// The name of the vertex that made it.
    pub description: String,
    /// Bytes on the daemon's disk, those of its parents not counted.
    pub bytes: u64,
    /// When it was made.
    pub created: Option<Time>,
    /// When a build last used it.
    pub last_used: Option<Time>,
    /// The records that it stands on, by id.
    pub parents: Vec<String>,
    /// Whether something uses it right now.
    pub in_use: bool,
    /// Whether an image or another record holds the same data, so that removing it frees nothing.
    pub shared: bool,
    /// How many builds used it.
    pub uses: u64,
}

/// What to remove; the default is all that nothing uses and nothing shares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PruneOptions {
    /// Filters such as `type==exec.cachemount`; a record goes if it passes one of them.
    pub filters: Vec<String>,
    /// Whether internal and frontend records go too.
    pub all: bool,
    /// Keeps what was used within this time.
    pub keep_newer_than: Option<Duration>,
}

impl PruneOptions {
    /// Only these records, by id; nothing if there are none, since without a filter all records would go.
    pub fn records<'i>(ids: impl IntoIterator<Item = &'i str>) -> Option<Self> {
        let filters: Vec<_> = ids.into_iter().map(|id| format!("id=={id}")).collect();
        (!filters.is_empty()).then(|| Self {
            filters,
            ..Self::default()
        })
    }

    pub(crate) fn to_wire(&self) -> wire::PruneRequest {
        let nanoseconds = self
            .keep_newer_than
            .map_or(0, |keep| i64::try_from(keep.as_nanos()).unwrap_or(i64::MAX));
        wire::PruneRequest {
            filter: self.filters.clone(),
            all: self.all,
            keep_duration: nanoseconds,
            ..Default::default()
        }
    }
}

impl From<wire::UsageRecord> for CacheRecord {
    fn from(record: wire::UsageRecord) -> Self {
        Self {
            id: record.id,
            kind: record.record_type,
            description: record.description,
            bytes: u64::try_from(record.size).unwrap_or(0),
            created: record.created_at.map(Time::from),
            last_used: record.last_used_at.map(Time::from),
            parents: record.parents,
            in_use: record.in_use,
            shared: record.shared,
            uses: u64::try_from(record.usage_count).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_records_are_not_all_records() {
        assert_eq!(PruneOptions::records([]), None);
        let options = PruneOptions::records(["a", "b"]).expect("two records");
        assert_eq!(options.to_wire().filter, ["id==a", "id==b"]);
    }
}
