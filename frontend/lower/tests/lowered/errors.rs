//! Plans that cannot be lowered, and what is said of them.

use serde_json::json;

use crate::try_lower;
use crate::world::World;

const FILE: &str = "bases: { python: \"python:3.12\" }\nstages:\n  a: { run: make }\nservices:\n  web: { base: python, stages: [a] }\n";

#[track_caller]
fn check(world: &World, expect: &str) {
    let plan = world.planned(FILE);
    for merge in [true, false] {
        let error = try_lower(&plan, merge).expect_err("this cannot be lowered");
        assert_eq!(error.to_string(), expect);
    }
}

#[test]
fn images_that_nobody_was_asked_about() {
    let mut world = World::default();
    world.offline = true;
    check(
        &world,
        "the image `python:3.12` of `python` was not resolved; a daemon must be asked for its digest and configuration",
    );
}

#[test]
fn images_with_triggers() {
    let mut world = World::default();
    world.config(
        "python:3.12",
        json!({ "config": { "OnBuild": ["RUN make"] } }),
    );
    check(
        &world,
        "the image `python:3.12` has ONBUILD triggers, which only a Dockerfile runs; write what they do as stages, or use another base",
    );
    world.config("python:3.12", json!({ "config": { "OnBuild": [] } }));
    assert!(try_lower(&world.planned(FILE), true).is_ok());
}

#[test]
fn configurations_that_are_none() {
    let mut world = World::default();
    world.config("python:3.12", json!("text"));
    check(
        &world,
        "the configuration of an image is not what OCI or Docker write: it is not an object",
    );
}
