//! Keys: what is in them, and what is not.

use std::collections::{BTreeMap, BTreeSet};

use layercake_planner::plan::Plan;

use crate::every_kind::{EDITS, FILE, world};
use crate::world::World;

/// The digests of the keys by the ids of their stages.
fn digests(plan: &Plan) -> BTreeMap<String, String> {
    plan.stages()
        .map(|(_, stage)| (stage.id.clone(), stage.key.digest().to_owned()))
        .collect()
}

/// The file with something else in it, which must be there.
#[track_caller]
fn edited(from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "{from}");
    FILE.replace(from, to)
}

#[track_caller]
fn means_the_same(world: &World, yaml: &str) {
    let before = digests(&crate::every_kind::world().planned(FILE));
    assert_eq!(digests(&world.planned(yaml)), before);
}

#[track_caller]
fn same_file(from: &str, to: &str) {
    means_the_same(&world(), &edited(from, to));
}

/// Exactly what depends on `stages` has other keys.
#[track_caller]
fn changes(world: &World, yaml: &str, stages: &[&str]) {
    let plan = crate::every_kind::world().planned(FILE);
    let (before, after) = (digests(&plan), digests(&world.planned(yaml)));
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    let changed: BTreeSet<_> = before
        .iter()
        .filter(|(id, key)| after[*id] != **key)
        .map(|(id, _)| id.as_str())
        .collect();
    let cascade: BTreeSet<_> = stages
        .iter()
        .flat_map(|stage| {
            let id = plan.stages().find(|(_, other)| other.id == *stage);
            plan.cascade(id.expect("a stage of that id").0)
        })
        .map(|id| plan.stage(id).id.as_str())
        .collect();
    assert_eq!(changed, cascade);
}

#[track_caller]
fn edit(from: &str, to: &str, stages: &[&str]) {
    changes(&world(), &edited(from, to), stages);
}

#[track_caller]
fn rewrite(path: &str, text: &str, stages: &[&str]) {
    let mut world = world();
    world.file(path, text);
    changes(&world, FILE, stages);
}

#[test]
fn what_is_written_another_way_means_the_same() {
    same_file("stages:\n  env", "# a comment\nstages: # another\n\n  env");
    same_file(
        "[graphviz, unzip]",
        "{ packages: [unzip, graphviz, unzip] }",
    );
    same_file(
        "[vendor/b.deb, vendor/a.deb]",
        "[./vendor/a.deb, vendor//b.deb]",
    );
    same_file("[\"idna>=3\", \"tenacity\"]", "[tenacity, \"idna>=3\"]");
    same_file("[svgo@3, esbuild]", "[esbuild, svgo@3]");
    same_file("spec: env.yaml", "spec: ./x/../env.yaml");
    same_file(
        "wheel: app,",
        "wheel: { path: ./app/, include: [pyproject.toml, setup.py, src, LICENSE*] },",
    );
    same_file("to: /opt/zip", "to: /opt//zip/");
    same_file(
        "exclude: [\"**/*.md\"]",
        "exclude: [\"**/*.rst\", \"./**/*.md\", \"**/*.md\"]",
    );
    same_file(
        "to: /srv/, mode: \"0750\", owner: \"8\"",
        "to: /srv/run.sh, mode: \"750\", owner: \"8:8\"",
    );
    same_file("[/opt/build, /opt/logs]", "[/opt/logs/, /opt/build]");
    same_file(
        "[src, { from: data, to: /in, include: [\"*.txt\"] }]",
        "[{ from: data, to: /in/, include: [\"*.txt\"] }, { from: src, to: /context/src }]",
    );
    same_file(
        "{ LEVEL: \"1\", KEEP: \"yes\" }",
        "{ KEEP: \"yes\", LEVEL: 1 }",
    );
    same_file(
        "[token, { id: other, env: OTHER }]",
        "[{ id: other, env: OTHER }, { id: token, to: /run/secrets/token }]",
    );
    same_file("needs: [tools, conf]", "needs: [conf, tools]");
    same_file("[\"fix one\", \"fix two\"]", "fix one && fix two");
    same_file("[app, conf, out]", "[out, app, conf]");
    same_file("sha256: 9f86d081884c7d", "sha256: sha256:9F86D081884C7D");
    means_the_same(&world(), &FILE.replace('\n', "\r\n"));
}

#[test]
fn what_changes_by_itself_is_in_no_key() {
    same_file("\"1.2.3\"", "\"1.2.4\"");
    same_file(
        "[\"{service}:{version}\"]",
        "[\"{service}:latest\", \"x/{service}:{version}\"]",
    );
    same_file("UNUSED: \"0\"", "UNUSED: \"1\"");
    same_file("project: every-kind", "project: renamed");
    same_file(
        "revision: \"{version}\"",
        "revision: \"{version}-{service}\"",
    );
    same_file("env: { A: b }", "env: { A: c }");
    same_file(
        "id: kept-here, sharing: shared",
        "id: other, sharing: locked",
    );
    same_file(
        "https://example.com/a/tool",
        "https://mirror.example.org/b/tool",
    );
    same_file(
        "https://example.com/fonts.git",
        "https://mirror.example.org/fonts.git",
    );
    same_file(
        "tools: { apt: [graphviz, unzip] }",
        "tools: { apt: [graphviz, unzip], expensive: true }",
    );
    same_file("finish: chmod", "tags: [a:b]\n    finish: chmod");
    let mut given = world();
    given
        .build_arg("UNUSED", "2")
        .build_arg("SOURCE_DATE_EPOCH", "1");
    means_the_same(&given, FILE);
}

#[test]
fn names_are_told_and_decide_nothing() {
    let before: BTreeSet<_> = digests(&world().planned(FILE)).into_values().collect();
    let same = |yaml: &str, world: &World| {
        let after: BTreeSet<_> = digests(&world.planned(yaml)).into_values().collect();
        assert_eq!(after, before);
    };
    same(
        &edited("python", "snake")
            .replace("snake:3.12", "python:3.12")
            .replace("snake=", "python="),
        &world(),
    );
    same(
        &FILE
            .replace("conf:", "config:")
            .replace("conf]", "config]")
            .replace("conf,", "config,"),
        &world(),
    );
    let mut moved = world();
    moved.alias("debian:12.9", "debian:12");
    same(&edited("debian:12", "debian:12.9"), &moved);
    let mut elsewhere = world();
    for (name, text) in [
        ("pyproject.toml", "[project]\nname = 'app'\n"),
        ("src/app.py", "print()\n"),
    ] {
        elsewhere.file(&format!("projects/app/{name}"), text);
    }
    same(&edited("wheel: app", "wheel: projects/app"), &elsewhere);
}

#[test]
fn files_that_mean_the_same() {
    let mut world = world();
    world.file("env.yaml", "name: base\r\n# why\r\ndependencies:\r\n  - numpy\r\n  - python=3.12\r\nchannels:\r\n- conda-forge\r\n");
    world.file(
        "requirements.txt",
        "# all\r\nattrs   # classes\r\n\r\nrequests==2.32.3\r\n",
    );
    world
        .file("app/tests/test.py", "assert 1\n")
        .file("app/notes.md", "x")
        .file("README.md", "x");
    world
        .file("front/index.js", "let x\n")
        .file("data/read.md", "x")
        .file("new", "x");
    means_the_same(&world, FILE);
}

#[test]
fn one_value_changes_what_depends_on_it() {
    for (from, to, stage) in EDITS {
        edit(from, to, &[stage]);
    }
}

#[test]
fn one_file_changes_what_reads_it() {
    rewrite(
        "env.yaml",
        "channels: [conda-forge]\ndependencies: [python=3.13, numpy]\n",
        &["env"],
    );
    rewrite("requirements.txt", "requests==2.32.4\nattrs\n", &["deps"]);
    rewrite("app/src/app.py", "print(1)\n", &["app"]);
    rewrite("app/src/new.py", "", &["app"]);
    rewrite("front/package-lock.json", "{ }\n", &["front"]);
    rewrite("vendor/a.deb", "aa", &["vendor"]);
    rewrite("vendor/tool.zip", "PK2", &["zip"]);
    rewrite("vendor/tool.tar.gz", "gz2", &["tar"]);
    rewrite("data/one.txt", "3\n", &["data", "build"]);
    rewrite("data/two.csv", "3\n", &["data"]);
    rewrite("src/main.c", "int main() {}\n", &["build"]);
    rewrite("run.sh", "exec app\n", &["data"]); // No longer executable.
    let mut given = world();
    given.build_arg("CHANNEL", "nightly");
    changes(&given, FILE, &["build"]);
    let mut arm = world();
    arm.platform.architecture = "arm64".into();
    let all: Vec<_> = digests(&world().planned(FILE)).into_keys().collect();
    changes(
        &arm,
        FILE,
        &all.iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

/// What is read by which item is part of a key, not only that it is read.
#[test]
fn swapped_sources_are_another_key() {
    let file = |first: &str, second: &str| {
        let plan = world().planned(&format!(
            "bases: {{ debian: \"debian:12\" }}\nstages:\n  a: {{ files: {{ /f: a }} }}\n  b: {{ files: {{ /f: b }} }}\n  c:\n    copy:\n      - {{ from: /f, stage: {first}, to: /one }}\n      - {{ from: /f, stage: {second}, to: /two }}\nservices:\n  web: {{ base: debian, stages: [c] }}\n"
        ));
        digests(&plan)["c"].clone()
    };
    assert_ne!(file("a", "b"), file("b", "a"));
}

/// A folder that holds one file is not that file.
#[test]
fn a_file_and_its_folder_are_two_inputs() {
    let mut world = World::with([("d/f", "x")]);
    let file = |from: &str| {
        format!(
            "bases: {{ debian: \"debian:12\" }}\nstages:\n  c: {{ copy: {{ from: {from}, to: /x }} }}\nservices:\n  web: {{ base: debian, stages: [c] }}\n"
        )
    };
    let of = |world: &World, from| digests(&world.planned(&file(from)))["c"].clone();
    assert_ne!(of(&world, "d"), of(&world, "d/f"));
    let before = of(&world, "d/f");
    world.executable("d/f", "x");
    assert_ne!(of(&world, "d/f"), before);
    world.link("d/f", "x");
    assert_ne!(of(&world, "d/f"), before);
}

#[test]
fn patterns_with_exceptions_keep_their_order() {
    let world = World::with([("d/a.md", "a"), ("d/b.md", "b"), ("d/c", "c")]);
    let files = |exclude: &str| {
        let plan = world.planned(&format!("bases: {{ debian: \"debian:12\" }}\nstages:\n  c: {{ copy: {{ from: d, to: /x, exclude: {exclude} }} }}\nservices:\n  web: {{ base: debian, stages: [c] }}\n"));
        let (_, stage) = plan.stages().next().unwrap();
        stage.key.inputs[0]
            .files
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(files("[\"*.md\", \"!a.md\"]"), ["a.md", "c"]);
    assert_eq!(files("[\"!a.md\", \"*.md\"]"), ["c"]);
}

#[test]
fn no_key_holds_what_changes_by_itself() {
    let marks = [
        "1.2.3",
        "every-kind",
        "kept-here",
        "UNUSED",
        "example.com",
        "revision",
    ];
    let text = serde_json::to_string(
        &world()
            .planned(FILE)
            .stages()
            .map(|(_, stage)| &stage.key)
            .collect::<Vec<_>>(),
    )
    .unwrap();
    for mark in marks {
        assert!(FILE.contains(mark), "{mark}");
        assert!(!text.contains(mark), "{mark} is in a key");
    }
}

#[test]
fn a_record_says_what_it_is_made_of() {
    let plan = world().planned(FILE);
    let record = |id: &str| {
        let stage = plan.stages().find(|(_, stage)| stage.id == id);
        stage.map(|(_, stage)| &stage.key)
    };
    insta::assert_json_snapshot!("record_of_build", record("build"));
    insta::assert_json_snapshot!("record_of_data", record("data"));
    insta::assert_json_snapshot!("record_of_install", record("app@python+env"));
    insta::assert_json_snapshot!("record_of_env", record("env"));
}

/// Without anyone to ask about images the references stand for them.
#[test]
fn unknown_images_count_by_their_names() {
    let mut offline = world();
    offline.offline = true;
    let plan = offline.planned(FILE);
    let moved = offline.planned(&edited("debian:12", "debian:13"));
    assert_ne!(digests(&plan)["gcc"], digests(&moved)["gcc"]);
    assert_eq!(digests(&plan)["tools"], digests(&moved)["tools"]);
}
