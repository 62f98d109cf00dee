//! The parser's places and errors in our terms.

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
    let message = message.map_or_else(|| error.info().to_owned(), str::to_owned);
    let diagnostic = Diagnostic::error(code(error.kind()), place, message);
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

fn code(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RecursionLimitExceeded => "too-deep",
        _ => "syntax",
    }
}

type Explained = (Option<&'static str>, Option<&'static str>);

fn explain(kind: &ErrorKind) -> Explained {
    use ErrorKind as E;
    match kind {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabAtBlockScalarStart
        | E::TabInPlainScalar => (
            Some("a tab stands where YAML wants spaces"),
            Some("indent with spaces; most editors can convert the file"),
        ),
        E::UnclosedFlowCollection { .. }
        | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping => (
            Some("a `[` or `{` is never closed"),
            Some("add the missing `]` or `}`"),
        ),
        E::MismatchedFlowCollectionEnd { .. } | E::MisplacedFlowCollectionEnd => (
            Some("a closing bracket has no partner"),
            Some("balance `[` with `]` and `{` with `}`"),
        ),
        E::UnclosedQuotedScalar => (
            Some("a quoted text is never closed"),
            Some("add the missing quote"),
        ),
        E::UnknownQuotedScalarEscape
        | E::InvalidQuotedScalarHexEscape
        | E::InvalidUnicodeEscape => (
            Some("unknown escape in a text in double quotes"),
            Some("write `\\\\` for a backslash, or use single quotes"),
        ),
        E::UnknownAnchor => (
            Some("an alias names an anchor that is not defined above it"),
            Some(
                "write `&name` before the value that `*name` repeats; quote a text that starts with `*`",
            ),
        ),
        E::ExpectedFlowMappingSeparator | E::ExpectedFlowSequenceSeparator => (
            Some("expected `,` or a closing bracket"),
            Some("separate entries by `,`; put texts that hold `:`, `,`, `{` or `[` in quotes"),
        ),
        E::MappingValueNotAllowed | E::SimpleKeyExpected | E::InvalidSimpleKey => (
            Some("a key or a `:` stands where none can"),
            Some(
                "give each `key: value` a line of its own at the right indentation; quote texts that hold `: `",
            ),
        ),
        E::ExpectedBlockMappingKey | E::ExpectedBlockSequenceEntry | E::InvalidIndentation => (
            Some("this line does not continue what is above it"),
            Some(
                "indent it like its siblings; quote texts that start with `{`, `[`, `\"`, `*` or `&`",
            ),
        ),
        E::RecursionLimitExceeded => (
            Some("lists and mappings stand too deep in each other"),
            Some(TOO_DEEP),
        ),
        E::UnexpectedCharacter { .. } => (
            None,
            Some(
                "put a text that starts with `@`, `` ` `` or `%` in quotes; remove control characters",
            ),
        ),
        _ => (None, None),
    }
}
