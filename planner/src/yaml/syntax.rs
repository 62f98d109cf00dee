//! The parser's places and errors in our terms.

use std::borrow::Cow;

use granit_parser::{ErrorKind, ScanError};

use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The way out of too much nesting.
pub(super) const TOO_DEEP: &str =
    "no key of this file needs such depth: look for a bracket that is not closed";

/// The bytes of a parser's span, without the blanks and line breaks at its end.
pub(super) fn span(text: &str, place: &granit_parser::Span) -> Span {
    let start = offset(text, place.start);
    let end = offset(text, place.end).max(start);
    let end = start + text[start..end].trim_end().len();
    Span { start, end }
}

/// The byte a marker stands at, always in the text and between two characters.
fn offset(text: &str, marker: granit_parser::Marker) -> usize {
    text.floor_char_boundary(marker.byte_offset().unwrap_or(0).min(text.len()))
}

/// An error of syntax as a diagnostic, with a way out for those that people make.
pub(super) fn diagnostic(text: &str, error: &ScanError) -> Diagnostic {
    let start = offset(text, *error.marker());
    let place = Span {
        start,
        end: start + text[start..].chars().next().map_or(0, char::len_utf8),
    };
    let (message, help) = explain(error.kind());
    Diagnostic::error(code(error.kind()), place, message).help(help)
}

fn code(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RecursionLimitExceeded => "too-deep",
        _ => "syntax",
    }
}

/// The fact, in the parser's own words where these say it well, and the way out.
fn explain(kind: &ErrorKind) -> (Cow<'static, str>, &'static str) {
    use ErrorKind as E;
    match kind {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabAtBlockScalarStart
        | E::TabInPlainScalar => (
            "a tab stands where YAML wants spaces".into(),
            "indent with spaces; most editors can convert the file",
        ),
        E::UnclosedFlowCollection { .. }
        | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping => (
            "a `[` or `{` is never closed".into(),
            "add the missing `]` or `}`",
        ),
        E::MismatchedFlowCollectionEnd { .. } | E::MisplacedFlowCollectionEnd => (
            "a closing bracket has no partner".into(),
            "balance `[` with `]` and `{` with `}`",
        ),
        E::UnclosedQuotedScalar => (
            "a quoted text is never closed".into(),
            "add the missing quote",
        ),
        E::UnknownQuotedScalarEscape
        | E::InvalidQuotedScalarHexEscape
        | E::InvalidUnicodeEscape => (
            "unknown escape in a text in double quotes".into(),
            "write `\\\\` for a backslash, or use single quotes",
        ),
        E::UnknownAnchor => (
            "an alias names an anchor that is not defined above it".into(),
            "write `&name` before the value that `*name` repeats; quote a text that starts with `*`",
        ),
        E::ExpectedFlowMappingSeparator | E::ExpectedFlowSequenceSeparator => (
            "expected `,` or a closing bracket".into(),
            "separate entries by `,`; put texts that hold `:`, `,`, `{` or `[` in quotes",
        ),
        E::InvalidColonPlacement => (
            "a `:` stands where none can".into(),
            "close the `[` or quote that is open above it, or put a text that holds `:` in quotes",
        ),
        E::MappingValueNotAllowed | E::SimpleKeyExpected | E::InvalidSimpleKey => (
            "a key or a `:` stands where none can".into(),
            "give each `key: value` a line of its own, indented like its siblings, with a space after `:`; quote texts that hold `: `",
        ),
        E::ExpectedBlockMappingKey | E::ExpectedBlockSequenceEntry | E::InvalidIndentation => (
            "this line does not continue what is above it".into(),
            "indent it like its siblings; quote texts that start with `{`, `[`, `\"`, `*` or `&`",
        ),
        E::RecursionLimitExceeded => (
            "lists and mappings stand too deep in each other".into(),
            TOO_DEEP,
        ),
        E::UnexpectedCharacter { character } => (
            format!("unexpected character `{}`", character.escape_default()).into(),
            "put a text that starts with `@`, `` ` `` or `%` in quotes; remove control characters",
        ),
        other => (
            other.to_string().into(),
            "look for an open bracket or quote above; quote texts that hold `: ` or start with a sign",
        ),
    }
}
