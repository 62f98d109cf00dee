//! Where text comes from and where in it something stands.

use std::borrow::Cow;
use std::ops::Range;
use std::string::FromUtf8Error;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::diagnostic::Diagnostic;

/// A named text, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name shown in diagnostics, relative to the context: `layercake.yaml`.
    pub name: String,
    /// The text, byte for byte.
    pub text: String,
}

/// A file that is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotText {
    /// The file as far as it can be shown, with `\u{fffd}` in place of what is not text.
    pub source: Source,
    /// What is wrong with it.
    pub diagnostic: Diagnostic,
}

/// A place as editors count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Source {
    /// A file as it was read from disk.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<Self, Box<NotText>> {
        let name = name.into();
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { name, text }),
            Err(error) => Err(Box::new(NotText::new(name, &error))),
        }
    }

    /// Where the byte at `offset` stands; one beyond the end stands at the end.
    pub fn position(&self, offset: usize) -> Position {
        Lines::new(&self.text).position(offset)
    }
}

/// The lines of a text, to find many places in it.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Finds the lines of `text`.
    pub fn new(text: &'t str) -> Self {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(newlines).collect(),
        }
    }

    /// Where the byte at `offset` stands; one beyond the end stands at the end.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        Position {
            line,
            column: self.text[start..offset].chars().count() + 1,
        }
    }
}

impl NotText {
    fn new(name: String, error: &FromUtf8Error) -> Self {
        let start = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let end = start + text[start..].chars().next().map_or(0, char::len_utf8);
        let wide = matches!(error.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
        let message = if wide {
            "the file is UTF-16, and must be UTF-8"
        } else {
            "the file is not UTF-8"
        };
        let diagnostic = Diagnostic::error("not-utf8", Span { start, end }, message)
            .label("this is no character in UTF-8")
            .help("save the file as UTF-8 in your editor");
        Self {
            source: Source { name, text },
            diagnostic,
        }
    }
}

/// A range of bytes in a [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The span as a range.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// A value and where it stands.
///
/// Two spanned values are equal when their values are: where something stands never decides anything.
#[derive(Clone, Debug, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value that stands at `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned::new(f(self.value), self.span)
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

/// A text: numbers and booleans without quotes are taken as they are written.
impl JsonSchema for Spanned<String> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl JsonSchema for Spanned<u32> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        u32::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        u32::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters() {
        let source = Source::from_bytes("f", "aé\r\nb\n".into()).unwrap();
        let at = |offset| {
            let Position { line, column } = source.position(offset);
            (line, column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 2), "inside a character is at its start");
        assert_eq!(at(3), (1, 3));
        assert_eq!(at(5), (2, 1));
        assert_eq!(at(99), (3, 1));
    }

    #[test]
    fn other_encodings_are_refused_at_their_first_byte() {
        let error = Source::from_bytes("f", b"a: \xe4\n".to_vec()).unwrap_err();
        let place = error.diagnostic.primary.unwrap().span;
        assert_eq!(&error.source.text[place.range()], "\u{fffd}");
        assert_eq!(place.start, 3);
        let error = Source::from_bytes("f", b"\xff\xfea\0".to_vec()).unwrap_err();
        assert!(error.diagnostic.message.contains("UTF-16"));
    }
}
