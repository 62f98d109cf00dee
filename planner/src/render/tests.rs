//! What people and programs see.

use super::*;

const TEXT: &str = "project: demo\nstages:\n  größe: { apt: [x] }\n";

fn source() -> Source {
    Source {
        name: "layercake.yaml".into(),
        text: TEXT.into(),
    }
}

fn span(of: &str) -> Span {
    let start = TEXT.find(of).unwrap();
    Span {
        start,
        end: start + of.len(),
    }
}

fn diagnostics() -> Vec<Diagnostic> {
    vec![
        Diagnostic::warning(
            "unused-stage",
            span("größe"),
            "no service has the stage `größe`",
        )
        .label("here")
        .also(span("project"), "of this project")
        .help("remove it"),
        Diagnostic::error("key", span("apt"), "wrong")
            .help("one way")
            .help("another"),
        Diagnostic::error_of_file("no-services", "the file has no services").help("add one"),
    ]
}

#[test]
fn people_see_lines_and_a_count() {
    insta::assert_snapshot!(render(&source(), &diagnostics(), Style::default()));
    assert_eq!(render(&source(), &[], Style::default()), "");
}

#[test]
fn colour_is_only_there_when_asked_for() {
    let style = |color| Style { color, width: 80 };
    let plain = render(&source(), &diagnostics(), style(false));
    let colored = render(&source(), &diagnostics(), style(true));
    assert!(!plain.contains('\u{1b}') && colored.contains("\u{1b}["));
}

#[test]
fn programs_see_places_in_characters() {
    insta::assert_json_snapshot!(records(&source(), &diagnostics()));
}

#[test]
fn a_flood_is_cut() {
    let many: Vec<_> = (0..SHOWN + 7)
        .map(|_| Diagnostic::error("key", span("apt"), "wrong"))
        .collect();
    let shown = render(&source(), &many, Style::default());
    assert_eq!(shown.matches("error[key]").count(), SHOWN);
    assert!(
        shown.ends_with("57 errors; the first 50 are shown\n"),
        "{shown}"
    );
}

#[test]
fn a_span_at_the_end_of_the_file_is_shown() {
    let end = Span {
        start: TEXT.len(),
        end: TEXT.len() + 5,
    };
    let shown = render(
        &source(),
        &[Diagnostic::error("syntax", end, "ends too early")],
        Style::default(),
    );
    assert!(shown.contains("layercake.yaml:"), "{shown}");
}
