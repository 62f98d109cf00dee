//! Every kind of change, with exactly the stages and the causes that are told of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use layercake_planner::explain::{Cause, Records, StageChange, Verdict, compare, differences};
use layercake_planner::plan::{FileKey, ImageKey, InputKey, KeyRecord, Plan, RootKey, StageKey};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::every_kind::{EDITS, FILE, world};
use crate::world::World;

/// Edits of the file beyond those of [`EDITS`].
const MORE: &[(&str, &str, &str)] = &[
    ("[graphviz, unzip]", "[graphviz]", "tools"),
    ("[vendor/b.deb, vendor/a.deb]", "[vendor/a.deb]", "vendor"),
    (
        "uv:0.9\", paths: [{ from: /uv,",
        "uv:0.9\", paths: [{ from: /uvx,",
        "taken",
    ),
    (
        "requirements: requirements.txt, packages: [\"idna>=3\",",
        "requirements: requirements.txt, python: /usr/bin/python3, packages: [\"idna>=3\",",
        "deps",
    ),
    (
        "requirements: requirements.txt,",
        "requirements: requirements.txt, index-url: \"https://i/s\",",
        "deps",
    ),
    ("exec app\\n\"", "exec app2\\n\"", "conf"),
    ("/etc/app.ini:", "/etc/app2.ini:", "conf"),
    ("secrets: [token,", "secrets: [", "build"),
    ("ssh: [default]", "ssh: [deploy]", "build"),
    ("KEEP: \"yes\" }", "KEEP: \"yes\", MORE: \"1\" }", "build"),
    ("args: [CHANNEL]", "args: []", "build"),
    (
        "outputs: [/opt/build, /opt/logs]",
        "outputs: [/opt/build]",
        "build",
    ),
    (
        "inputs: [src, {",
        "inputs: [{ from: src, to: /in/src }, {",
        "build",
    ),
    ("needs: [tools, conf]", "needs: [tools]", "fix"),
    (
        "stage: build, to: /opt/app/",
        "stage: conf, to: /opt/app/",
        "out",
    ),
    ("to: /opt/app/", "to: /opt/other/", "out"),
    (
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, to: /usr/local/bin/, mode: \"0755\"",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, to: /usr/local/bin/, mode: \"0700\"",
        "url",
    ),
];

/// Rewritten files: the path, the text, and the stages whose own difference that is.
const REWRITES: &[(&str, &str, &[&str])] = &[
    (
        "env.yaml",
        "channels: [conda-forge]\ndependencies: [python=3.13, numpy]\n",
        &["env"],
    ),
    (
        "env.yaml",
        "channels: [conda-forge]\ndependencies: [python=3.12, numpy=2.0, scipy]\n",
        &["env"],
    ),
    (
        "env.yaml",
        "channels: [pytorch, conda-forge]\ndependencies: [python=3.12]\n",
        &["env"],
    ),
    (
        "env.yaml",
        "channels: [conda-forge]\ndependencies: [python=3.12, numpy, pip: [rich==14]]\n",
        &["env"],
    ),
    ("requirements.txt", "requests==2.32.4\n--pre\n", &["deps"]),
    ("app/src/app.py", "print(1)\n", &["app"]),
    ("app/src/new.py", "", &["app"]),
    ("front/package-lock.json", "{ }\n", &["front"]),
    ("vendor/a.deb", "aa", &["vendor"]),
    ("vendor/tool.zip", "PK2", &["zip"]),
    ("vendor/tool.tar.gz", "gz2", &["tar"]),
    ("data/one.txt", "3\n", &["data", "build"]),
    ("src/main.c", "int main() {}\n", &["build"]),
    ("run.sh", "exec app\n", &["data"]), // No longer executable.
];

fn edited(from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "{from}");
    FILE.replace(from, to)
}

/// What is done to the world.
type Change = fn(&mut World);

/// Every change of one kind: its name, the plan after it, and the stages that it is about.
fn changes() -> Vec<(String, Plan, Vec<&'static str>)> {
    let mut all = Vec::new();
    for (from, to, stage) in EDITS.iter().chain(MORE) {
        let name = format!("{from} => {to}");
        all.push((name, world().planned(&edited(from, to)), vec![*stage]));
    }
    for (path, text, stages) in REWRITES {
        let mut world = world();
        world.file(path, text);
        all.push((
            format!("{path}: {text:?}"),
            world.planned(FILE),
            stages.to_vec(),
        ));
    }
    let others: [(&str, Change, Vec<&'static str>); 5] = [
        (
            "the argument CHANNEL=nightly",
            |world| {
                world.build_arg("CHANNEL", "nightly");
            },
            vec!["build"],
        ),
        (
            "run.sh becomes a link",
            |world| {
                world.link("run.sh", "app/src/app.py");
            },
            vec!["data"],
        ),
        (
            "the image of debian:12 is another",
            |world| {
                world.alias("debian:12", "other");
            },
            vec!["gcc"],
        ),
        (
            "the image of mamba:1.5 is another",
            |world| {
                world.alias("mamba:1.5", "other");
            },
            vec!["env"],
        ),
        (
            "the image of uv:0.9 is another",
            |world| {
                world.alias("uv:0.9", "other");
            },
            vec!["taken"],
        ),
    ];
    for (name, change, stages) in others {
        let mut world = world();
        change(&mut world);
        all.push((name.to_owned(), world.planned(FILE), stages));
    }
    all
}

fn told(changes: &[StageChange]) -> String {
    let mut text = String::new();
    for change in changes {
        match &change.verdict {
            Verdict::Unchanged => {}
            Verdict::New => writeln!(text, "  {}: new", change.stage).expect("a text takes all"),
            Verdict::Gone => writeln!(text, "  {}: gone", change.stage).expect("a text takes all"),
            Verdict::Changed { causes, because_of } => {
                for cause in causes {
                    writeln!(text, "  {}: {cause}", change.stage).expect("a text takes all");
                    for line in cause.details().lines() {
                        writeln!(text, "      {line}").expect("a text takes all");
                    }
                }
                if causes.is_empty() {
                    writeln!(
                        text,
                        "  ({} because of {})",
                        change.stage,
                        because_of.join(", ")
                    )
                    .expect("a text takes all");
                }
            }
        }
    }
    text
}

/// The stages that changed in themselves.
fn roots(changes: &[StageChange]) -> BTreeSet<&str> {
    let own = changes.iter().filter(
        |change| matches!(&change.verdict, Verdict::Changed { causes, .. } if !causes.is_empty()),
    );
    own.map(|change| change.stage.as_str()).collect()
}

fn changed(changes: &[StageChange]) -> BTreeSet<&str> {
    let other = changes
        .iter()
        .filter(|change| change.verdict != Verdict::Unchanged);
    other.map(|change| change.stage.as_str()).collect()
}

#[test]
fn every_kind_of_change_is_told_with_its_cause() {
    let plan = world().planned(FILE);
    let before = Records::of(&plan);
    let mut text = String::new();
    let all = changes();
    assert!(all.len() >= 60);
    for (name, after, stages) in &all {
        let found = compare(&before, &Records::of(after));
        // What installs for a conda environment has its prefix among its own parameters; the snapshot is exact.
        assert!(
            stages.iter().all(|stage| roots(&found).contains(stage)),
            "{name}"
        );
        let cascade: BTreeSet<_> = stages
            .iter()
            .flat_map(|stage| {
                let id = after.stages().find(|(_, other)| other.id == *stage);
                after.cascade(id.expect("a stage of that id").0)
            })
            .map(|id| after.stage(id).id.as_str())
            .collect();
        assert_eq!(changed(&found), cascade, "{name}");
        let back = compare(&Records::of(after), &before);
        assert_eq!(roots(&back), roots(&found), "{name}, undone");
        writeln!(text, "{name}\n{}", told(&found)).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn another_platform_is_every_stages_own_cause() {
    let mut arm = world();
    arm.platform.architecture = "arm64".into();
    let found = compare(
        &Records::of(&world().planned(FILE)),
        &Records::of(&arm.planned(FILE)),
    );
    assert_eq!(roots(&found).len(), found.len());
    assert!(told(&found).contains("platform linux/amd64 -> linux/arm64"));
}

#[test]
fn stages_come_and_go() {
    let before = Records::of(&world().planned(FILE));
    let more = edited("  gcc: {", "  hello: { files: { /hello: x } }\n  gcc: {")
        .replace("[app, conf, out]", "[app, conf, out, hello]");
    let after = Records::of(&world().planned(&more));
    assert_eq!(told(&compare(&before, &after)), "  hello: new\n");
    assert_eq!(told(&compare(&after, &before)), "  hello: gone\n");
}

#[test]
fn names_are_no_change() {
    let before = Records::of(&world().planned(FILE));
    let renamed = FILE
        .replace("conf:", "config:")
        .replace("conf]", "config]")
        .replace("conf,", "config,");
    let after = Records::of(&world().planned(&renamed));
    assert_eq!(told(&compare(&before, &after)), "");
    assert_eq!(told(&compare(&before, &before)), "");
}

/// What a stage runs on is part of its name in the plan; it is compared with itself all the same.
#[test]
fn a_stage_on_another_base_is_no_new_stage() {
    let before = Records::of(&world().planned(FILE));
    let found = compare(
        &before,
        &Records::of(&world().planned(&edited(
            "app: { wheel: app, on: python }",
            "app: { wheel: app, on: debian }",
        ))),
    );
    assert_eq!(roots(&found), ["app"].into());
    assert!(
        !found
            .iter()
            .any(|change| matches!(change.verdict, Verdict::New | Verdict::Gone))
    );
}

#[test]
fn records_survive_being_written() {
    let records = Records::of(&world().planned(FILE));
    let text = serde_json::to_string(&records).unwrap();
    let read: Records = serde_json::from_str(&text).unwrap();
    assert_eq!(read, records);
    assert!(
        compare(&records, &read)
            .iter()
            .all(|change| change.verdict == Verdict::Unchanged)
    );
    let found = compare(&records, &Records::default());
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(
        serde_json::from_str::<Vec<StageChange>>(&text).unwrap(),
        found
    );
}

#[test]
fn programs_read_causes() {
    let after = Records::of(&world().planned(&edited("make all", "make most")));
    let found = compare(&Records::of(&world().planned(FILE)), &after);
    let changed: Vec<_> = found
        .iter()
        .filter(|change| change.verdict != Verdict::Unchanged)
        .collect();
    insta::assert_json_snapshot!(changed);
}

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
        let found: Vec<Cause> = differences(&record, &other);
        prop_assert_eq!(found.is_empty(), record.digest() == other.digest());
        for cause in &found {
            prop_assert!(!cause.to_string().is_empty());
        }
        prop_assert_eq!(differences(&other, &record).is_empty(), found.is_empty());
    }
}
