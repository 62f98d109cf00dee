//! The documents that come with the planner say what is so.
#![allow(clippy::disallowed_methods)] // Tests read examples and documents from their folders.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use layercake_planner::codes::{CODES, explain};
use layercake_planner::parse::parse;
use layercake_planner::render::{Style, render};
use layercake_planner::schema::schema;
use layercake_planner::source::Source;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compares a committed file with what it is made from, or writes it when `variable` is set.
#[track_caller]
fn committed(path: &str, expect: &str, variable: &str) {
    let file = repository().join(path);
    if std::env::var_os(variable).is_some() {
        fs::write(&file, expect).expect("the repository can be written");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    let way =
        format!("{path} is out of date: {variable}=1 cargo test -p layercake-planner writes it");
    assert!(found == expect, "{way}");
}

#[track_caller]
fn right(name: &str, text: &str) {
    let source = Source {
        name: name.into(),
        text: text.into(),
    };
    let (_, diagnostics) = parse(&source);
    let shown = render(&source, &diagnostics, Style::default());
    assert!(shown.is_empty(), "{text}\n{shown}");
}

#[test]
fn the_schema_is_up_to_date() {
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    committed("docs/layercake.schema.json", &text, "UPDATE_SCHEMA");
}

#[test]
fn the_diagnostics_are_listed() {
    let mut text = String::from(
        "# Diagnostics\n\n\
         Every finding has a code that never changes its meaning. `layercake check --format json` gives it as `code`.\n\n\
         | code | what it says |\n|---|---|\n",
    );
    for (code, meaning) in CODES {
        writeln!(text, "| `{code}` | {} |", meaning.replace('|', "\\|")).unwrap();
    }
    committed("docs/diagnostics.md", &text, "UPDATE_DOCS");
}

#[test]
fn the_examples_of_the_reference_are_right() {
    let text = fs::read_to_string(repository().join("docs/layercake-yaml.md")).unwrap();
    let mut kinds = BTreeSet::new();
    for block in text.split("```yaml\n").skip(1) {
        let (example, _) = block.split_once("```").unwrap();
        right("layercake-yaml.md", example);
        let words = example.split(|c: char| !c.is_ascii_alphanumeric());
        kinds.extend(words.map(str::to_owned));
    }
    let schema = schema();
    for kind in schema["$defs"]["StageSpec"]["oneOf"].as_array().unwrap() {
        let kind = kind["required"][0].as_str().unwrap();
        assert!(
            text.contains(&format!("### {kind}\n")),
            "no section on {kind}"
        );
        assert!(kinds.contains(kind), "no example of {kind}");
    }
}

fn assert_named(value: &serde_json::Value, words: &BTreeSet<&str>) {
    for key in value["properties"].as_object().into_iter().flatten() {
        assert!(
            words.contains(key.0.as_str()),
            "`{}` is not in the reference",
            key.0
        );
    }
    let below = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, value)| value);
    below
        .chain(value.as_array().into_iter().flatten())
        .for_each(|value| assert_named(value, words));
}

#[test]
fn the_reference_names_every_key() {
    let text = fs::read_to_string(repository().join("docs/layercake-yaml.md")).unwrap();
    let words: BTreeSet<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .collect();
    assert_named(&schema(), &words);
}

#[test]
fn the_examples_are_right() {
    let mut seen = 0;
    for folder in fs::read_dir(repository().join("examples")).unwrap() {
        let file = folder.unwrap().path().join("layercake.yaml");
        if file.exists() {
            right(
                &file.display().to_string(),
                &fs::read_to_string(&file).unwrap(),
            );
            seen += 1;
        }
    }
    assert!(seen > 0, "there are examples");
}

/// Every source file of the planner but the list of codes itself.
fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !path.ends_with("codes.rs")
        {
            found.push_str(&fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn every_code_is_explained_and_used() {
    let mut source = String::new();
    sources(&repository().join("planner/src"), &mut source);
    let raised = regex::Regex::new(
        r#"(?:Diagnostic::(?:error|warning|error_of_file|warning_of_file)\(|\bcode:)\s*"([a-z0-9-]+)""#,
    )
    .unwrap();
    let unexplained: BTreeSet<&str> = raised
        .captures_iter(&source)
        .map(|found| found.extract::<1>().1[0])
        .filter(|code| explain(code).is_none())
        .collect();
    assert!(
        unexplained.is_empty(),
        "explain in codes.rs: {unexplained:?}"
    );
    let stale: Vec<&str> = CODES
        .iter()
        .map(|(code, _)| *code)
        .filter(|code| !source.contains(&format!("\"{code}\"")))
        .collect();
    assert!(stale.is_empty(), "no longer raised: {stale:?}");
}
