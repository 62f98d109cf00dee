//! What happens during a build, as BuildKit reports it.
//!
//! [`Event`] is one thing that was reported; [`Timeline`] folds many to what is known now. Events come from the control
//! API, from lines that `docker buildx build --progress=rawjson` prints, or from a file that a build recorded earlier,
//! which has the same lines: [`parse_line`] reads them and [`to_line`] writes them.

mod rawjson;
mod time;
mod timeline;
mod wire;

pub use rawjson::{LineError, parse_line, to_line};
pub use time::Time;
pub use timeline::{Step, Timeline};

use buildkit_proto::pb;

/// One thing that was reported.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The state of a vertex. A vertex is reported again whenever its state changes; the last report counts.
    Vertex(Vertex),
    /// The progress of something inside a vertex, such as one layer's download.
    Progress(Progress),
    /// Output of a vertex.
    Log(Log),
    /// Something that the user should know.
    Warning(Warning),
}

/// A node of the build's graph and how far it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vertex {
    /// The digest, as the daemon computes it.
    pub digest: String,
    /// What progress shows.
    pub name: String,
    /// The digests of the vertices that it needs.
    pub inputs: Vec<String>,
    /// When it began, if it did.
    pub started: Option<Time>,
    /// When it ended, if it did.
    pub completed: Option<Time>,
    /// Whether the result came from the cache.
    pub cached: bool,
    /// Why it failed, or that it was cancelled.
    pub error: Option<String>,
    /// The group that it is shown in, if any: id and name.
    pub group: Option<(String, String)>,
}

/// How far something inside a vertex is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// What it is, such as `sha256:…` or `transferring context:`.
    pub id: String,
    /// The digest of the vertex.
    pub vertex: String,
    /// A longer name, or nothing.
    pub name: String,
    /// Bytes, or whatever is counted, so far.
    pub current: i64,
    /// Of how many, if that is known; 0 if not.
    pub total: i64,
    /// When this was so.
    pub timestamp: Option<Time>,
    /// When it began.
    pub started: Option<Time>,
    /// When it ended.
    pub completed: Option<Time>,
}

/// A piece of a vertex's output; pieces needn't end at line ends.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// The digest of the vertex.
    pub vertex: String,
    /// 1 for standard output, 2 for standard error.
    pub stream: i64,
    /// The bytes.
    pub data: Vec<u8>,
    /// When.
    pub timestamp: Option<Time>,
}

/// A warning, at a vertex and perhaps at lines of a source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Warning {
    /// The digest of the vertex.
    pub vertex: String,
    /// 1 for a warning that everybody should see; higher is less important.
    pub level: i64,
    /// One line.
    pub short: String,
    /// Further lines.
    pub detail: Vec<String>,
    /// Where to read more.
    pub url: String,
    /// The source that it is about.
    pub source: Option<pb::SourceInfo>,
    /// The ranges in the source.
    pub ranges: Vec<pb::Range>,
}
