//! Diagnostics for people, with the lines that they are about, and as [`Record`]s for programs.

mod record;

pub use record::{Place, Record, Related, records};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{Source, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// The most diagnostics that are shown to people; the rest are counted.
const SHOWN: usize = 50;

/// How diagnostics are shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour them by ANSI escapes.
    pub color: bool,
    /// The width that long lines are cut to, in columns.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            width: 100,
        }
    }
}

/// The diagnostics by their place in the file, each with the lines that it is about, and their number.
pub fn render(source: &Source, diagnostics: &[Diagnostic], style: Style) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let renderer = if style.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(style.width);
    let shown = sorted(diagnostics).into_iter().take(SHOWN);
    let mut parts: Vec<_> = shown
        .map(|diagnostic| one(source, diagnostic, &renderer))
        .collect();
    parts.push(count(diagnostics));
    parts.join("\n\n") + "\n"
}

/// The diagnostics by their place; those of the file as a whole come first.
fn sorted(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut sorted: Vec<_> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span));
    sorted
}

fn one(source: &Source, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code);
    let mut group = match &diagnostic.primary {
        Some(primary) => title.element(snippet(source, primary, &diagnostic.secondary)),
        None => Group::with_title(title),
    };
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// The lines that a diagnostic is about. Only these are handed on, so that a large file costs nothing.
fn snippet<'s>(
    source: &'s Source,
    primary: &'s Label,
    secondary: &'s [Label],
) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
    let labels = || std::iter::once(primary).chain(secondary);
    let first = labels().map(|label| label.span.start).min().unwrap_or(0);
    let last = labels().map(|label| label.span.end).max().unwrap_or(0);
    let window = lines(
        &source.text,
        Span {
            start: first,
            end: last,
        },
    );
    let within = |label: &Label| {
        let span = visible(&source.text, label.span);
        let end = span.end.min(window.end);
        span.start.min(end) - window.start..end - window.start
    };
    Snippet::source(&source.text[window.range()])
        .path(source.name.as_str())
        .line_start(source.position(window.start).line)
        .annotation(text(AnnotationKind::Primary, within(primary), primary))
        .annotations(
            secondary
                .iter()
                .map(|label| text(AnnotationKind::Context, within(label), label)),
        )
}

fn text(
    kind: AnnotationKind,
    range: std::ops::Range<usize>,
    label: &Label,
) -> annotate_snippets::Annotation<'_> {
    let annotation = kind.span(range);
    if label.text.is_empty() {
        annotation
    } else {
        annotation.label(label.text.as_str())
    }
}

/// The span within the text and, where it runs over several lines, its first.
fn visible(text: &str, span: Span) -> Span {
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end).max(start);
    let line = text[start..end]
        .find('\n')
        .map_or(end, |newline| start + newline);
    Span { start, end: line }
}

/// The whole lines that a span touches, without the last one's end.
fn lines(text: &str, span: Span) -> Span {
    let start = text.floor_char_boundary(span.start);
    let end = text.floor_char_boundary(span.end).max(start);
    let start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[end..]
        .find('\n')
        .map_or(text.len(), |newline| end + newline);
    let end = start + text[start..end].trim_end_matches('\r').len();
    Span { start, end }
}

/// `2 errors, 1 warning`, and how many of them are shown.
fn count(diagnostics: &[Diagnostic]) -> String {
    let of = |severity| {
        diagnostics
            .iter()
            .filter(|d| d.severity == severity)
            .count()
    };
    let plural = |number, noun| match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    };
    let count = match (of(Severity::Error), of(Severity::Warning)) {
        (errors, 0) => plural(errors, "error"),
        (0, warnings) => plural(warnings, "warning"),
        (errors, warnings) => format!(
            "{}, {}",
            plural(errors, "error"),
            plural(warnings, "warning")
        ),
    };
    if diagnostics.len() > SHOWN {
        format!("{count}; the first {SHOWN} are shown")
    } else {
        count
    }
}

#[cfg(test)]
mod tests;
