//! What a daemon says of itself.

use buildkit_proto::moby::buildkit::v1::types::{BuildkitVersion, WorkerRecord};
use buildkit_proto::pb;
use std::collections::BTreeMap;

/// The daemon's version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DaemonInfo {
    /// The Go package that it was built from.
    pub package: String,
    /// Such as `v0.32.2`.
    pub version: String,
    /// The commit.
    pub revision: String,
}

/// A worker of the daemon.
#[derive(Debug, Clone, PartialEq)]
pub struct Worker {
    /// The worker's id.
    pub id: String,
    /// Labels such as `org.mobyproject.buildkit.worker.snapshotter`.
    pub labels: BTreeMap<String, String>,
    /// The platforms that it builds for, its own first.
    pub platforms: Vec<pb::Platform>,
}

impl From<BuildkitVersion> for DaemonInfo {
    fn from(version: BuildkitVersion) -> Self {
        Self {
            package: version.package,
            version: version.version,
            revision: version.revision,
        }
    }
}

impl From<WorkerRecord> for Worker {
    fn from(record: WorkerRecord) -> Self {
        Self {
            id: record.id,
            labels: record.labels.into_iter().collect(),
            platforms: record.platforms,
        }
    }
}
