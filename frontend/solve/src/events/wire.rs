//! Events from the messages of the control API, and a warning to the gateway's.

use super::{Event, Log, Progress, Time, Vertex, Warning};
use buildkit_proto::moby::buildkit::v1 as control;
use control::frontend::WarnRequest;

impl Event {
    /// The events of one message, vertices first, as the daemon means them to be applied.
    pub fn from_wire(update: control::StatusResponse) -> Vec<Self> {
        let vertices = update
            .vertexes
            .into_iter()
            .map(|vertex| Self::Vertex(vertex.into()));
        let progress = update
            .statuses
            .into_iter()
            .map(|status| Self::Progress(status.into()));
        let logs = update.logs.into_iter().map(|log| Self::Log(log.into()));
        let warnings = update
            .warnings
            .into_iter()
            .map(|warning| Self::Warning(warning.into()));
        vertices
            .chain(progress)
            .chain(logs)
            .chain(warnings)
            .collect()
    }
}

impl From<control::Vertex> for Vertex {
    fn from(vertex: control::Vertex) -> Self {
        Self {
            digest: vertex.digest,
            name: vertex.name,
            inputs: vertex.inputs,
            started: vertex.started.map(Time::from),
            completed: vertex.completed.map(Time::from),
            cached: vertex.cached,
            error: (!vertex.error.is_empty()).then_some(vertex.error),
            group: vertex.progress_group.map(|group| (group.id, group.name)),
        }
    }
}

impl From<control::VertexStatus> for Progress {
    fn from(status: control::VertexStatus) -> Self {
        Self {
            id: status.id,
            vertex: status.vertex,
            name: status.name,
            current: status.current,
            total: status.total,
            timestamp: status.timestamp.map(Time::from),
            started: status.started.map(Time::from),
            completed: status.completed.map(Time::from),
        }
    }
}

impl From<control::VertexLog> for Log {
    fn from(log: control::VertexLog) -> Self {
        Self {
            vertex: log.vertex,
            stream: log.stream,
            data: log.msg,
            timestamp: log.timestamp.map(Time::from),
        }
    }
}

impl From<control::VertexWarning> for Warning {
    fn from(warning: control::VertexWarning) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self {
            vertex: warning.vertex,
            level: warning.level,
            short: text(warning.short),
            detail: warning.detail.into_iter().map(text).collect(),
            url: warning.url,
            source: warning.info,
            ranges: warning.ranges,
        }
    }
}

impl Warning {
    pub(crate) fn to_wire(&self) -> WarnRequest {
        WarnRequest {
            digest: self.vertex.clone(),
            level: self.level,
            short: self.short.clone().into_bytes(),
            detail: self
                .detail
                .iter()
                .map(|line| line.clone().into_bytes())
                .collect(),
            url: self.url.clone(),
            info: self.source.clone(),
            ranges: self.ranges.clone(),
        }
    }
}
