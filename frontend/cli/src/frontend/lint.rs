//! `docker buildx build --check`: what `layercake check` finds, in the form that BuildKit's clients print.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use buildkit_proto::pb;
use layercake_planner::diagnostic::{Diagnostic, Severity};
use layercake_planner::render::{Style, render};
use layercake_planner::source::Source;
use layercake_solve::{GatewayResult, Solver};
use serde_json::{Value, json};

use super::failure::range;
use super::open::{Opened, open};
use super::request::Request;
use super::subrequest::result;
use crate::pipeline::{self, NoImages, Rejected, Scope};

/// Checks the whole file.
pub async fn lint(solver: &impl Solver, request: &Request) -> anyhow::Result<GatewayResult> {
    let (source, found) = match findings(solver, request).await {
        Ok(found) => found,
        Err(error) => {
            let Rejected {
                source,
                diagnostics,
            } = error.downcast()?;
            (source, diagnostics)
        }
    };
    let wrong = found.iter().any(|found| found.severity == Severity::Error);
    let text = render(&source, &found, Style::default());
    let result = result(&report(&source, &found), text)?;
    Ok(result.with_metadata("result.statuscode", if wrong { "1" } else { "0" }))
}

async fn findings(
    solver: &impl Solver,
    request: &Request,
) -> anyhow::Result<(Source, Vec<Diagnostic>)> {
    let opened = open(solver, request).await?;
    let given = opened.given(request);
    let Opened {
        source,
        mut context,
        ..
    } = opened;
    let planned =
        pipeline::plan(&source, &Scope::Whole, given, &mut context, &mut NoImages).await?;
    Ok((source, planned.told()))
}

/// Warnings in a list; of errors the form has room for one.
fn report(source: &Source, found: &[Diagnostic]) -> Value {
    let of = |severity| found.iter().filter(move |found| found.severity == severity);
    let warnings: Vec<_> = of(Severity::Warning)
        .map(|found| {
            let lines: Vec<_> = std::iter::once(&found.message)
                .chain(&found.help)
                .map(String::as_str)
                .collect();
            json!({
                "ruleName": found.code,
                "description": found.message,
                "detail": lines.join("; "),
                "location": location(source, found),
            })
        })
        .collect();
    let mut report = json!({
        "warnings": warnings,
        "sources": [{ "filename": source.name, "language": "YAML", "data": base64(source.text.as_bytes()) }],
    });
    if let Some(error) = of(Severity::Error).next() {
        report["buildError"] =
            json!({ "message": error.message, "location": location(source, error) });
    }
    report
}

fn location(source: &Source, found: &Diagnostic) -> Value {
    let ranges: Vec<_> = found
        .primary
        .iter()
        .map(|label| range_json(&range(source, label.span)))
        .collect();
    json!({ "sourceIndex": 0, "ranges": ranges })
}

/// A range as Go's encoding/json writes it.
pub fn range_json(range: &pb::Range) -> Value {
    let position = |at: Option<pb::Position>| {
        let at = at.unwrap_or_default();
        json!({ "line": at.line, "character": at.character })
    };
    json!({ "start": position(range.start), "end": position(range.end) })
}

/// Bytes as Go's encoding/json writes them.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use layercake_planner::source::Span;

    use super::*;

    #[test]
    fn warnings_and_the_first_error_have_their_places() {
        let source = Source {
            name: "f".into(),
            text: "a: 1\n".into(),
        };
        let span = Span { start: 0, end: 1 };
        let found = [
            Diagnostic::warning("w", span, "odd").help("so"),
            Diagnostic::error("e", span, "wrong"),
            Diagnostic::error("e2", span, "worse"),
        ];
        let report = report(&source, &found);
        assert_eq!(report["warnings"][0]["ruleName"], "w");
        assert_eq!(report["warnings"][0]["detail"], "odd; so");
        assert_eq!(report["buildError"]["message"], "wrong");
        assert_eq!(
            report["buildError"]["location"]["ranges"][0]["start"]["line"],
            1
        );
        assert_eq!(report["sources"][0]["data"], "YTogMQo=");
    }
}
