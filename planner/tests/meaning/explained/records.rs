//! Records of anything at all: equal digests and no difference are the same.

use std::collections::BTreeMap;

use layercake_planner::explain::{Cause, differences};
use layercake_planner::plan::{FileKey, ImageKey, InputKey, KeyRecord, RootKey, StageKey};
use proptest::prelude::*;
use serde_json::{Value, json};

fn texts() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "",
        "a",
        "b",
        "a=1",
        "{\"dependencies\":[\"a\"]}",
        "{\"dependencies\":[1]}",
        "x\ny",
    ])
    .prop_map(str::to_owned)
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (0..3_i32).prop_map(|n| json!(n)),
        prop_oneof![Just(0.0_f64), Just(-0.0)].prop_map(|n| json!(n)),
        texts().prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let names = vec![
            "Conda",
            "environment",
            "requirements",
            "script",
            "env",
            "packages",
            "path",
            "to",
            "content",
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            proptest::collection::vec((proptest::sample::select(names), inner), 0..3).prop_map(
                |fields| Value::Object(
                    fields
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect()
                )
            ),
        ]
    })
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(texts())
}

fn images() -> impl Strategy<Value = ImageKey> {
    (texts(), maybe()).prop_map(|(reference, digest)| ImageKey { reference, digest })
}

fn inputs() -> impl Strategy<Value = InputKey> {
    let file = (maybe(), any::<bool>(), maybe()).prop_map(|(digest, executable, link)| FileKey {
        digest,
        executable,
        link,
    });
    (
        texts(),
        any::<bool>(),
        proptest::collection::btree_map(texts(), file, 0..3),
    )
        .prop_map(|(path, folder, files)| InputKey {
            path,
            folder,
            files,
        })
}

fn stage_keys() -> impl Strategy<Value = Vec<StageKey>> {
    let key = (texts(), texts()).prop_map(|(stage, key)| StageKey { stage, key });
    proptest::collection::vec(key, 0..3)
}

fn records() -> impl Strategy<Value = KeyRecord> {
    let root = prop_oneof![Just(RootKey::Scratch), images().prop_map(RootKey::Image)];
    let images: BTreeMap<String, ImageKey> = BTreeMap::new();
    let some =
        proptest::collection::btree_map(texts(), self::images(), 0..3).prop_map(move |some| {
            images
                .clone()
                .into_iter()
                .chain(some)
                .collect::<BTreeMap<_, _>>()
        });
    (
        texts(),
        texts(),
        values(),
        maybe(),
        root,
        some,
        proptest::collection::vec(inputs(), 0..3),
        stage_keys(),
        stage_keys(),
    )
        .prop_map(
            |(kind, platform, parameters, source, root, images, inputs, needs, reads)| KeyRecord {
                kind,
                platform,
                parameters,
                source,
                root,
                images,
                inputs,
                needs,
                reads,
            },
        )
}

/// One field of another record in place of its own.
fn mutated(mut record: KeyRecord, other: KeyRecord, field: usize) -> KeyRecord {
    match field {
        0 => record.kind = other.kind,
        1 => record.platform = other.platform,
        2 => record.parameters = other.parameters,
        3 => record.root = other.root,
        4 => record.images = other.images,
        5 => record.inputs = other.inputs,
        6 => record.needs = other.needs,
        7 => record.reads = other.reads,
        8 => record.inputs.reverse(),
        9 => record.needs.reverse(),
        _ => return other,
    }
    record
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2048, ..ProptestConfig::default() })]

    /// Equal digests and no difference are the same thing, whatever the records hold.
    #[test]
    fn digests_and_differences_agree(record in records(), other in records(), field in 0..11_usize) {
        let other = mutated(record.clone(), other, field);
        let found: Vec<Cause> = differences(&record.clone().into(), &other.clone().into());
        prop_assert_eq!(found.is_empty(), record.digest() == other.digest());
        for cause in &found {
            prop_assert!(!cause.to_string().is_empty());
        }
        prop_assert_eq!(differences(&other.into(), &record.into()).is_empty(), found.is_empty());
    }
}
