//! Errors as BuildKit's clients show them: with the lines of layercake.yaml.

use buildkit_proto::pb;
use layercake_planner::diagnostic::{Diagnostic, Severity};
use layercake_planner::source::{Source, Span};
use layercake_solve::{FailedSource, Failure};

use crate::pipeline::Rejected;

/// The most places that are shown; clients print several lines for each.
const MOST_PLACES: usize = 5;

/// The error as it goes back to the client.
pub fn of(error: &anyhow::Error) -> Failure {
    if let Some(rejected) = error.downcast_ref::<Rejected>() {
        return of_rejected(rejected);
    }
    match error.downcast_ref::<Failure>() {
        Some(failure) if error.chain().len() == 1 => failure.clone(),
        _ => Failure::invalid(format!("{error:#}")),
    }
}

fn of_rejected(rejected: &Rejected) -> Failure {
    let Rejected {
        source,
        diagnostics,
    } = rejected;
    let mut errors: Vec<_> = diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .collect();
    errors.sort_by_key(|found| found.primary.as_ref().map(|label| label.span));
    let lines: Vec<_> = errors.iter().map(|error| line(source, error)).collect();
    let places = errors
        .iter()
        .filter_map(|error| error.primary.as_ref())
        .take(MOST_PLACES);
    places.fold(Failure::invalid(lines.join("\n")), |failure, label| {
        failure.with_source(&FailedSource {
            filename: source.name.clone(),
            data: source.text.clone().into_bytes(),
            ranges: vec![range(source, label.span)],
        })
    })
}

/// One error in one line: `layercake.yaml:3: no stage is named "x" [unknown-stage]; did you mean "y"?`
fn line(source: &Source, error: &Diagnostic) -> String {
    let place = error
        .primary
        .as_ref()
        .map(|label| format!(":{}", source.position(label.span.start).line));
    let help = error.help.first().map(|help| format!("; {help}"));
    let (place, help) = (place.unwrap_or_default(), help.unwrap_or_default());
    format!(
        "{}{place}: {} [{}]{help}",
        source.name, error.message, error.code
    )
}

/// A place as BuildKit counts: lines from 1, characters from 0.
pub fn range(source: &Source, span: Span) -> pb::Range {
    let position = |offset| {
        let at = source.position(offset);
        let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        Some(pb::Position {
            line: number(at.line),
            character: number(at.column - 1),
        })
    };
    let end = span.end.max(span.start + 1) - 1; // A span that ends with its line does not reach into the next.
    pb::Range {
        start: position(span.start),
        end: position(end),
    }
}

/// The file as BuildKit's messages have it.
pub fn source_info(source: &Source) -> pb::SourceInfo {
    pb::SourceInfo {
        filename: source.name.clone(),
        data: source.text.clone().into_bytes(),
        definition: None,
        language: "YAML".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_with_their_lines() {
        let source = Source {
            name: "layercake.yaml".into(),
            text: "a: 1\nbb: 2\n".into(),
        };
        let at = |start, end| Span { start, end };
        let diagnostics = vec![
            Diagnostic::error("late", at(5, 7), "second").help("mend it"),
            Diagnostic::warning("w", at(0, 1), "no error"),
            Diagnostic::error("early", at(0, 1), "first"),
        ];
        let failure = of(&Rejected {
            source,
            diagnostics,
        }
        .into());
        assert_eq!(
            failure.message(),
            "layercake.yaml:1: first [early]\nlayercake.yaml:2: second [late]; mend it"
        );
        let lines: Vec<_> = failure
            .sources()
            .iter()
            .map(|source| source.ranges[0].start.unwrap().line)
            .collect();
        assert_eq!(lines, [1, 2]);
    }

    #[test]
    fn what_buildkit_said_goes_back_as_it_came() {
        let failure = Failure::unsupported_subrequest("x");
        assert_eq!(of(&failure.clone().into()), failure);
        let told = of(&anyhow::Error::from(failure).context("while asking"));
        assert!(told.message().starts_with("while asking: "));
    }
}
