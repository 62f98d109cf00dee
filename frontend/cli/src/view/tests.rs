//! The examples, as people and programs see their plans.

use std::path::Path;

use futures::executor::block_on;
use layercake_planner::plan::Plan;

use super::{dot, mermaid, png, svg, tree};
use tiny_skia::{IntRect, Pixmap, PremultipliedColorU8};

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

/// How many pixels of a part of a picture are as dark as letters and frames.
fn ink(picture: &Pixmap, part: IntRect) -> usize {
    let part = picture.clone_rect(part).unwrap();
    let dark = |pixel: &&PremultipliedColorU8| pixel.red() < 100 && pixel.green() < 100;
    part.pixels().iter().filter(dark).count()
}

#[test]
fn a_png_is_the_picture_of_the_svg_with_its_letters() {
    let plan = plan("multi-stage");
    let drawn = svg(&plan).unwrap();
    let picture = Pixmap::decode_png(&png(&plan).unwrap()).unwrap();
    let size = format!(
        "viewBox=\"0 0 {} {}\"",
        picture.width() / 2,
        picture.height() / 2
    );
    assert!(drawn.contains(&size), "{size}: {drawn}");
    let number = |shape: &str, name: &str| -> i32 {
        let value = shape.split_once(&format!(" {name}=\"")).unwrap().1;
        let whole = value.split(['.', '"']).next().unwrap();
        whole.parse::<i32>().unwrap() * 2
    };
    let boxes: Vec<_> = drawn
        .lines()
        .filter(|line| line.starts_with("<rect"))
        .collect();
    assert_eq!(
        boxes.len(),
        plan.stages().len() + plan.bases.len() + plan.services.len()
    );
    for shape in boxes {
        let [x, y] = ["x", "y"].map(|name| number(shape, name) + 10);
        let [width, height] = ["width", "height"].map(|name| number(shape, name) - 20);
        let inside = IntRect::from_xywh(x, y, width.unsigned_abs(), height.unsigned_abs()).unwrap();
        assert!(ink(&picture, inside) > 100, "no letters in {shape}");
    }
    let corner = picture.pixel(0, 0).unwrap();
    assert_eq!(
        (corner.red(), corner.alpha()),
        (255, 255),
        "it lies on white"
    );
}
