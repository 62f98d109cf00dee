//! Plans: which stages there are, on what they run, and in which order they are merged.

use std::fmt::Write;
use std::path::Path;

use layercake_planner::plan::{Edge, Plan, Root, Service, Stage, StageId};

use crate::generate;
use crate::world::World;

/// A plan as text: what a reviewer wants to see of it.
fn shown(plan: &Plan) -> String {
    let mut text = String::new();
    for (id, stage) in plan.stages() {
        writeln!(text, "{}", stage_line(plan, id, stage)).expect("a string takes all");
    }
    for service in &plan.services {
        writeln!(text, "{}", service_line(plan, service)).expect("a string takes all");
    }
    text
}

fn stage_line(plan: &Plan, id: StageId, stage: &Stage) -> String {
    let name = |id: StageId| plan.stage(id).id.as_str();
    let root = match &stage.root {
        Root::Scratch => "nothing".to_owned(),
        Root::Base { base, needs } => {
            let needs = needs.iter().map(|id| name(*id));
            let all: Vec<_> = [plan.base(*base).name.as_str()]
                .into_iter()
                .chain(needs)
                .collect();
            all.join(" + ")
        }
    };
    let mut line = format!(
        "{}: {} on {root}, yields {:?}",
        stage.id, stage.kind, stage.yields
    );
    let reads = plan
        .before(id)
        .into_iter()
        .filter(|(_, edge)| *edge == Edge::Reads);
    let reads: Vec<_> = reads.map(|(id, _)| name(id)).collect();
    let images: Vec<_> = stage
        .work
        .images()
        .into_iter()
        .map(|at| plan.base(at).name.as_str())
        .collect();
    let services: Vec<_> = stage.services.iter().map(String::as_str).collect();
    for (what, names) in [("reads", reads), ("uses", images), ("for", services)] {
        if !names.is_empty() {
            write!(line, ", {what} {}", names.join(" ")).expect("a string takes all");
        }
    }
    line
}

fn service_line(plan: &Plan, service: &Service) -> String {
    let layers = service.layers.iter().chain(&service.finish);
    let layers: Vec<_> = layers.map(|id| plan.stage(*id).id.as_str()).collect();
    let base = &plan.base(service.base).name;
    format!("= {} is {base} < {}", service.name, layers.join(" < "))
}

/// The file of an example, and its folder.
#[allow(
    clippy::disallowed_methods,
    reason = "examples are read from their folders"
)]
fn example(name: &str) -> (String, World) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(name);
    let yaml = std::fs::read_to_string(folder.join("layercake.yaml")).expect("an example");
    (yaml, World::of_folder(&folder))
}

fn world() -> World {
    World::with([
        ("app/pyproject.toml", "[project]\nname = 'app'\n"),
        ("app/src/app.py", "print()\n"),
        ("env.yaml", "dependencies: [python=3.12]\n"),
        ("tool.zip", "PK"),
        ("tool.tar.gz", "\x1f\u{8b}"),
        ("main.c", "int main(void) {}\n"),
    ])
}

const BASES: &str =
    "bases: { python: \"python:3.12\", debian: \"debian:12\", go: \"golang:1.25\" }\n";

/// Plans the file and compares it with what is expected, line by line.
#[track_caller]
fn check(yaml: &str, expect: &str) {
    let plan = world().planned(&format!("{BASES}{yaml}"));
    let expect: String = expect
        .trim_end()
        .lines()
        .map(|line| line.trim().to_owned() + "\n")
        .collect();
    assert_eq!(shown(&plan), expect, "{yaml}");
}

#[test]
fn the_clx_services() {
    let (yaml, mut world) = example("clx");
    // These are made by a script.
    for asset in [
        "drawio-converter/drawio-amd64-24.7.5.deb",
        "drawio-converter/ArchitectsDaughter-Regular.ttf",
        "notebook-processor/packages-microsoft-prod.deb",
        "notebook-processor/deno-x86_64-unknown-linux-gnu.zip",
        "notebook-processor/ijava-1.3.0.zip",
        "plantuml-converter/plantuml-1.2024.6.jar",
    ] {
        world.file(&format!("services/{asset}"), asset);
    }
    insta::assert_snapshot!("clx", shown(&world.planned(&yaml)));
}

#[test]
fn the_other_examples() {
    for name in ["apt-join", "hello", "multi-stage"] {
        let (yaml, world) = example(name);
        world.planned(&yaml);
    }
}

#[test]
fn apt_stages_of_one_image_are_chained_by_name() {
    check(
        "stages:\n  b: { apt: [b] }\n  a: { apt: [a] }\n  c: { apt: [c] }\nservices:\n  web: { base: debian, stages: [c, a, b] }\n",
        "a: apt on debian, yields Difference, for web
         b: apt on debian + a, yields Difference, for web
         c: apt on debian + b, yields Difference, for web
         = web is debian < a < b < c
        ",
    );
}

#[test]
fn apt_stages_of_two_images_are_instances_of_their_own() {
    check(
        "stages:\n  a: { apt: [a] }\n  b: { apt: [b] }\n  c: { apt: [c] }\nservices:\n  all: { base: debian, stages: [a, b, c] }\n  some: { base: debian, stages: [b, c] }\n  one: { base: debian, stages: [a] }\n",
        "a: apt on debian, yields Difference, for all one
         b@debian+a: apt on debian + a, yields Difference, for all
         c@debian+b:all: apt on debian + b@debian+a, yields Difference, for all
         b@debian: apt on debian, yields Difference, for some
         c@debian+b:some: apt on debian + b@debian, yields Difference, for some
         = all is debian < a < b@debian+a < c@debian+b:all
         = some is debian < b@debian < c@debian+b:some
         = one is debian < a
        ",
    );
}

#[test]
fn pip_stages_are_chained_on_the_interpreter_of_their_image() {
    check(
        "stages:\n  env: { conda: env.yaml }\n  one: { pip: [one] }\n  two: { pip: [two] }\n  own: { pip: { packages: [own], python: /usr/bin/python3 } }\n  app: { wheel: { path: app, deps: true } }\nservices:\n  nb: { base: python, stages: [env, one, two, own, app] }\n  web: { base: python, stages: [two] }\n",
        "env: conda on nothing, yields Tree, uses python, for nb
         one: pip on python + env, yields Difference, for nb
         own: pip on python, yields Difference, for nb
         two@python+one: pip on python + one, yields Difference, for nb
         app: wheel on python, yields Artifact, for nb
         app@python+two: install on python + two@python+one, yields Difference, reads app, for nb
         two@python: pip on python, yields Difference, for web
         = nb is python < env < one < own < two@python+one < app@python+two
         = web is python < two@python
        ",
    );
}

#[test]
fn a_wheel_is_built_once_for_all_that_install_it() {
    check(
        "stages:\n  env: { conda: env.yaml }\n  app: { wheel: app, on: python }\nservices:\n  a: { base: python, stages: [app] }\n  b: { base: python, stages: [app] }\n  c: { base: debian, stages: [app, env] }\n",
        "app: wheel on python, yields Artifact, for a b c
         app@python: install on python, yields Difference, reads app, for a b
         env: conda on nothing, yields Tree, uses debian, for c
         app@debian+env: install on debian + env, yields Difference, reads app, for c
         = a is python < app@python
         = b is python < app@python
         = c is debian < env < app@debian+env
        ",
    );
}

#[test]
fn what_builds_elsewhere_brings_nothing_but_its_outputs() {
    check(
        "stages:\n  gcc: { apt: [gcc] }\n  tool:\n    on: go\n    needs: [gcc]\n    run: { script: make, inputs: [main.c], outputs: [/opt/tool] }\n  use: { needs: [tool], run: /opt/tool/tool }\nservices:\n  web: { base: debian, stages: [use] }\n",
        "gcc: apt on go, yields Difference, for web
         tool: run on go + gcc, yields Tree, for web
         use: run on debian + tool, yields Difference, for web
         = web is debian < tool < use
        ",
    );
}

#[test]
fn files_of_a_stage_are_read_from_the_image_that_has_it_or_from_one_of_its_own() {
    let stages = "stages:\n  a: { apt: [a] }\n  build: { apt: [build] }\n  out: { copy: { from: /out, stage: build, to: /out } }\n";
    check(
        &format!(
            "{stages}services:\n  has: {{ base: debian, stages: [a, build, out] }}\n  lacks: {{ base: debian, stages: [a, out] }}\n"
        ),
        "a: apt on debian, yields Difference, for has lacks
         build@debian+a: apt on debian + a, yields Difference, for has
         out@scratch:has: copy on nothing, yields Tree, reads build@debian+a, for has
         build@debian: apt on debian, yields Difference, for lacks
         out@scratch:lacks: copy on nothing, yields Tree, reads build@debian, for lacks
         = has is debian < a < build@debian+a < out@scratch:has
         = lacks is debian < a < out@scratch:lacks
        ",
    );
}

#[test]
fn what_is_read_is_merged_below_whatever_its_name() {
    check(
        "stages:\n  z: { files: { /z: z } }\n  a: { copy: { from: /z, stage: z, to: /a } }\nservices:\n  web: { base: debian, stages: [a, z] }\n",
        "z: files on nothing, yields Tree, for web
         a: copy on nothing, yields Tree, reads z, for web
         = web is debian < z < a
        ",
    );
}

#[test]
fn tools_stand_on_their_own() {
    check(
        "stages:\n  zip: { unpack: { from: tool.zip, to: /opt/zip } }\n  tar: { unpack: { from: tool.tar.gz, to: /opt/tar } }\n  env: { conda: { spec: env.yaml, tool: go } }\nservices:\n  a: { base: debian, stages: [zip, tar, env] }\n  b: { base: python, stages: [zip, tar, env] }\n",
        "env: conda on nothing, yields Tree, uses go, for a b
         tar: unpack on nothing, yields Tree, for a b
         zip@debian: unpack on nothing, yields Tree, uses debian, for a
         zip@python: unpack on nothing, yields Tree, uses python, for b
         = a is debian < env < tar < zip@debian
         = b is python < env < tar < zip@python
        ",
    );
}

#[test]
fn a_root_holds_all_that_is_needed_in_the_order_that_the_file_asks_for() {
    check(
        "stages:\n  x: { files: { /etc/a: x } }\n  y: { files: { /etc/a: y }, after: [z] }\n  z: { files: { /etc/a: z }, after: [x] }\n  one: { run: one, needs: [x] }\n  two: { run: two, needs: [y, z, one] }\n  links: { files: { /l: l }, needs: [one] }\n  three: { run: three, needs: [links] }\nservices:\n  web: { base: debian, stages: [two, three], finish: chmod -R a+rX / }\n",
        "x: files on nothing, yields Tree, for web
         one: run on debian + x, yields Difference, for web
         links: files on nothing, yields Tree, for web
         three: run on debian + x + one + links, yields Difference, for web
         z: files on nothing, yields Tree, for web
         y: files on nothing, yields Tree, for web
         two: run on debian + x + one + z + y, yields Difference, for web
         web/finish: finish on debian + x + one + links + three + z + y + two, yields Difference, for web
         = web is debian < x < one < links < three < z < y < two < web/finish
        ",
    );
}

#[test]
fn a_root_does_not_depend_on_what_else_the_image_has() {
    let stages = "stages:\n  x: { files: { /x: x }, after: [slow] }\n  y: { files: { /y: y } }\n  slow: { run: slow }\n  use: { run: use, needs: [x, y] }\n";
    let plan = |listed: &str| {
        world().planned(&format!("{BASES}{stages}services:\n  web: {{ base: debian, stages: [{listed}] }}\n  all: {{ base: go, stages: [x, y, slow, use] }}\n"))
    };
    let key = |plan: &Plan| {
        let web = plan.service("web").unwrap();
        let used = web.layers.iter().find(|id| plan.stage(**id).name == "use");
        plan.stage(*used.unwrap()).key.digest().to_owned()
    };
    assert_eq!(key(&plan("use")), key(&plan("use, slow")));
}

#[test]
fn a_long_chain_of_any_kind_is_planned_without_recursion() {
    for link in [
        "run: make, needs: [STAGE]",
        "copy: { from: /x, stage: STAGE, to: /x }",
        "run: { script: make, inputs: [{ from: /x, stage: STAGE, to: /in }], outputs: [/x] }, on: go",
    ] {
        let mut stages = "  s0: { files: { /x: x } }\n".to_owned();
        for at in 1..1500 {
            let link = link.replace("STAGE", &format!("s{}", at - 1));
            writeln!(stages, "  s{at}: {{ {link} }}").expect("a string takes all");
        }
        let yaml = format!(
            "{BASES}stages:\n{stages}services:\n  web: {{ base: debian, stages: [s1499] }}\n"
        );
        let small = std::thread::Builder::new().stack_size(1 << 20);
        let plan = small
            .spawn(move || world().planned(&yaml))
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(plan.stages().len(), 1500);
    }
}

#[test]
fn many_stages_of_every_kind() {
    let files = generate::context();
    let files = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let plan = World::with(files).planned(&generate::file(400));
    assert!(plan.stages().len() > 400);
    assert!(plan.services.len() > 10);
}
