//! Trees, spans and budgets.

use std::fmt::Write;

use super::*;

fn read(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    parse(&Source {
        name: "f.yaml".into(),
        text: text.into(),
    })
}

/// The tree in one line: `{a: [b, 'c']}`, quoted scalars in quotes.
fn show(node: &Node) -> String {
    match &node.kind {
        NodeKind::Scalar { text, plain: true } => text.clone(),
        NodeKind::Scalar { text, plain: false } => format!("{text:?}"),
        NodeKind::List(items) => {
            let items: Vec<_> = items.iter().map(show).collect();
            format!("[{}]", items.join(", "))
        }
        NodeKind::Map(entries) => {
            let entry = |entry: &Entry| format!("{}: {}", entry.key.value, show(&entry.value));
            let entries: Vec<_> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[track_caller]
fn check(text: &str, expect: &str) {
    let (root, diagnostics) = read(text);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    assert_eq!(root.as_ref().map_or("nothing".into(), show), expect);
}

#[track_caller]
fn refused(text: &str, code: &str) -> Diagnostic {
    let (_, diagnostics) = read(text);
    let codes: Vec<_> = diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, [code], "{diagnostics:#?}");
    diagnostics.into_iter().next().unwrap()
}

#[track_caller]
fn spans(text: &str, expect: &[&str]) {
    fn collect<'t>(text: &'t str, node: &Node, found: &mut Vec<&'t str>) {
        found.push(&text[node.span.range()]);
        node.list()
            .into_iter()
            .flatten()
            .for_each(|item| collect(text, item, found));
        for entry in node.map().into_iter().flatten() {
            found.push(&text[entry.key.span.range()]);
            collect(text, &entry.value, found);
        }
    }
    let (root, diagnostics) = read(text);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let mut found = Vec::new();
    collect(text, &root.unwrap(), &mut found);
    assert_eq!(found, expect);
}

#[test]
fn scalars_stay_as_written() {
    check(
        "{a: 3.10, b: 0755, c: true, d: '3', e: \"x\\ty\"}",
        "{a: 3.10, b: 0755, c: true, d: \"3\", e: \"x\\ty\"}",
    );
    check("a: |\n  one\n  two\n", "{a: \"one\\ntwo\\n\"}");
    check("a: >-\n  one\n  two\n", "{a: \"one two\"}");
    check("a:\nb: ~\n", "{a: ~, b: ~}");
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    check(
        "a: |\r\n  one\r\n  two\r\nb:\r\n- c\r\n",
        "{a: \"one\\ntwo\\n\", b: [c]}",
    );
    check("\u{feff}a: b\n", "{a: b}");
    check("", "nothing");
    check("# only a comment\n", "nothing");
    check("---\n", "~");
}

#[test]
fn spans_cover_what_was_written() {
    spans(
        "a: [b, 'c']  # d\n",
        &["a: [b, 'c']", "a", "[b, 'c']", "b", "'c'"],
    );
    spans(
        "a:\n  b: c d  \n\n  e:\n  - f\n# end\n",
        &[
            "a:\n  b: c d  \n\n  e:\n  - f",
            "a",
            "b: c d  \n\n  e:\n  - f",
            "b",
            "c d",
            "e",
            "f",
            "f",
        ],
    );
    spans("\u{feff}ä: ö\n", &["ä: ö", "ä", "ö"]);
    spans(
        "a: |\n  b\n\nc: d\n",
        &["a: |\n  b\n\nc: d", "a", "b", "c", "d"],
    );
}

#[test]
fn an_alias_stands_where_it_is_used_and_its_inside_where_it_was_written() {
    check(
        "a: &x [1, {b: 2}]\nc: *x\n",
        "{a: [1, {b: 2}], c: [1, {b: 2}]}",
    );
    spans(
        "a: &x [1]\nc: *x\n",
        &["a: &x [1]\nc: *x", "a", "[1]", "1", "c", "*x", "1"],
    );
    refused("a: *x\n", "syntax");
    refused("a: &x [*x]\n", "alias-cycle");
}

#[test]
fn merge_keys_give_way_to_keys_of_the_mapping() {
    check(
        "x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x, c: 4}\n",
        "{x: {a: 1, b: 2}, y: {b: 3, c: 4, a: 1}}",
    );
    check(
        "x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y]}\n",
        "{x: {a: 1}, y: {a: 2, b: 2}, z: {a: 1, b: 2}}",
    );
    check("a: {'<<': b}", "{a: {<<: b}}");
    refused("a: {<<: b}", "merge");
}

#[test]
fn keys_that_stand_twice_show_both_places() {
    let text = "a: 1\nb: 2\na: 3\n";
    let found = refused(text, "duplicate-key");
    assert_eq!(found.primary.unwrap().span, Span { start: 10, end: 11 });
    assert_eq!(found.secondary[0].span, Span { start: 0, end: 1 });
    let (root, _) = read(text);
    assert_eq!(show(&root.unwrap()), "{a: 1, b: 2}");
}

#[test]
fn what_has_no_meaning_here_is_refused() {
    refused("a: !!str 3\n", "yaml-tag");
    refused("a: 1\n---\nb: 2\n", "several-documents");
    refused("{[a]: b}", "key");
    refused("{~: b}", "key");
    refused("tags: [{service}:{version}]", "key");
    refused("a:\n\tb: c\n", "syntax");
    refused("a: [b\n", "syntax");
    refused("a: \"b\n", "syntax");
    refused("a: b: c\n", "syntax");
    refused("a: b\n  c: d\n", "syntax");
    refused("a: @b\n", "syntax");
    refused("a: \0\n", "syntax");
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(MAX_DEPTH)).1.is_empty());
    refused(&nested(MAX_DEPTH + 1), "too-deep");
    refused(&"[".repeat(100_000), "too-deep");
    refused(&"- ".repeat(100_000), "too-deep");
    refused(&"{a: ".repeat(100_000), "too-deep");
    let mut text = String::from("l0: &l0 [1]\n");
    for level in 1..100 {
        writeln!(text, "l{level}: &l{level} [*l{}]", level - 1).unwrap();
    }
    refused(&text, "too-deep");
}

#[test]
fn what_aliases_repeat_is_limited() {
    let mut text = String::from("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let of = format!("*l{}, ", level - 1).repeat(10);
        writeln!(text, "l{level}: &l{level} [{of}]").unwrap();
    }
    refused(&text, "too-large");
    let long = "x".repeat(1 << 20);
    refused(
        &format!("a: &a {long}\nb: [{}]", "*a, ".repeat(17)),
        "too-large",
    );
}

#[test]
fn ten_megabytes_are_read_and_more_than_the_limit_is_refused() {
    let line = format!("- [name, '{}']\n", "some text of a usual length ".repeat(9));
    let text = line.repeat(10_000_000 / line.len());
    let (root, diagnostics) = read(&text);
    assert!(diagnostics.is_empty());
    assert_eq!(root.unwrap().list().unwrap().len(), 10_000_000 / line.len());
    refused(&" ".repeat(MAX_BYTES + 1), "too-large");
}
