//! What BuildKit says when something fails, and what a frontend says when it does.
//!
//! An error travels as a gRPC status whose details are JSON under the type URLs of BuildKit's `solver/errdefs`. A
//! [`Failure`] keeps the details as they came, so that nothing is lost on the way from a solve through the frontend to
//! the client, and reads the ones that matter here on demand.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use buildkit_proto::google::{protobuf::Any, rpc};
use buildkit_proto::pb;
use prost::Message;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::error::Error;
use std::fmt;
use tonic::{Code, Status};

const TYPE_PREFIX: &str = "github.com/moby/buildkit/errdefs.";

/// A failed call, solve or build.
#[derive(Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    code: Code,
    message: String,
    details: Vec<Any>,
}

/// Lines of a source file that a failure points at.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedSource {
    /// The file as the definition named it.
    pub filename: String,
    /// The whole text of the file.
    pub data: Vec<u8>,
    /// The ranges that failed, as the definition gave them: lines count from 1, characters from 0.
    pub ranges: Vec<pb::Range>,
}

#[derive(Serialize, Deserialize)]
struct SourceJson {
    info: Option<SourceInfoJson>,
    #[serde(default)]
    ranges: Vec<RangeJson>,
}

#[derive(Serialize, Deserialize)]
struct SourceInfoJson {
    #[serde(default)]
    filename: String,
    #[serde(default)]
    data: String,
}

#[derive(Serialize, Deserialize)]
struct RangeJson {
    #[serde(default)]
    start: PositionJson,
    #[serde(default)]
    end: PositionJson,
}

#[derive(Serialize, Deserialize, Default)]
struct PositionJson {
    #[serde(default)]
    line: i32,
    #[serde(default)]
    character: i32,
}

#[derive(Deserialize)]
struct VertexJson {
    #[serde(default)]
    digest: String,
}

#[derive(Serialize)]
struct NameJson<'a> {
    name: &'a str,
}

impl fmt::Debug for Failure {
    /// Details by name only: some of them hold whole files and stacks.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details: Vec<_> = self.details.iter().map(|any| &any.type_url).collect();
        out.debug_struct("Failure")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("details", &details)
            .finish()
    }
}

impl Failure {
    /// A failure of our own.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// A failure in the input, such as an error in the file or an option that can't be honoured.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// The refusal of a subrequest that this frontend doesn't have, by which clients know to fall back.
    pub fn unsupported_subrequest(name: &str) -> Self {
        Self::new(Code::Unimplemented, format!("unsupported request {name}"))
            .with_json("Subrequest", &NameJson { name })
    }

    /// The refusal of a frontend capability, by which clients know to do without.
    pub fn unsupported_capability(name: &str) -> Self {
        Self::new(
            Code::Unimplemented,
            format!("unsupported frontend capability {name}"),
        )
        .with_json("FrontendCap", &NameJson { name })
    }

    /// Says what can be done about it, after what happened.
    #[must_use]
    pub fn with_help(mut self, help: &str) -> Self {
        self.message = format!("{}; {help}", self.message);
        self
    }

    /// Points at lines of a file; clients print them below the message.
    #[must_use]
    pub fn with_source(self, source: &FailedSource) -> Self {
        let position = |at: Option<pb::Position>| {
            at.map_or_else(PositionJson::default, |at| PositionJson {
                line: at.line,
                character: at.character,
            })
        };
        let json = SourceJson {
            info: Some(SourceInfoJson {
                filename: source.filename.clone(),
                data: BASE64.encode(&source.data),
            }),
            ranges: source
                .ranges
                .iter()
                .map(|range| RangeJson {
                    start: position(range.start),
                    end: position(range.end),
                })
                .collect(),
        };
        self.with_json("Source", &json)
    }

    fn with_json(mut self, name: &str, json: &impl Serialize) -> Self {
        let value = serde_json::to_vec(json).expect("these types are plain strings and numbers");
        self.details.push(Any {
            type_url: format!("{TYPE_PREFIX}{name}+json"),
            value,
        });
        self
    }

    /// The gRPC code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The message without details.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the connection was lost, rather than something refused or failed.
    pub fn is_disconnect(&self) -> bool {
        self.code == Code::Unavailable
    }

    /// Whether what was asked for does not exist, by the word of whoever was asked.
    pub fn is_not_found(&self) -> bool {
        self.code == Code::NotFound || self.message.ends_with(": not found")
    }

    /// Whether the build was cancelled, rather than failed.
    pub fn is_cancelled(&self) -> bool {
        self.code == Code::Cancelled
    }

    /// The lines of source files that the failure points at, the innermost first.
    pub fn sources(&self) -> Vec<FailedSource> {
        self.json::<SourceJson>("Source")
            .into_iter()
            .map(FailedSource::from)
            .collect()
    }

    /// The digest of the vertex that failed.
    pub fn vertex(&self) -> Option<String> {
        self.json::<VertexJson>("Vertex")
            .into_iter()
            .map(|vertex| vertex.digest)
            .next()
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Vec<T> {
        let is_named = |any: &&Any| {
            any.type_url
                .strip_prefix(TYPE_PREFIX)
                .and_then(|url| url.strip_suffix("+json"))
                == Some(name)
        };
        self.details
            .iter()
            .filter(is_named)
            .filter_map(|any| serde_json::from_slice(&any.value).ok())
            .collect()
    }

    /// As a frontend returns it to BuildKit.
    pub fn to_rpc(&self) -> rpc::Status {
        rpc::Status {
            code: self.code as i32,
            message: self.message.clone(),
            details: self.details.clone(),
        }
    }
}

impl From<SourceJson> for FailedSource {
    fn from(json: SourceJson) -> Self {
        let position = |at: PositionJson| {
            Some(pb::Position {
                line: at.line,
                character: at.character,
            })
        };
        let info = json.info.unwrap_or(SourceInfoJson {
            filename: String::new(),
            data: String::new(),
        });
        Self {
            filename: info.filename,
            data: BASE64.decode(info.data).unwrap_or_default(),
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

impl From<Status> for Failure {
    /// A status that has a cause on this side never came from BuildKit: it is a connection that failed.
    fn from(status: Status) -> Self {
        if let Some(cause) = disconnection(&status) {
            let message = format!(
                "lost the connection to BuildKit: {cause}; if the daemon stopped or was killed, start it and build again"
            );
            return Self::new(Code::Unavailable, message);
        }
        let details = rpc::Status::decode(status.details())
            .map(|status| status.details)
            .unwrap_or_default();
        Self {
            code: status.code(),
            message: status.message().to_owned(),
            details,
        }
    }
}

/// Why the connection failed, if it is that and not an answer of BuildKit.
pub(crate) fn disconnection(status: &Status) -> Option<String> {
    status.source().map(|cause| innermost(cause).to_string())
}

/// The error that started a chain of causes; what wraps it says only where it passed.
pub(crate) fn innermost<'a>(mut error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    while let Some(cause) = error.source() {
        error = cause;
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: (i32, i32), end: (i32, i32)) -> pb::Range {
        let position = |(line, character)| Some(pb::Position { line, character });
        pb::Range {
            start: position(start),
            end: position(end),
        }
    }

    fn source() -> FailedSource {
        FailedSource {
            filename: "layercake.yaml".to_owned(),
            data: b"stages:\n".to_vec(),
            ranges: vec![range((1, 0), (1, 6))],
        }
    }

    fn over_the_wire(failure: &Failure) -> Failure {
        let details = failure.to_rpc().encode_to_vec();
        Failure::from(Status::with_details(
            failure.code(),
            failure.message(),
            details.into(),
        ))
    }

    #[test]
    fn details_survive_the_wire() {
        let failure = Failure::invalid("unknown key").with_source(&source());
        let received = over_the_wire(&failure);
        assert_eq!(received, failure);
        assert_eq!(received.sources(), [source()]);
        assert_eq!(received.vertex(), None);
    }

    #[test]
    fn details_of_go_are_read() {
        let mut failure = Failure::new(Code::Unknown, "exit code: 1");
        for (name, json) in [
            ("Vertex", r#"{"digest":"sha256:aa"}"#),
            (
                "Source",
                r#"{"info":{"filename":"f","data":"YWI="},"ranges":[{"start":{"line":3},"end":{"line":4}}]}"#,
            ),
            ("Solve", r#"{"inputIDs":["a"],"op":{"Op":null}}"#),
        ] {
            let type_url = format!("github.com/moby/buildkit/errdefs.{name}+json");
            failure.details.push(Any {
                type_url,
                value: json.as_bytes().to_vec(),
            });
        }
        let failure = over_the_wire(&failure);
        assert_eq!(failure.vertex().as_deref(), Some("sha256:aa"));
        let sources = failure.sources();
        assert_eq!(
            (sources[0].filename.as_str(), sources[0].data.as_slice()),
            ("f", b"ab".as_slice())
        );
        assert_eq!(sources[0].ranges, [range((3, 0), (4, 0))]);
        assert_eq!(failure.details.len(), 3);
    }

    #[test]
    fn broken_details_do_not_hide_the_message() {
        let failure = Failure::from(Status::with_details(
            Code::Unknown,
            "no such file",
            vec![0xff, 0xff].into(),
        ));
        assert_eq!(
            (failure.to_string().as_str(), failure.sources().len()),
            ("no such file", 0)
        );
    }

    #[test]
    fn refusals_carry_what_clients_look_for() {
        let failure = Failure::unsupported_subrequest("frontend.lint");
        assert_eq!(failure.code(), Code::Unimplemented);
        assert_eq!(
            failure.to_rpc().details[0].type_url,
            "github.com/moby/buildkit/errdefs.Subrequest+json"
        );
        assert_eq!(
            failure.to_rpc().details[0].value,
            br#"{"name":"frontend.lint"}"#
        );
    }

    #[test]
    fn a_cause_on_this_side_is_a_lost_connection() {
        let status = Status::from_error(Box::new(std::io::Error::other("broken pipe")));
        let failure = Failure::from(status);
        assert!(failure.is_disconnect());
        assert!(failure.message().contains("broken pipe"));
    }
}
