//! Builds the graphs of `tests/golden`, a Go program on BuildKit's own client, and compares every byte with what that
//! program wrote. `cargo xtask golden` writes the files anew.
#![allow(clippy::disallowed_methods)] // Tests read examples and documents from their folders.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, io};

use buildkit_llb::{
    Definition, Digest, Image, LlbError, Local, Output, Platform, Source, dump, encode,
};
use buildkit_proto::pb;
use prost::Message;

mod combined;
mod described;
mod execs;
mod files;
mod pipelines;
mod sources;

/// A graph by the name of its golden file.
type Graph = (&'static str, Option<Output>);
/// Graphs, or why one of them could not be built.
type Graphs = Result<Vec<Graph>, LlbError>;

const SOME_DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn platform(text: &str) -> Platform {
    text.parse().unwrap()
}

fn image(reference: &str) -> Image {
    Source::image(reference).platform(platform("linux/amd64"))
}

fn alpine() -> Image {
    image("docker.io/library/alpine:3.20")
}

fn context() -> Local {
    Source::local("context").session_id("session")
}

/// What the Go program wrote of one graph.
#[derive(Debug, PartialEq, Eq)]
struct Golden {
    digests: Vec<String>,
    definition: Vec<u8>,
}

fn read_goldens() -> io::Result<BTreeMap<String, Golden>> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/data");
    let mut goldens = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
        let digests = json["digests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|digest| digest.as_str().unwrap().to_owned());
        let definition = hex::decode(json["definition"].as_str().unwrap()).unwrap();
        goldens.insert(
            name,
            Golden {
                digests: digests.collect(),
                definition,
            },
        );
    }
    Ok(goldens)
}

fn build_graphs() -> BTreeMap<&'static str, Option<Output>> {
    let groups = [
        sources::graphs(),
        sources::gits(),
        execs::graphs(),
        execs::mounts(),
        files::graphs(),
        files::copies(),
        combined::graphs(),
        described::graphs(),
        pipelines::graphs(),
    ];
    let mut graphs = BTreeMap::new();
    for (name, output) in groups.into_iter().flat_map(|group| group.unwrap()) {
        assert!(
            graphs.insert(name, output).is_none(),
            "two graphs are named {name}"
        );
    }
    graphs
}

/// All digests in the order of the definition, that of the last operation included.
fn digests(definition: &pb::Definition) -> Vec<String> {
    definition
        .def
        .iter()
        .map(|op| Digest::of(op).into())
        .collect()
}

/// A definition for people: every operation decoded, then the digests, then the bytes.
fn show(bytes: &[u8]) -> String {
    let definition = pb::Definition::decode(bytes).unwrap();
    let decoded = dump::to_json(&definition).unwrap();
    format!(
        "{decoded:#}\n{:#?}\n{}",
        digests(&definition),
        hex::encode(bytes)
    )
}

#[test]
fn every_graph_has_a_golden_and_every_golden_a_graph() {
    let graphs: Vec<String> = build_graphs().into_keys().map(str::to_owned).collect();
    let goldens: Vec<String> = read_goldens().unwrap().into_keys().collect();
    assert_eq!(graphs, goldens);
}

#[test]
fn bytes_equal_those_of_go() {
    let mut goldens = read_goldens().unwrap();
    let mut different = Vec::new();
    for (name, output) in build_graphs() {
        let Some(golden) = goldens.remove(name) else {
            continue;
        };
        let definition = Definition::of(output.as_ref());
        let ours = Golden {
            digests: digests(definition.pb()),
            definition: definition.to_bytes(),
        };
        if ours != golden {
            let (ours, golden) = (show(&ours.definition), show(&golden.definition));
            eprintln!("--- {name}: Go\n{golden}\n+++ {name}: Rust\n{ours}\n");
            different.push(name);
        }
    }
    assert!(
        different.is_empty(),
        "{} graphs differ: {different:?}",
        different.len()
    );
}

#[test]
fn decoding_and_encoding_give_the_same_bytes() {
    for (name, golden) in read_goldens().unwrap() {
        let definition = pb::Definition::decode(golden.definition.as_slice()).unwrap();
        assert_eq!(
            hex::encode(encode::definition(&definition)),
            hex::encode(&golden.definition),
            "{name}"
        );
        for op in &definition.def {
            let decoded = pb::Op::decode(op.as_slice()).unwrap();
            assert_eq!(hex::encode(encode::op(&decoded)), hex::encode(op), "{name}");
        }
    }
}
