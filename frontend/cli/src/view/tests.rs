//! The examples, as people and programs see their plans.

use std::path::Path;

use futures::executor::block_on;
use layercake_planner::plan::Plan;

use super::{dot, mermaid, svg, tree};
use crate::args::ProjectArgs;
use crate::pipeline::Scope;
use crate::project::Project;
use crate::settings::ProjectSettings;

fn plan(example: &str) -> Plan {
    let context = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(example);
    let args = ProjectArgs {
        context,
        platform: Some("linux/amd64".into()),
        ..ProjectArgs::default()
    };
    let settings = ProjectSettings::new(args, &|_: &str| None).unwrap();
    let mut project = Project::open(&settings).unwrap();
    block_on(project.accepted(&Scope::Services(Vec::new())))
        .unwrap()
        .0
}

#[test]
fn trees() {
    for example in ["hello", "apt-join", "multi-stage"] {
        insta::assert_snapshot!(format!("tree-{example}"), tree(&plan(example)));
    }
}

#[test]
fn graphs() {
    let plan = plan("multi-stage");
    insta::assert_snapshot!("dot", dot(&plan));
    insta::assert_snapshot!("mermaid", mermaid(&plan));
    let picture = svg(&plan).unwrap();
    assert!(picture.starts_with("<?xml") && picture.trim_end().ends_with("</svg>"));
    assert!(plan.stages().all(|(_, stage)| picture.contains(&stage.id)));
}
