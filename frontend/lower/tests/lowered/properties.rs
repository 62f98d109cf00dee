//! Whatever a file says: its definitions hold together, and equal plans give equal bytes.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Definition, Digest, dump};
use layercake_lower::Lowered;
use layercake_planner::plan::Plan;
use layercake_planner::resolve::Selection;
use proptest::prelude::*;
use serde_json::Value;

use crate::lower;
use crate::made_up::{file, listed, services, shuffle, stages, world};

fn planned(yaml: &str) -> Option<Plan> {
    world().try_plan(yaml, &Selection::All).plan
}

/// The operations of each service.
fn ops(lowered: &Lowered) -> BTreeMap<&str, &[Vec<u8>]> {
    let services = lowered.images.iter();
    services
        .map(|service| {
            (
                service.name.as_str(),
                service.definition.pb().def.as_slice(),
            )
        })
        .collect()
}

/// Every operation comes after those that it stands on.
fn assert_inputs_come_first(lowered: &Lowered) {
    for service in &lowered.images {
        let json = dump::to_json(service.definition.pb()).expect("a definition");
        let mut seen = BTreeSet::new();
        for op in json["ops"].as_array().expect("operations") {
            for input in op["inputs"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
            {
                let digest = input.split('#').next().unwrap_or_default();
                assert!(
                    seen.contains(digest),
                    "{input} comes after what stands on it"
                );
            }
            seen.insert(op["digest"].as_str().expect("a digest").to_owned());
        }
    }
}

/// Every stage is somewhere in what is built, so that its state can be told; and nothing else is told of.
fn assert_vertices_are_built(plan: &Plan, lowered: &Lowered) {
    let definitions = lowered.images.iter().map(|service| &service.definition);
    let built: BTreeSet<&Digest> = definitions.flat_map(Definition::digests).collect();
    for (id, stage) in plan.stages() {
        let vertices = &lowered.vertices[&id];
        assert!(!vertices.is_empty(), "{}", stage.id);
        assert!(
            vertices.iter().all(|vertex| built.contains(vertex)),
            "{}",
            stage.id
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn definitions_hold_together(stages in stages(), services in services(), seed in any::<u64>()) {
        let services = listed(&services, &stages);
        let Some(plan) = planned(&file(&stages, &services, |_| {})) else { return Ok(()) };
        let shuffled = planned(&file(&stages, &services, shuffle(seed))).expect("a plan as well");
        for merge in [true, false] {
            let lowered = lower(&plan, merge);
            assert_inputs_come_first(&lowered);
            assert_vertices_are_built(&plan, &lowered);
            let again = lower(&plan, merge);
            for (one, other) in lowered.images.iter().zip(&again.images) {
                prop_assert_eq!(one.definition.to_bytes(), other.definition.to_bytes());
                prop_assert_eq!(&one.config, &other.config);
            }
            let shuffled = lower(&shuffled, merge);
            prop_assert_eq!(ops(&lowered), ops(&shuffled));
        }
    }
}
