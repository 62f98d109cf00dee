//! Diagnostics for programs: serialisable, with lines and columns.

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Lines, Position, Source, Span};

/// A diagnostic for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record<'d> {
    /// A stable, documented name.
    pub code: &'d str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The fact.
    pub message: &'d str,
    /// The file.
    pub file: &'d str,
    /// Where it stands; left out for a finding of the file as a whole.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What to say at its place.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub label: &'d str,
    /// Other places that explain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related<'d>>,
    /// The ways out.
    pub help: &'d [String],
}

/// A range of the file, 1-based; columns count characters, and the end is the place after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The first line.
    pub line: usize,
    /// The first column.
    pub column: usize,
    /// The last line.
    pub end_line: usize,
    /// The column after the last.
    pub end_column: usize,
}

/// Another place that explains a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Related<'d> {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// What is there.
    pub label: &'d str,
}

/// The diagnostics by their place in the file, for programs.
pub fn records<'d>(source: &'d Source, diagnostics: &'d [Diagnostic]) -> Vec<Record<'d>> {
    let lines = Lines::new(&source.text);
    let sorted = super::sorted(diagnostics).into_iter();
    sorted
        .map(|found| record(&source.name, &lines, found))
        .collect()
}

fn record<'d>(file: &'d str, lines: &Lines<'_>, diagnostic: &'d Diagnostic) -> Record<'d> {
    let primary = diagnostic.primary.as_ref();
    let related = diagnostic.secondary.iter().map(|label| Related {
        place: place(lines, label.span),
        label: &label.text,
    });
    Record {
        code: diagnostic.code,
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &diagnostic.message,
        file,
        place: primary.map(|label| place(lines, label.span)),
        label: primary.map_or("", |label| &label.text),
        related: related.collect(),
        help: &diagnostic.help,
    }
}

fn place(lines: &Lines<'_>, span: Span) -> Place {
    let Position { line, column } = lines.position(span.start);
    let end = lines.position(span.end);
    Place {
        line,
        column,
        end_line: end.line,
        end_column: end.column,
    }
}
