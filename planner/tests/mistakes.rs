//! What a person sees after each mistake that can be made in the syntax and shape of the file.

use layercake_planner::codes;
use layercake_planner::parse::parse;
use layercake_planner::render::{Style, render};
use layercake_planner::source::Source;

/// Mistakes by name, and the file that holds them.
const MISTAKES: &[(&str, &str)] = &[
    // --- the file ---
    ("empty_file", ""),
    (
        "only_a_comment",
        "# syntax=docker.io/layercake/frontend:0.1\n",
    ),
    ("root_is_a_list", "- project: demo\n- stages: {}\n"),
    ("root_is_a_text", "hello\n"),
    ("two_documents", "project: a\n---\nproject: b\n"),
    // --- YAML ---
    (
        "tab_indentation",
        "stages:\n\ttools:\n\t\tapt: [graphviz]\n",
    ),
    (
        "tab_in_indentation",
        "stages:\n  tools:\n  \t  apt: [graphviz]\n",
    ),
    ("list_not_closed", "tags: [\"a\", \"b\"\nproject: demo\n"),
    (
        "mapping_not_closed",
        "stages:\n  tools: { apt: [graphviz]\n",
    ),
    ("bracket_without_partner", "tags: a]\nproject: [demo]]\n"),
    ("quote_not_closed", "project: \"demo\nstages: {}\n"),
    ("unknown_escape", "project: \"\\demo\"\n"),
    (
        "colon_in_a_text",
        "stages:\n  hello:\n    run: echo \"a: b\": c\n",
    ),
    ("no_space_after_colon", "project:demo\nstages: {}\n"),
    (
        "wrong_indentation",
        "stages:\n  tools:\n    apt: [graphviz]\n   on: python\n",
    ),
    ("list_item_beside_keys", "tags:\n- a\nproject: demo\n- b\n"),
    ("unquoted_placeholder", "tags: [{service}:{version}, a]\n"),
    (
        "unquoted_placeholder_in_a_block",
        "tags:\n  - {service}:latest\n",
    ),
    (
        "text_that_starts_with_at",
        "stages:\n  svgo:\n    npm: [@scope/tool]\n",
    ),
    ("text_that_starts_with_percent", "project: %demo\n"),
    ("unknown_anchor", "stages:\n  tools: { apt: *packages }\n"),
    (
        "pattern_taken_for_an_alias",
        "stages:\n  app: { wheel: { path: app, include: [*.py] } }\n",
    ),
    ("alias_in_itself", "stages: &all\n  a: *all\n"),
    ("tag", "project: !!str demo\nstages: !include stages.yaml\n"),
    (
        "merge_of_a_text",
        "stages:\n  tools:\n    <<: common\n    apt: [graphviz]\n",
    ),
    (
        "key_twice",
        "stages:\n  tools: { apt: [graphviz] }\n  deno: { apt: [unzip] }\n  tools: { apt: [xvfb] }\n",
    ),
    ("key_is_a_list", "stages:\n  [a, b]: { apt: [graphviz] }\n"),
    ("control_character", "project: de\u{7}mo\n"),
    // --- keys ---
    (
        "unknown_key_at_the_top",
        "stage:\n  tools: { apt: [graphviz] }\n",
    ),
    (
        "unknown_key_in_a_stage",
        "stages:\n  tools: { atp: [graphviz], need: [base] }\n",
    ),
    (
        "unknown_key_in_a_kind",
        "stages:\n  env: { conda: { file: packages.yaml, Prefix: /opt/conda } }\n",
    ),
    (
        "unknown_key_in_a_service",
        "services:\n  web: { base: python, env: { A: b }, port: 80 }\n",
    ),
    (
        "unknown_key_in_an_image",
        "services:\n  web: { base: python, image: { stop_signal: SIGINT, working_dir: /app } }\n",
    ),
    (
        "unknown_key_in_a_healthcheck",
        "services:\n  web: { base: python, image: { healthcheck: { test: [x], retry: 3 } } }\n",
    ),
    (
        "compose_names",
        "services:\n  web: { base: python, command: [a], environment: { A: b }, ports: [80], depends_on: [db] }\n",
    ),
    (
        "kinds_that_do_not_exist",
        "stages:\n  a: { dockerfile: Dockerfile }\n  b: { apt: [curl], platforms: { linux/arm64: {} } }\n",
    ),
    (
        "missing_keys",
        "stages:\n  a: { unpack: { from: a.zip } }\n  b:\n    copy:\n      - to: /b\n      - from: c\n  d: { wheel: { include: [src] } }\nservices:\n  web: { stages: [a, b] }\n",
    ),
    ("version_without_key", "version: { from: pyproject.toml }\n"),
    (
        "healthcheck_without_test",
        "services:\n  web: { base: python, image: { healthcheck: { interval: 30s } } }\n",
    ),
    (
        "healthcheck_disabled_with_test",
        "services:\n  web: { base: python, image: { healthcheck: { test: a, disable: true } } }\n",
    ),
    // --- kinds ---
    (
        "stage_without_kind",
        "stages:\n  tools: { on: python }\n  empty: {}\n",
    ),
    (
        "stage_with_two_kinds",
        "stages:\n  tools:\n    apt: [graphviz]\n    run: make\n    on: python\n",
    ),
    (
        "stage_without_value",
        "stages:\n  tools:\nservices:\n  web: { base: python }\n",
    ),
    ("stage_is_a_list", "stages:\n  tools: [graphviz]\n"),
    (
        "stages_are_a_list",
        "stages:\n  - tools: { apt: [graphviz] }\n",
    ),
    // --- values ---
    (
        "keys_without_values",
        "project:\nbases:\nstages:\n  a: { run: }\n",
    ),
    (
        "text_in_place_of_a_list",
        "stages:\n  a: { apt: graphviz }\n  b: { run: make, needs: a }\nservices:\n  web: { base: python, stages: a }\n",
    ),
    (
        "list_in_place_of_a_text",
        "project: [demo]\nstages:\n  a: { wheel: [one, two] }\n",
    ),
    (
        "mapping_in_place_of_a_text",
        "stages:\n  a: { apt: [graphviz, { name: curl }] }\nargs: { A: { default: b } }\n",
    ),
    (
        "text_in_place_of_a_mapping",
        "stages:\n  a: { unpack: a.zip }\nservices:\n  web: { base: python, image: python, finish: { run: make } }\n",
    ),
    (
        "yes_in_place_of_true",
        "stages:\n  a: { run: make, expensive: yes }\n  b: { run: make, expensive: \"true\" }\n  c: { run: make, expensive: 1 }\n",
    ),
    (
        "no_whole_number",
        "services:\n  web: { base: python, image: { healthcheck: { test: a, retries: 1.5 } } }\n",
    ),
    (
        "mapping_in_place_of_a_command",
        "services:\n  web: { base: python, image: { cmd: { run: a } } }\nversion: [1]\n",
    ),
    (
        "list_of_pairs_in_place_of_env",
        "services:\n  web: { base: python, image: { env: [A=b] } }\n",
    ),
    (
        "sharing_that_does_not_exist",
        "stages:\n  a: { run: { script: make, caches: [{ to: /c, sharing: lock }] } }\n",
    ),
    // --- names ---
    (
        "names",
        "project: My Project\nargs: { MY-ARG: a }\nbases: { Python: python:3.11 }\nstages:\n  -tools: { apt: [graphviz] }\nservices:\n  web app: { base: Python, image: { env: { 1A: b } } }\n",
    ),
    // --- many at once ---
    (
        "all_at_once",
        "project: demo\nproject: twice\nstages:\n  a: { apt: graphviz, on: [python] }\n  b: { wheel: {} }\n  c: { fetch: { ur: x } }\nservice: {}\n",
    ),
    (
        "long_line",
        "stages:\n  a: { apt: [one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen], neds: [b], on: python }\n",
    ),
    (
        "an_anchor_with_a_mistake_is_told_once",
        "x-common: &common { no: matter }\nstages:\n  a: &a { apt: { pakages: [x] } }\n  b: *a\n  c: { <<: *a }\n",
    ),
];

fn rendered(text: &str) -> String {
    let source = Source {
        name: "layercake.yaml".into(),
        text: text.into(),
    };
    let (_, diagnostics) = parse(&source);
    for diagnostic in &diagnostics {
        assert!(
            codes::explain(diagnostic.code).is_some(),
            "{}",
            diagnostic.code
        );
        assert!(
            !diagnostic.help.is_empty(),
            "no way out: {}",
            diagnostic.message
        );
    }
    render(&source, &diagnostics, Style::default())
}

#[test]
fn mistakes() {
    for (name, text) in MISTAKES {
        let shown = rendered(text);
        assert!(!shown.is_empty(), "{name} is no mistake");
        insta::assert_snapshot!(*name, format!("{text}\n~~~\n{shown}"));
    }
}

#[test]
fn line_ends_do_not_matter() {
    for (name, text) in MISTAKES {
        let crlf = rendered(&text.replace('\n', "\r\n"));
        assert_eq!(crlf, rendered(text), "{name}");
    }
}

#[test]
fn other_encodings() {
    for (name, bytes) in [
        (
            "latin_1",
            b"project: demo\nversion: \"gr\xfc\xdf\"\n".to_vec(),
        ),
        (
            "utf_16",
            "\u{feff}project"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        ),
    ] {
        let error = Source::from_bytes("layercake.yaml", bytes).unwrap_err();
        let shown = render(&error.source, &[error.diagnostic], Style::default());
        insta::assert_snapshot!(name, shown);
    }
}

#[test]
fn too_large() {
    let text = " ".repeat(layercake_planner::yaml::MAX_BYTES + 1);
    insta::assert_snapshot!("too_large", rendered(&text));
    let nested = format!("stages: {}", "[".repeat(300));
    insta::assert_snapshot!("too_deep", rendered(&nested));
}
