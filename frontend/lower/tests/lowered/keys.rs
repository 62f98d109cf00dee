//! Keys say what BuildKit is told: what is the same in one is the same in the other.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::Digest;
use layercake_planner::plan::Plan;

use crate::every_kind::{EDITS, FILE, world};
use crate::lower;

/// The main vertices of stages by their ids.
fn vertices(plan: &Plan, merge: bool) -> BTreeMap<String, BTreeSet<Digest>> {
    let vertices = lower(plan, merge).vertices.into_iter();
    vertices
        .map(|(id, vertices)| (plan.stage(id).id.clone(), vertices))
        .collect()
}

/// Every operation of every service.
fn ops(plan: &Plan, merge: bool) -> BTreeMap<String, Vec<Vec<u8>>> {
    let services = lower(plan, merge).images.into_iter();
    services
        .map(|service| (service.name, service.definition.into_pb().def))
        .collect()
}

#[test]
fn an_edit_changes_the_vertices_of_what_depends_on_it_and_no_others() {
    let plan = world().planned(FILE);
    let before = vertices(&plan, true);
    for (from, to, stage) in EDITS {
        let after = vertices(&world().planned(&FILE.replace(from, to)), true);
        let (id, _) = plan
            .stages()
            .find(|(_, other)| other.id == *stage)
            .expect("a stage of that id");
        let cascade: BTreeSet<_> = plan
            .cascade(id)
            .into_iter()
            .map(|id| plan.stage(id).id.as_str())
            .collect();
        for (stage, vertices) in &before {
            let same = after[stage] == *vertices;
            assert_eq!(
                same,
                !cascade.contains(stage.as_str()),
                "{stage} after {from} became {to}"
            );
        }
    }
}

/// Where nothing can be merged a stage runs on all that lies below it, but never on what the image is told.
#[test]
fn the_working_directory_is_below_no_stage() {
    let other = FILE.replace("workdir: /srv", "workdir: /opt/app");
    for merge in [true, false] {
        let before = vertices(&world().planned(FILE), merge);
        let after = vertices(&world().planned(&other), merge);
        let changed = before
            .iter()
            .filter(|(id, vertices)| after[*id] != **vertices);
        let changed: Vec<_> = changed.map(|(id, _)| id.as_str()).collect();
        assert_eq!(changed, ["all/finish"]);
    }
}

#[test]
fn what_means_the_same_is_the_same_to_buildkit() {
    let plan = world().planned(FILE);
    for (from, to) in [
        ("\"1.2.3\"", "\"1.2.4\""),
        ("[\"{service}:{version}\"]", "[\"x/{service}:latest\"]"),
        ("UNUSED: \"0\"", "UNUSED: \"1\""),
        ("revision: \"{version}\"", "revision: \"x\""),
        ("env: { A: b }", "env: { A: c }"),
        ("stages:\n  env", "# comment\nstages:\n\n  env"),
        ("[graphviz, unzip]", "[unzip, graphviz]"),
        (
            "[vendor/b.deb, vendor/a.deb]",
            "[vendor/a.deb, ./vendor/b.deb]",
        ),
        ("[/opt/build, /opt/logs]", "[/opt/logs, /opt/build/]"),
        (
            "[token, { id: other, env: OTHER }]",
            "[{ id: other, env: OTHER }, token]",
        ),
        (
            "caches: [/root/.cache, { to: /ccache",
            "caches: [{ to: /root/.cache }, { to: /ccache/",
        ),
        ("spec: env.yaml", "spec: ./env.yaml"),
        ("\n", "\r\n"),
    ] {
        let other = FILE.replace(from, to);
        assert_ne!(other, FILE, "{from}");
        for merge in [true, false] {
            assert_eq!(
                ops(&world().planned(&other), merge),
                ops(&plan, merge),
                "{from} became {to}"
            );
        }
    }
}

#[test]
fn nothing_that_changes_by_itself_reaches_buildkit() {
    let plan = world().planned(FILE);
    for merge in [true, false] {
        for (service, ops) in ops(&plan, merge) {
            for op in ops {
                let op = String::from_utf8_lossy(&op).into_owned();
                for mark in ["1.2.3", "UNUSED", "revision", &format!("{service}:")] {
                    assert!(!op.contains(mark), "{mark} is in an operation of {service}");
                }
            }
        }
    }
}
