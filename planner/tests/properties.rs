//! Whatever the file holds: no panic, and every place is one in the text.

use layercake_planner::diagnostic::{Diagnostic, Label};
use layercake_planner::parse::parse;
use layercake_planner::render::{Style, records, render};
use layercake_planner::source::{Source, Span};
use layercake_planner::spec::{Spec, Text};
use proptest::prelude::*;

const FILE: &str = include_str!("properties/valid.yaml");

/// Pieces that mean something to YAML or to the file, for mutations that go deep.
const PIECES: &[&str] = &[
    "\n",
    "\n  ",
    "\t",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: *a",
    "!t ",
    "|\n",
    ">-\n",
    "#",
    "---\n",
    "...\n",
    "? ",
    "%YAML 1.2\n",
    "~",
    "\r\n",
    "\u{feff}",
    "ö",
    "\u{1f600}",
    "\0",
    "stages:\n",
    "apt: ",
    "run: ",
    "needs: ",
    "true",
    "0755",
    "\\x",
    "@",
    "`",
    "null",
];

fn source(text: String) -> Source {
    Source {
        name: "layercake.yaml".into(),
        text,
    }
}

fn assert_within(text: &str, span: Span) {
    assert!(text.get(span.range()).is_some(), "{span:?} of {text:?}");
}

fn spans_of(spec: &Spec) -> Vec<Span> {
    let of = |text: &Text| text.span;
    let mut spans: Vec<Span> = spec.project.iter().chain(&spec.tags).map(of).collect();
    for (name, value) in spec.args.iter().chain(spec.bases.iter()) {
        spans.extend([name.span, value.span]);
    }
    for (name, stage) in spec.stages.iter() {
        spans.push(name.span);
        spans.extend(
            stage
                .on
                .iter()
                .chain(&stage.needs)
                .chain(&stage.after)
                .map(of),
        );
    }
    for (name, service) in spec.services.iter() {
        spans.extend([name.span, service.base.span]);
        spans.extend(service.stages.iter().map(of));
    }
    spans
}

/// Reads and shows a file; what it finds must stand in it.
fn read(text: String) {
    let source = source(text);
    let (spec, diagnostics) = parse(&source);
    for Diagnostic {
        primary, secondary, ..
    } in &diagnostics
    {
        for Label { span, .. } in primary.iter().chain(secondary) {
            assert_within(&source.text, *span);
        }
    }
    for span in spans_of(&spec) {
        assert_within(&source.text, span);
    }
    let shown = render(&source, &diagnostics, Style::default());
    assert_eq!(shown.is_empty(), diagnostics.is_empty());
    assert_eq!(records(&source, &diagnostics).len(), diagnostics.len());
}

#[test]
fn the_file_to_mutate_is_right() {
    let (_, diagnostics) = parse(&source(FILE.into()));
    assert_eq!(diagnostics, []);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        match Source::from_bytes("layercake.yaml", bytes) {
            Ok(source) => read(source.text),
            Err(error) => {
                let span = error.diagnostic.primary.as_ref().map(|label| label.span);
                assert_within(&error.source.text, span.unwrap_or_default());
                render(&error.source, &[error.diagnostic], Style::default());
            }
        }
    }

    #[test]
    fn any_pieces(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        read(pieces.concat());
    }

    #[test]
    fn a_right_file_with_pieces_put_in_and_taken_out(
        edits in proptest::collection::vec(
            (any::<proptest::sample::Index>(), 0..12_usize, proptest::sample::select(PIECES)),
            1..8,
        ),
    ) {
        let mut text = FILE.to_owned();
        for (at, length, piece) in edits {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary((start + length).min(text.len())).max(start);
            text.replace_range(start..end, piece);
        }
        read(text);
    }

    #[test]
    fn a_right_file_cut_short(at in any::<proptest::sample::Index>()) {
        let end = FILE.floor_char_boundary(at.index(FILE.len()));
        read(FILE[..end].to_owned());
    }
}
