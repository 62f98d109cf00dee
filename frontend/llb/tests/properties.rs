//! What holds for every graph: the same bytes each time, inputs before their users, nothing lost in decoding.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use buildkit_llb::{
    Annotate, CopyOptions, Definition, Diff, Digest, Exec, FileOps, Merge, Mkdir, Mount, Output,
    Source, encode,
};
use buildkit_proto::pb;
use proptest::prelude::*;
use prost::Message;

/// One operation of a random graph. Numbers choose earlier outputs, modulo how many there are.
#[derive(Debug, Clone)]
enum Node {
    Image {
        name: u8,
    },
    Exec {
        root: u8,
        mounts: Vec<(u8, bool)>,
        name: String,
    },
    Copy {
        onto: u8,
        from: Vec<u8>,
    },
    Merge {
        inputs: Vec<u8>,
    },
    Diff {
        lower: u8,
        upper: u8,
    },
}

fn node() -> impl Strategy<Value = Node> {
    let choices = || prop::collection::vec(any::<u8>(), 1..4);
    prop_oneof![
        (0..5u8).prop_map(|name| Node::Image { name }),
        (
            any::<u8>(),
            prop::collection::vec(any::<(u8, bool)>(), 0..4),
            "[a-c]{0,2}"
        )
            .prop_map(|(root, mounts, name)| Node::Exec { root, mounts, name }),
        (any::<u8>(), choices()).prop_map(|(onto, from)| Node::Copy { onto, from }),
        choices().prop_map(|inputs| Node::Merge { inputs }),
        any::<(u8, u8)>().prop_map(|(lower, upper)| Node::Diff { lower, upper }),
    ]
}

/// Builds the operations in order; the first choice of all is scratch.
fn build(nodes: &[Node]) -> Vec<Option<Output>> {
    let mut outputs = vec![None];
    for node in nodes {
        let pick = |choice: &u8| outputs[usize::from(*choice) % outputs.len()].clone();
        let output = match node {
            Node::Image { name } => Some(Source::image(format!("image-{name}")).build().unwrap()),
            Node::Exec { root, mounts, name } => {
                let mut exec = Exec::new(["true"]).root(pick(root)).named(name);
                for (number, (source, read_only)) in mounts.iter().enumerate() {
                    let mount = Mount::bind(pick(source), format!("/{number}"));
                    exec = exec.mount(if *read_only { mount.read_only() } else { mount });
                }
                Some(exec.build().unwrap().root_output().unwrap())
            }
            Node::Copy { onto, from } => {
                let files = FileOps::on(pick(onto)).mkdir("/a", Mkdir::default());
                let files = from.iter().fold(files, |files, from| {
                    files.copy(pick(from), "/", "/a", CopyOptions::default())
                });
                Some(files.build().unwrap())
            }
            Node::Merge { inputs } => Merge::of(inputs.iter().map(pick)).build(),
            Node::Diff { lower, upper } => Diff::between(pick(lower), pick(upper)).build(),
        };
        outputs.push(output);
    }
    outputs
}

fn define(nodes: &[Node]) -> Definition {
    // All outputs are merged, so that none of them is left out.
    Definition::of(Merge::of(build(nodes)).build().as_ref())
}

proptest! {
    #[test]
    fn one_graph_has_one_encoding(nodes in prop::collection::vec(node(), 0..24)) {
        prop_assert_eq!(define(&nodes).to_bytes(), define(&nodes).to_bytes());
    }

    #[test]
    fn inputs_precede_their_users(nodes in prop::collection::vec(node(), 0..24)) {
        let definition = define(&nodes);
        let mut seen = BTreeSet::new();
        for bytes in &definition.pb().def {
            let op = pb::Op::decode(bytes.as_slice()).unwrap();
            for input in op.inputs {
                prop_assert!(seen.contains(&input.digest));
            }
            prop_assert!(seen.insert(Digest::of(bytes).into()), "an operation is written twice");
        }
        let described: BTreeSet<String> = definition.pb().metadata.keys().cloned().collect();
        prop_assert_eq!(seen, described);
    }

    #[test]
    fn decoding_loses_nothing(nodes in prop::collection::vec(node(), 0..24)) {
        let definition = define(&nodes);
        let bytes = definition.to_bytes();
        let decoded = pb::Definition::decode(bytes.as_slice()).unwrap();
        prop_assert_eq!(encode::definition(&decoded), bytes);
        for bytes in &decoded.def {
            prop_assert_eq!(&encode::op(&pb::Op::decode(bytes.as_slice()).unwrap()), bytes);
        }
        prop_assert_eq!(Definition::from(decoded), definition);
    }

    #[test]
    fn importing_keeps_every_operation(nodes in prop::collection::vec(node(), 0..24)) {
        let definition = define(&nodes);
        let again = Definition::of(Output::import(definition.pb()).unwrap().as_ref());
        prop_assert_eq!(again.head(), definition.head());
        let sorted = |definition: &Definition| definition.digests().iter().cloned().collect::<BTreeSet<_>>();
        prop_assert_eq!(sorted(&again), sorted(&definition));
        prop_assert_eq!(&again.pb().metadata, &definition.pb().metadata);
        prop_assert_eq!(&again.pb().source, &definition.pb().source);
    }

    #[test]
    fn equal_operations_are_equal_outputs(nodes in prop::collection::vec(node(), 0..24)) {
        prop_assert_eq!(build(&nodes), build(&nodes));
    }
}

#[test]
fn long_chains_overflow_no_stack() {
    const LENGTH: usize = 20_000;
    let mut root = None;
    for _ in 0..LENGTH {
        root = Some(
            Exec::new(["true"])
                .root(root)
                .build()
                .unwrap()
                .root_output()
                .unwrap(),
        );
    }
    let definition = Definition::of(root.as_ref());
    assert_eq!(definition.digests().len(), LENGTH);
    drop(root);
}
