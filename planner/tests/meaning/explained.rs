//! Every kind of change, with exactly the stages and the causes that are told of it.

mod changes;
mod records;

use std::collections::BTreeSet;
use std::fmt::Write;

use layercake_planner::explain::{Records, StageChange, Verdict, compare};

use crate::every_kind::{FILE, world};
use changes::{changes, edited};

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
