//! What is behind a download that is not what its checksum says.
//!
//! BuildKit (v0.32.2) looks at the status of an answer only where there is no checksum, so the page of an error is to it
//! just another file. It is asked for the same address once more, without one.

use std::time::Duration;

use buildkit_llb::{Annotate, Definition, Source};
use buildkit_proto::pb;
use layercake_solve::{Failure, Solver};
use prost::Message;
use reqwest::StatusCode;
use tokio::time::timeout;

/// What BuildKit says of such a download, before the digest that it has.
const MISMATCH: &str = "digest mismatch ";

/// What BuildKit says of an answer that is no file, before the status.
const REFUSED: &str = "invalid response status ";

/// How long the server may take to answer, and the file, if it is one, to come.
const LIMIT: Duration = Duration::from_secs(30);

/// A download that is not what its checksum says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    url: String,
}

impl Mismatch {
    /// The download of `definition` that failed, if that is why the build did.
    pub fn of(failure: &Failure, definition: &pb::Definition) -> Option<Self> {
        let (_, digests) = failure.message().split_once(MISMATCH)?;
        let (_, wanted) = digests.split_once(": ")?;
        definition.def.iter().find_map(|bytes| {
            let Some(pb::op::Op::Source(source)) = pb::Op::decode(bytes.as_slice()).ok()?.op else {
                return None;
            };
            let checksum = source.attrs.get("http.checksum")?;
            let is_wanted = wanted.starts_with(checksum.as_str());
            is_wanted.then_some(Self {
                url: source.identifier,
            })
        })
    }

    /// The way out, by what the server answers to BuildKit, with the credentials that it has.
    pub async fn way_out(&self, solver: &impl Solver) -> String {
        match timeout(LIMIT, self.ask(solver)).await {
            Ok(Ok(())) => {
                "the file on the server is another one by now, or was cut short; what is meant is pinned by its checksum"
                    .to_owned()
            }
            Ok(Err(failure)) => told(failure.message()),
            Err(_) => format!("asked again, the server is not done after {} seconds", LIMIT.as_secs()),
        }
    }

    async fn ask(&self, solver: &impl Solver) -> Result<(), Failure> {
        let again = Source::http(&self.url)
            .named(format!("[internal] ask for {} again", self.url))
            .build()
            .map_err(|error| Failure::invalid(error.to_string()))?;
        let definition = Definition::of(&again).into_pb();
        solver.solve(definition, &[], true).await.map(drop)
    }
}

/// The way out where BuildKit says this of the address.
fn told(message: &str) -> String {
    let digits = message.split_once(REFUSED).map(|(_, rest)| rest);
    let status = digits.and_then(|digits| digits.get(..3)?.parse().ok());
    match status.and_then(|status: u16| StatusCode::from_u16(status).ok()) {
        Some(status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)) => format!(
            "the server answers `{status}`; a private server wants `--secret id=HTTP_AUTH_HEADER_<host>` or `HTTP_AUTH_TOKEN_<host>`"
        ),
        Some(status) => format!("the server answers `{status}`, and that page is not the file"),
        None => format!("asked again, the server gives nothing: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_download_is_found_by_its_checksum() {
        let file = |name: &str, digit: &str| {
            Source::http(format!("https://example.com/{name}"))
                .checksum(format!("sha256:{}", digit.repeat(64)))
                .build()
                .unwrap()
        };
        let url = |message: &str, file| {
            let definition = Definition::of(file).into_pb();
            let found = Mismatch::of(&Failure::invalid(message), &definition);
            found.map(|found| found.url)
        };
        let (six, lib) = (file("six.conda", "6"), file("lib.conda", "b"));
        let wants = |digit: &str| {
            let (got, wanted) = ("0".repeat(64), digit.repeat(64));
            format!("failed to load: digest mismatch sha256:{got}: sha256:{wanted}")
        };
        let of_six = Some("https://example.com/six.conda".to_owned());
        assert_eq!(url(&wants("6"), &six), of_six);
        assert_eq!(url(&wants("6"), &lib), None);
        assert_eq!(url("connection refused", &six), None);
    }

    #[test]
    fn what_the_server_answers_is_read() {
        for (message, way_out) in [
            (
                "failed to load cache key: invalid response status 404",
                "the server answers `404 Not Found`, and that page",
            ),
            (
                "invalid response status 401",
                "the server answers `401 Unauthorized`; a private server wants `--secret",
            ),
            ("connection refused", "gives nothing: connection refused"),
            ("invalid response status ", "gives nothing: invalid"),
        ] {
            assert!(told(message).contains(way_out), "{message}");
        }
    }
}
