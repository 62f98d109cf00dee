//! A failed build as the line of layercake.yaml that it comes from, and the end of what the stage had to say.

use layercake_lower::stage_of;
use layercake_planner::diagnostic::Diagnostic;
use layercake_planner::plan::Plan;
use layercake_planner::source::{Source, Span};
use layercake_solve::{Failure, Timeline};

/// How much of a failed stage's output is shown.
const TAIL: usize = 20;

/// What BuildKit says of a command that ended badly, before it says how.
const COMMAND_FAILED: &str = "did not complete successfully: ";

/// A failure with all that is known of it.
#[derive(Debug)]
pub struct Explained {
    /// The vertex that failed and the last lines of its output.
    pub log: Option<(String, Vec<String>)>,
    /// What failed, and where that is in the file.
    pub diagnostic: Diagnostic,
}

/// Ties a failure to its stage.
pub fn explain(failure: &Failure, timeline: &Timeline, plan: &Plan, source: &Source) -> Explained {
    let step = failure
        .vertex()
        .and_then(|digest| timeline.find(&digest))
        .or_else(|| {
            let failed = |error: &String| !error.ends_with("context canceled");
            timeline
                .steps()
                .iter()
                .find(|step| step.vertex.error.as_ref().is_some_and(failed))
        });
    let stage = step.and_then(|step| stage_of(&step.vertex.name));
    let told = failure.message();
    let cause = told
        .rsplit_once(COMMAND_FAILED)
        .map_or(told, |(_, how)| how);
    let message = match (stage, step) {
        (Some(stage), _) => format!("stage `{stage}` failed: {cause}"),
        (None, Some(step)) => format!("{} failed: {cause}", step.vertex.name),
        (None, None) => told.to_owned(),
    };
    let span = stage
        .and_then(|stage| stage_span(plan, stage))
        .or_else(|| failed_line(failure, source));
    let code = if stage.is_some() {
        "stage-failed"
    } else {
        "build-failed"
    };
    let diagnostic = match span {
        Some(span) => Diagnostic::error(code, span, message),
        None => Diagnostic::error_of_file(code, message),
    };
    let log = step.map(|step| (step.vertex.name.clone(), step.log_tail(TAIL)));
    Explained {
        log: log.filter(|(_, lines)| !lines.is_empty()),
        diagnostic,
    }
}

fn stage_span(plan: &Plan, id: &str) -> Option<Span> {
    plan.stages()
        .find(|(_, stage)| stage.id == id)
        .map(|(_, stage)| stage.span)
}

/// The first line that BuildKit itself ties the failure to.
fn failed_line(failure: &Failure, source: &Source) -> Option<Span> {
    let sources = failure.sources();
    let own = sources
        .iter()
        .find(|failed| failed.filename == source.name)?;
    let line = usize::try_from(own.ranges.first()?.start?.line)
        .ok()?
        .checked_sub(1)?;
    let start = source
        .text
        .split_inclusive('\n')
        .take(line)
        .map(str::len)
        .sum();
    let text = source.text.get(start..)?.lines().next()?;
    let indent = text.len() - text.trim_start().len();
    Some(Span {
        start: start + indent,
        end: start + text.trim_end().len(),
    })
}

#[cfg(test)]
mod tests {
    use layercake_solve::FailedSource;

    use super::*;

    #[test]
    fn the_line_is_found_in_the_text() {
        let source = Source {
            name: "layercake.yaml".into(),
            text: "stages:\n  web: 1 \n".into(),
        };
        let position = |line| Some(buildkit_proto::pb::Position { line, character: 0 });
        let failed = FailedSource {
            filename: source.name.clone(),
            data: Vec::new(),
            ranges: vec![buildkit_proto::pb::Range {
                start: position(2),
                end: position(2),
            }],
        };
        let failure = Failure::invalid("no").with_source(&failed);
        let span = failed_line(&failure, &source).unwrap();
        assert_eq!(&source.text[span.range()], "web: 1");
        assert_eq!(failed_line(&Failure::invalid("no"), &source), None);
    }
}
