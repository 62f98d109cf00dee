//! Results of stages that images have: taken in place of running the stages, and made.

use std::collections::{BTreeMap, BTreeSet};

use layercake_lower::{KEY_LABEL, LowerOptions, Lowered, lower, lower_stages};
use layercake_planner::plan::{Plan, StageId};
use serde_json::Value;

use crate::options;
use crate::world::World;

const FILE: &str = r#"
registry: registry.example/acme/stages
bases: { python: "python:3.12-slim", debian: "debian:12-slim" }
stages:
  env: { conda: { spec: env.yaml, prefix: /opt/conda }, expensive: true }
  sdk: { apt: [default-jdk], expensive: true }
  kernel: { run: "install kernel", needs: [sdk] }
  motd: { files: { /etc/motd: hello } }
services:
  web: { base: debian, stages: [env, sdk, kernel, motd] }
"#;

fn planned(file: &str) -> Plan {
    World::with([("env.yaml", "dependencies: [python=3.12]\n")]).planned(file)
}

fn id(plan: &Plan, stage: &str) -> StageId {
    let found = plan.stages().find(|(_, other)| other.id == stage);
    found.expect("a stage of that id").0
}

fn taken(plan: &Plan, stages: &[&str], merge: bool) -> LowerOptions {
    let published = stages.iter().map(|stage| {
        let image = format!(
            "registry.example/acme/stages:{stage}@sha256:{}",
            "ab".repeat(32)
        );
        (id(plan, stage), image)
    });
    LowerOptions {
        published: published.collect(),
        ..options(merge)
    }
}

/// The names of all vertices that the first image is built of.
fn names(lowered: &Lowered) -> BTreeSet<String> {
    let metadata = lowered.images[0].definition.pb().metadata.values();
    let names = metadata.filter_map(|op| op.description.get("llb.customname"));
    names.cloned().collect()
}

#[test]
fn a_published_result_is_taken_and_nothing_of_it_runs() {
    let plan = planned(FILE);
    let unaided = lower(&plan, &options(true)).unwrap();
    let lowered = lower(&plan, &taken(&plan, &["env"], true)).unwrap();
    let names = names(&lowered);
    let of_env: Vec<_> = names.iter().filter(|name| name.contains("env")).collect();
    assert_eq!(of_env.len(), 1, "{names:?}");
    assert!(
        of_env[0]
            .starts_with("[internal] env published as registry.example/acme/stages:env@sha256:")
    );
    for stage in ["sdk", "kernel", "motd"] {
        let id = id(&plan, stage);
        assert_eq!(lowered.vertices[&id], unaided.vertices[&id], "{stage}");
    }
}

#[test]
fn what_stands_on_a_published_result_runs_on_its_image() {
    let plan = planned(FILE);
    let lowered = lower(&plan, &taken(&plan, &["sdk"], true)).unwrap();
    let names = names(&lowered);
    assert!(
        names.iter().any(|name| name.starts_with("[kernel] ")),
        "{names:?}"
    );
    assert!(
        names.iter().any(|name| name == "[internal] root with sdk"),
        "{names:?}"
    );
    assert!(
        !names
            .iter()
            .any(|name| name.contains("apt-get") && name.starts_with("[sdk]"))
    );
}

#[test]
fn what_only_a_published_result_needs_is_not_built() {
    let (from, to) = (
        r#"kernel: { run: "install kernel", needs: [sdk] }"#,
        r"source: { run: { script: make, outputs: [/out] } }
  kernel: { copy: { from: /out/k, stage: source, to: /opt/k }, expensive: true }",
    );
    assert!(FILE.contains(from));
    let plan = planned(&FILE.replace(from, to));
    let (kernel, source) = (id(&plan, "kernel"), id(&plan, "source"));
    let unaided = lower(&plan, &options(true)).unwrap();
    assert!(unaided.vertices.contains_key(&source));
    let lowered = lower(&plan, &taken(&plan, &["kernel"], true)).unwrap();
    assert!(lowered.vertices.contains_key(&kernel));
    assert!(!lowered.vertices.contains_key(&source));
}

#[test]
fn a_daemon_that_cannot_merge_runs_the_stages() {
    let plan = planned(FILE);
    let with = lower(&plan, &taken(&plan, &["env", "sdk"], false)).unwrap();
    let without = lower(&plan, &options(false)).unwrap();
    assert_eq!(with.vertices, without.vertices);
}

#[test]
fn a_stage_alone_is_an_image_that_says_its_key() {
    let plan = planned(FILE);
    let images = plan.stage_images();
    assert_eq!(
        images.keys().copied().collect::<Vec<_>>(),
        [id(&plan, "env"), id(&plan, "sdk")]
    );
    let lowered = lower_stages(&plan, &options(true), &images).unwrap();
    for (image, (id, tag)) in lowered.images.iter().zip(&images) {
        let stage = plan.stage(*id);
        let key = stage.key.digest();
        assert_eq!(
            *tag,
            format!("registry.example/acme/stages:{}-{}", stage.id, &key[..32])
        );
        assert_eq!(image.tags.as_slice(), std::slice::from_ref(tag));
        assert_eq!(image.base_config, None);
        let config: Value = serde_json::from_slice(&image.config).unwrap();
        assert_eq!(config["config"]["Labels"][KEY_LABEL], key);
        assert_eq!(image.annotations[KEY_LABEL], key);
        assert_eq!(config["architecture"], plan.platform.architecture.as_str());
    }
    // What a service has of the stage is the same vertex as in the image of the stage alone.
    let service = lower(&plan, &options(true)).unwrap();
    for (id, vertices) in &lowered.vertices {
        assert_eq!(service.vertices[id], *vertices);
    }
}

#[test]
fn a_key_that_stands_on_something_unseen_is_no_tag() {
    let mut world = World::with([("env.yaml", "dependencies: [python=3.12]\n")]);
    world.offline = true;
    assert_eq!(world.planned(FILE).stage_images(), BTreeMap::new());
    let unnamed = FILE.replace("registry: registry.example/acme/stages\n", "");
    assert_eq!(planned(&unnamed).stage_images(), BTreeMap::new());
}
