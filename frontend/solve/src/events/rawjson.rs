//! Events as lines of JSON: what `--progress=rawjson` of buildctl and buildx prints, and what a build records.

use super::{Event, Log, Progress, Time, Vertex, Warning};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use buildkit_proto::pb;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A line that holds no events.
#[derive(Debug, thiserror::Error)]
#[error("this line is not one of `--progress=rawjson`: {cause}")]
pub struct LineError {
    cause: serde_json::Error,
}

/// Reads one line. Keys that are not known are passed over.
pub fn parse_line(line: &str) -> Result<Vec<Event>, LineError> {
    let update: Update = serde_json::from_str(line).map_err(|cause| LineError { cause })?;
    let vertices = update
        .vertexes
        .into_iter()
        .map(|vertex| Event::Vertex(vertex.into()));
    let progress = update
        .statuses
        .into_iter()
        .map(|status| Event::Progress(status.into()));
    let logs = update.logs.into_iter().map(|log| Event::Log(log.into()));
    let warnings = update
        .warnings
        .into_iter()
        .map(|warning| Event::Warning(warning.into()));
    Ok(vertices
        .chain(progress)
        .chain(logs)
        .chain(warnings)
        .collect())
}

/// Writes events as one line, without the line's end.
///
/// # Panics
/// Never: these types are all strings, numbers and lists.
pub fn to_line(events: &[Event]) -> String {
    let mut update = Update::default();
    for event in events {
        match event {
            Event::Vertex(vertex) => update.vertexes.push(vertex.clone().into()),
            Event::Progress(progress) => update.statuses.push(progress.clone().into()),
            Event::Log(log) => update.logs.push(log.clone().into()),
            Event::Warning(warning) => update.warnings.push(warning.clone().into()),
        }
    }
    serde_json::to_string(&update).expect("events are plain data")
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Update {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vertexes: Vec<VertexJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    statuses: Vec<StatusJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logs: Vec<LogJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningJson>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct VertexJson {
    digest: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<Time>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cached: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
    #[serde(rename = "progressGroup", skip_serializing_if = "Option::is_none")]
    group: Option<GroupJson>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct GroupJson {
    id: String,
    name: String,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct StatusJson {
    id: String,
    vertex: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    total: i64,
    current: i64,
    timestamp: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<Time>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct LogJson {
    vertex: String,
    stream: i64,
    data: Base64,
    timestamp: Option<Time>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct WarningJson {
    vertex: String,
    level: i64,
    short: Base64,
    detail: Vec<Base64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    url: String,
    #[serde(rename = "sourceInfo", skip_serializing_if = "Option::is_none")]
    source: Option<SourceJson>,
    #[serde(rename = "range", skip_serializing_if = "Vec::is_empty")]
    ranges: Vec<RangeJson>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct SourceJson {
    filename: String,
    data: Base64,
    language: String,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct RangeJson {
    start: PositionJson,
    end: PositionJson,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct PositionJson {
    line: i32,
    character: i32,
}

/// Bytes, as Go's encoding/json writes them.
#[derive(Default)]
struct Base64(Vec<u8>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        BASE64.decode(text).map(Self).map_err(de::Error::custom)
    }
}

impl Base64 {
    fn text(self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl From<VertexJson> for Vertex {
    fn from(json: VertexJson) -> Self {
        Self {
            digest: json.digest,
            name: json.name,
            inputs: json.inputs,
            started: json.started,
            completed: json.completed,
            cached: json.cached,
            error: (!json.error.is_empty()).then_some(json.error),
            group: json.group.map(|group| (group.id, group.name)),
        }
    }
}

impl From<Vertex> for VertexJson {
    fn from(vertex: Vertex) -> Self {
        Self {
            digest: vertex.digest,
            inputs: vertex.inputs,
            name: vertex.name,
            started: vertex.started,
            completed: vertex.completed,
            cached: vertex.cached,
            error: vertex.error.unwrap_or_default(),
            group: vertex.group.map(|(id, name)| GroupJson { id, name }),
        }
    }
}

impl From<StatusJson> for Progress {
    fn from(json: StatusJson) -> Self {
        let StatusJson {
            id,
            vertex,
            name,
            total,
            current,
            timestamp,
            started,
            completed,
        } = json;
        Self {
            id,
            vertex,
            name,
            current,
            total,
            timestamp,
            started,
            completed,
        }
    }
}

impl From<Progress> for StatusJson {
    fn from(progress: Progress) -> Self {
        let Progress {
            id,
            vertex,
            name,
            current,
            total,
            timestamp,
            started,
            completed,
        } = progress;
        Self {
            id,
            vertex,
            name,
            total,
            current,
            timestamp,
            started,
            completed,
        }
    }
}

impl From<LogJson> for Log {
    fn from(json: LogJson) -> Self {
        Self {
            vertex: json.vertex,
            stream: json.stream,
            data: json.data.0,
            timestamp: json.timestamp,
        }
    }
}

impl From<Log> for LogJson {
    fn from(log: Log) -> Self {
        Self {
            vertex: log.vertex,
            stream: log.stream,
            data: Base64(log.data),
            timestamp: log.timestamp,
        }
    }
}

impl From<WarningJson> for Warning {
    fn from(json: WarningJson) -> Self {
        let position = |at: PositionJson| {
            Some(pb::Position {
                line: at.line,
                character: at.character,
            })
        };
        Self {
            vertex: json.vertex,
            level: json.level,
            short: json.short.text(),
            detail: json.detail.into_iter().map(Base64::text).collect(),
            url: json.url,
            source: json.source.map(|source| pb::SourceInfo {
                filename: source.filename,
                data: source.data.0,
                language: source.language,
                definition: None,
            }),
            ranges: json
                .ranges
                .into_iter()
                .map(|range| pb::Range {
                    start: position(range.start),
                    end: position(range.end),
                })
                .collect(),
        }
    }
}

impl From<Warning> for WarningJson {
    fn from(warning: Warning) -> Self {
        let position = |at: Option<pb::Position>| {
            at.map_or_else(PositionJson::default, |at| PositionJson {
                line: at.line,
                character: at.character,
            })
        };
        Self {
            vertex: warning.vertex,
            level: warning.level,
            short: Base64(warning.short.into_bytes()),
            detail: warning
                .detail
                .into_iter()
                .map(|line| Base64(line.into_bytes()))
                .collect(),
            url: warning.url,
            source: warning.source.map(|source| SourceJson {
                filename: source.filename,
                data: Base64(source.data),
                language: source.language,
            }),
            ranges: warning
                .ranges
                .into_iter()
                .map(|range| RangeJson {
                    start: position(range.start),
                    end: position(range.end),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Log, Progress, Time, Vertex, Warning, parse_line, pb, to_line};

    #[test]
    fn a_line_of_buildx_is_read() {
        let line = r#"{"vertexes":[{"digest":"sha256:aa","inputs":["sha256:bb"],"name":"[conda] install","started":"2024-05-01T10:00:00.5Z","cached":true,"newKey":1}],"logs":[{"vertex":"sha256:aa","stream":2,"data":"aGkK","timestamp":"2024-05-01T10:00:01Z"}]}"#;
        let events = parse_line(line).expect("the line parses");
        let [Event::Vertex(vertex), Event::Log(log)] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!(
            (vertex.name.as_str(), vertex.cached, vertex.completed),
            ("[conda] install", true, None)
        );
        assert_eq!((log.stream, log.data.as_slice()), (2, b"hi\n".as_slice()));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let position = |line| Some(pb::Position { line, character: 0 });
        let events = vec![
            Event::Vertex(Vertex {
                digest: "sha256:aa".to_owned(),
                error: Some("exit code: 1".to_owned()),
                completed: Some(Time(5)),
                group: Some(("g".to_owned(), "group".to_owned())),
                ..Vertex::default()
            }),
            Event::Progress(Progress {
                id: "x".to_owned(),
                current: 3,
                total: 7,
                ..Progress::default()
            }),
            Event::Log(Log {
                data: vec![0, 255],
                timestamp: Some(Time(9)),
                ..Log::default()
            }),
            Event::Warning(Warning {
                short: "old syntax".to_owned(),
                detail: vec!["see the docs".to_owned()],
                source: Some(pb::SourceInfo {
                    filename: "f".to_owned(),
                    data: vec![1],
                    ..Default::default()
                }),
                ranges: vec![pb::Range {
                    start: position(1),
                    end: position(2),
                }],
                ..Warning::default()
            }),
        ];
        assert_eq!(parse_line(&to_line(&events)).expect("our own line"), events);
    }

    #[test]
    fn other_lines_are_refused() {
        assert!(parse_line("#1 [internal] load").is_err());
        assert!(parse_line(r#"{"logs":[{"data":"not base64!"}]}"#).is_err());
        assert!(parse_line("{}").expect("an empty update").is_empty());
    }
}
