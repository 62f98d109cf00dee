//! The edges between the workspace's crates, and what must be true of its texts.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What each crate may depend on among the workspace's own, as ARCHITECTURE.md draws it.
const EDGES: [(&str, &[&str]); 11] = [
    ("buildkit-proto", &[]),
    ("dockerignore", &[]),
    ("buildkit-llb", &["buildkit-proto"]),
    ("layercake-planner", &[]),
    ("layercake-conda", &["layercake-planner"]),
    ("layercake-lower", &["buildkit-llb", "layercake-planner"]),
    ("layercake-replay", &["dockerignore", "layercake-planner"]),
    (
        "layercake-solve",
        &["buildkit-llb", "buildkit-proto", "dockerignore"],
    ),
    (
        "layercake",
        &[
            "buildkit-llb",
            "buildkit-proto",
            "dockerignore",
            "layercake-conda",
            "layercake-lower",
            "layercake-planner",
            "layercake-replay",
            "layercake-solve",
        ],
    ),
    ("layercake-link", &[]),
    ("micromamba-standin", &[]),
];

/// What must not be reachable, directly or not, from crates that are to stay pure.
const FORBIDDEN: [(&str, &[&str]); 6] = [
    (
        "layercake-planner",
        &["tokio", "tonic", "prost", "clap", "reqwest"],
    ),
    ("buildkit-llb", &["tokio", "clap"]),
    ("layercake-lower", &["tokio", "clap"]),
    ("layercake-replay", &["tokio", "clap", "gix"]),
    ("layercake-conda", &["clap", "openssl-sys", "tonic"]),
    ("layercake-solve", &["clap", "indicatif", "console"]),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

/// Dependencies by package id, without those for tests and builds.
fn dependencies(metadata: &Value) -> BTreeMap<&str, Vec<&str>> {
    let nodes = metadata["resolve"]["nodes"].as_array().expect("nodes");
    let normal = |dep: &&Value| {
        dep["dep_kinds"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
    };
    let of = |node: &'_ Value| -> Vec<String> {
        let deps = node["deps"].as_array().expect("deps").iter().filter(normal);
        deps.filter_map(|dep| dep["pkg"].as_str().map(str::to_owned))
            .collect()
    };
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            (
                package["id"].as_str().expect("id"),
                package["name"].as_str().expect("name"),
            )
        })
        .collect();
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in nodes {
        let name = names[node["id"].as_str().expect("id")];
        found
            .entry(name)
            .or_default()
            .extend(of(node).iter().map(|id| names[id.as_str()]));
    }
    found
}

#[test]
fn crates_depend_only_on_what_the_architecture_draws() {
    let metadata = metadata();
    let dependencies = dependencies(&metadata);
    let own: Vec<_> = EDGES.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in EDGES {
        for to in dependencies[name].iter().filter(|to| own.contains(to)) {
            assert!(allowed.contains(to), "{name} must not depend on {to}");
        }
    }
}

/// All that a crate is built with. `cargo tree` and not `cargo metadata`, which switches on every feature that
/// anybody in the workspace asks for.
fn reached(name: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--package",
            name,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("a text");
    text.lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn pure_crates_reach_nothing_impure() {
    for (name, forbidden) in FORBIDDEN {
        let reached = reached(name);
        assert!(
            reached.iter().any(|next| next == name),
            "{name} is not in its own tree"
        );
        for next in forbidden {
            assert!(
                !reached.iter().any(|known| known == next),
                "{name} reaches {next}"
            );
        }
    }
}

#[test]
fn petgraph_is_named_in_one_file() {
    let planner = Path::new(env!("CARGO_MANIFEST_DIR")).join("../planner/src");
    let mut named = Vec::new();
    let mut open = vec![planner];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else if std::fs::read_to_string(entry.path())
                .expect("a text")
                .contains("use petgraph")
            {
                named.push(entry.file_name());
            }
        }
    }
    assert_eq!(named, ["graph.rs"]);
}
