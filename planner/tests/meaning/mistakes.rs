//! What a person sees after each mistake in what the file means.

use layercake_planner::codes;
use layercake_planner::facts::PathFact;
use layercake_planner::resolve::Selection;

use crate::world::World;

/// Files that most of the cases below can refer to.
fn world() -> World {
    let mut world = World::with([
        (
            "app/pyproject.toml",
            "[project]\nname = 'app'\nversion = '1.2'\n",
        ),
        ("app/src/app.py", "print()\n"),
        ("flat/pyproject.toml", "[project]\nname = 'flat'\n"),
        ("flat/flat.py", "print()\n"),
        ("docs/index.md", "[hello\n"),
        ("env.yaml", "dependencies: [python=3.12]\n"),
        (
            "odd.yaml",
            "channels: [conda-forge]\ndependencies:\n  - python\n  - npm: [a]\n",
        ),
        ("more.txt", "requests\n\n-r base.txt\n"),
        ("empty.txt", "# nothing yet\n"),
        ("tool.zip", "PK"),
        ("tool.rar", "Rar!"),
    ]);
    world.lfs_pointer("model.bin").lfs_pointer("lfs.yaml");
    let missing =
        |near: &[&str]| PathFact::Missing(near.iter().map(|name| (*name).into()).collect());
    world.tell("ap", missing(&["app"]));
    world.tell("nothing", missing(&[]));
    world.tell("either", missing(&["ether", "eider"]));
    world.tell("out", PathFact::Escapes("../elsewhere".into()));
    world.tell("secret", PathFact::Unreadable("permission denied".into()));
    world.tell(
        "notes",
        PathFact::Ignored("`notes`, line 3 of .dockerignore".into()),
    );
    world
}

/// The part of a file that is the same in most cases.
const REST: &str = "bases: { python: \"python:3.12-slim\", debian: \"debian:12-slim\" }\n";

/// A service of these stages.
fn with(stages: &str, listed: &str) -> String {
    format!("{REST}stages:\n{stages}services:\n  web: {{ base: python, stages: [{listed}] }}\n")
}

#[track_caller]
fn check(name: &str, yaml: &str) {
    let outcome = world().try_plan(yaml, &Selection::All);
    for found in &outcome.diagnostics {
        assert!(
            codes::explain(found.code).is_some(),
            "{name}: {}",
            found.code
        );
        assert!(
            !found.help.is_empty(),
            "{name}: no way out: {}",
            found.message
        );
    }
    let shown = outcome.shown();
    assert!(!shown.is_empty(), "{name} is no mistake");
    insta::assert_snapshot!(name, format!("{yaml}\n~~~\n{shown}"));
}

#[track_caller]
fn stage(name: &str, stage: &str) {
    check(name, &with(&format!("  a: {stage}\n"), "a"));
}

#[test]
fn names_that_lead_nowhere() {
    check(
        "unknown_base",
        "bases: { python: \"python:3.12\" }\nstages:\n  a: { run: make, on: pyton }\nservices:\n  web: { base: pythn, stages: [a] }\n",
    );
    check("no_bases", "services:\n  web: { base: python }\n");
    check(
        "unknown_stages",
        &with(
            "  build: { run: make, needs: [tols], after: [xyz] }\n  tools: { apt: [make] }\n  out: { copy: { from: /out, stage: biuld, to: /out } }\n",
            "build, tool, out",
        ),
    );
    let many: String = (0..30).fold(String::new(), |all, at| {
        all + &format!("  stage-{at}: {{ run: make }}\n")
    });
    check("unknown_among_many", &with(&many, "nonsense"));
    stage("unknown_tool", "{ conda: { spec: env.yaml, tool: mamba } }");
    stage(
        "base_taken_for_an_image",
        "{ image: { from: pyton, paths: [{ from: /x }] } }",
    );
}

#[test]
fn services_that_are_not_there() {
    let outcome = world().try_plan(
        &with("  a: { run: make }\n", "a"),
        &Selection::Services(vec!["wep".into(), "converter".into()]),
    );
    insta::assert_snapshot!("unknown_services", outcome.shown());
    check("no_services", "bases: { python: \"python:3.12\" }\n");
}

#[test]
fn things_said_twice() {
    check(
        "listed_twice",
        &with("  a: { run: make }\n  b: { run: make }\n", "a, b, a"),
    );
    stage("file_written_twice", "{ files: { /etc/a: x, /etc//a: y } }");
    stage(
        "mounted_twice",
        "{ run: { script: make, inputs: [app, ./app, { from: docs, to: /cache }], caches: [/cache], tmpfs: [/cache/], secrets: [id] } }",
    );
}

#[test]
fn layers_of_environments() {
    stage(
        "layers_too_many",
        "{ conda: { spec: env.yaml, layers: 101 } }",
    );
    stage("layers_too_few", "{ conda: { spec: env.yaml, layers: 1 } }");
    stage(
        "layers_of_micromamba",
        "{ conda: { spec: env.yaml, layers: 9, installer: micromamba } }",
    );
}

#[test]
fn registries_of_stages() {
    for (name, registry) in [
        ("registry_with_a_tag", "ghcr.io/acme/stages:1"),
        ("registry_in_capitals", "ghcr.io/Acme"),
        ("registry_that_is_empty", "${NOTHING}"),
    ] {
        let rest = with("  a: { run: make }\n", "a");
        let args = "args: { NOTHING: \"\" }\n";
        check(name, &format!("registry: {registry}\n{args}{rest}"));
    }
}

#[test]
fn circles() {
    check(
        "circle_of_needs",
        &with(
            "  a: { run: make, needs: [b] }\n  b: { run: make, needs: [c] }\n  c: { run: make, needs: [a] }\n  d: { run: make, needs: [a] }\n",
            "d",
        ),
    );
    check(
        "circle_of_all_edges",
        &with(
            "  a: { run: make, needs: [b] }\n  b: { copy: { from: /x, stage: c, to: /x } }\n  c: { files: { /y: \"\" }, after: [a] }\n",
            "a, c",
        ),
    );
    check(
        "two_circles",
        &with(
            "  a: { run: make, needs: [b] }\n  b: { run: make, needs: [a] }\n  c: { run: make, needs: [c] }\n",
            "a, b, c",
        ),
    );
    check(
        "circle_through_the_interpreter",
        &with(
            "  env: { conda: env.yaml, after: [links] }\n  deps: { pip: [requests] }\n  links: { run: make, needs: [deps] }\n  free: { run: make, needs: [links] }\n",
            "env, deps, links, free",
        ),
    );
}

#[test]
fn two_writers() {
    check(
        "two_writers",
        &with(
            "  a: { files: { /etc/app.ini: a } }\n  b: { files: { /etc/app.ini: b, /etc/other.ini: b } }\n  c: { copy: { from: docs, to: /usr/share/app } }\n  d: { copy: { from: docs/index.md, to: /usr/share/app/ } }\n",
            "a, b, c, d",
        ),
    );
    check(
        "two_writers_in_order_by_a_stage_of_no_image",
        &(with(
            "  a: { files: { /x: a } }\n  m: { files: { /y: m }, after: [a] }\n  b: { files: { /x: b }, after: [m] }\n",
            "a, b",
        ) + "  all: { base: python, stages: [a, m, b] }\n"),
    );
    check(
        "two_writers_below_a_stage_elsewhere",
        &with(
            "  a: { files: { /x: a } }\n  b: { files: { /x: b } }\n  c: { run: { script: make, outputs: [/out] }, on: debian, needs: [a, b] }\n",
            "c",
        ),
    );
}

#[test]
fn files_of_the_context() {
    let stages = [
        ("missing", "{ copy: { from: ap, to: /app } }"),
        (
            "missing_among_many",
            "{ copy: [{ from: nothing, to: /a }, { from: either, to: /b }] }",
        ),
        ("ignored", "{ copy: { from: notes, to: /notes } }"),
        ("unreadable", "{ run: { script: make, inputs: [secret] } }"),
        ("link_that_escapes", "{ copy: { from: out, to: /out } }"),
        (
            "lfs_pointer",
            "{ copy: { from: ./model.bin, to: /model.bin } }",
        ),
        ("lfs_pointer_in_place_of_text", "{ conda: lfs.yaml }"),
        (
            "no_files",
            "{ copy: { from: docs, to: /docs, include: [\"*.rst\"] } }",
        ),
        ("missing_text", "{ pip: { requirements: reqs.txt } }"),
        (
            "missing_inputs",
            "{ run: { script: make, inputs: [nothing, /etc, ../x, either] } }",
        ),
    ];
    for (name, yaml) in stages {
        stage(name, yaml);
    }
    let alias = "x-run: &run { script: make, inputs: [nothing] }\n";
    let stages = "  a: { run: *run }\n  b: { run: *run }\n";
    check(
        "an_alias_is_told_once",
        &(alias.to_owned() + &with(stages, "a, b")),
    );
}

#[test]
fn paths() {
    stage(
        "paths_of_the_context",
        "{ copy: [{ from: /etc/passwd, to: /a }, { from: ../x, to: /b }, { from: 'a\\b', to: /c }, { from: \"\", to: /d }, { from: \"C:/x\", to: /e }] }",
    );
    stage(
        "paths_of_the_image",
        "{ files: { app/a: x, /../b: y, /: z, \"\": w } }",
    );
    stage(
        "links_of_the_image",
        "{ files: { /bin/a: x, /lib64/b: y, /var/run/c: z, /library/d: w } }",
    );
    stage(
        "shared_folders",
        "{ copy: [{ from: docs, to: /tmp/docs }, { from: docs, to: /dev }, { from: docs, to: /proc/x }, { from: docs, to: /tmpl }] }",
    );
    stage(
        "the_whole_image",
        "{ run: { script: make, outputs: [/], caches: [//] } }",
    );
    stage(
        "the_whole_image_from_another",
        "{ image: { from: python, paths: [{ from: / }, { from: /bin/sh }] } }",
    );
    stage(
        "empty_patterns",
        "{ copy: { from: docs, to: /docs, include: [\"\", docs], exclude: [\"!\"] } }",
    );
}

#[test]
fn references() {
    check(
        "image_references",
        "bases:\n  a: python\n  b: Python:3.12\n  c: \"python:3 12\"\n  d: python@sha256:12\n  e: registry.example.com:5000/team\n  f: \"\"\nservices:\n  a: { base: a }\n  b: { base: b }\n  c: { base: c }\n  d: { base: d }\n  e: { base: e }\n  f: { base: f }\n",
    );
    check(
        "tags",
        &format!(
            "{REST}version: \"1.2+3\"\nservices:\n  web: {{ base: python, tags: [\"{{service}}:{{version}}\", \"Web:1\", \"{{servise}}:1\", \"a:{{x}}\", \"b:{{version\"] }}\n"
        ),
    );
    check(
        "tags_without_version",
        &format!(
            "{REST}tags: [\"{{service}}:{{version}}\"]\nservices:\n  web: {{ base: python, image: {{ labels: {{ a: \"{{version}}\", b: \"{{nothing}}\" }} }} }}\n"
        ),
    );
    check(
        "version_without_key",
        &format!(
            "{REST}version: {{ from: app/pyproject.toml, key: project.verison }}\nservices:\n  web: {{ base: python }}\n"
        ),
    );
    check(
        "version_of_no_file",
        &format!(
            "{REST}version: {{ from: setup.toml, key: version }}\nservices:\n  web: {{ base: python }}\n"
        ),
    );
    check(
        "version_of_something_else",
        &format!(
            "{REST}version: {{ from: docs/index.md, key: version }}\nservices:\n  web: {{ base: python }}\n"
        ),
    );
}

#[test]
fn values() {
    check(
        "image_settings",
        &format!(
            "{REST}services:\n  web:\n    base: python\n    finish: \"\"\n    image:\n      workdir: app\n      expose: [\"http\", \"0\", 70000, 53/icmp]\n      volumes: [data, /ok, data2]\n      healthcheck: {{ test: \"true\", interval: 30, timeout: soon, start-period: 1m }}\n"
        ),
    );
    stage(
        "modes",
        "{ copy: [{ from: docs, to: /a, mode: \"0888\" }, { from: docs, to: /b, mode: \"u=rwz\" }, { from: docs, to: /c, mode: \"\" }] }",
    );
    stage(
        "mode_of_a_file",
        "{ files: { /a: { content: x, mode: \"4755\" }, /b: { content: x, mode: rwx } } }",
    );
    stage(
        "owners",
        "{ files: { /a: { content: x, owner: \"www-data\" }, /b: { content: x, owner: \"1:2:3\" }, /c: { content: x, owner: \"1:\" } } }",
    );
    stage(
        "values_of_a_run",
        "{ run: { script: \"\", network: host, secrets: [{ id: a, to: /a, env: A }], inputs: [{ from: /x, stage: b }] } }\n  b: { run: make }",
    );
    check(
        "build_args",
        &format!(
            "args: {{ VERSION: \"1\" }}\n{REST}stages:\n  a: {{ apt: [\"curl=${{VERSON}}\", \"${{VERSION\", \"wget=${{VERSION}}\"] }}\n  b: {{ run: {{ script: make, args: [NOTHING] }} }}\nservices:\n  web: {{ base: python, stages: [a, b] }}\n"
        ),
    );
}

#[test]
fn build_arguments_from_outside() {
    let mut world = world();
    world
        .build_arg("VERSOIN", "2")
        .build_arg("http_proxy", "x")
        .build_arg("BUILDKIT_INLINE_CACHE", "1");
    let yaml = format!("args: {{ VERSION: \"1\" }}\n{REST}services:\n  web: {{ base: python }}\n");
    insta::assert_snapshot!("unused_build_arg", world.found(&yaml));
}

#[test]
fn packages() {
    let stages = [
        ("nothing_to_do", "{ apt: [] }"),
        ("nothing_to_copy", "{ copy: [] }"),
        ("nothing_to_write", "{ files: {} }"),
        ("nothing_to_take", "{ image: { from: python, paths: [] } }"),
        ("package_names", "{ apt: [\"graphviz unzip\", -y, \"\"] }"),
        ("npm_halfway", "{ npm: { path: app } }"),
        (
            "requirements_that_read_files",
            "{ pip: { requirements: more.txt } }",
        ),
        (
            "requirements_that_say_nothing",
            "{ pip: { requirements: empty.txt } }",
        ),
        (
            "requirements_of_folders",
            "{ pip: [requests, ./app, \"-r more.txt\", \"app @ file:///app\"] }",
        ),
        ("conda_file", "{ conda: odd.yaml }"),
        ("conda_file_that_is_none", "{ conda: docs/index.md }"),
        (
            "wheel_without_project",
            "{ wheel: { path: docs, include: [\"*.md\"] } }",
        ),
        ("wheel_of_a_file", "{ wheel: app/pyproject.toml }"),
        ("wheel_without_src", "{ wheel: flat }"),
        ("wheel_of_nothing", "{ wheel: ap }"),
        ("archive", "{ unpack: { from: tool.rar, to: /opt/tool } }"),
        (
            "archive_over_everything",
            "{ unpack: { from: tool.zip, to: / } }",
        ),
    ];
    for (name, yaml) in stages {
        stage(name, yaml);
    }
}

#[test]
fn fetches() {
    let sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let stages = [
        ("fetch_of_nothing", "{ fetch: { to: /a } }".to_owned()),
        ("fetch_without_checksum", "{ fetch: { url: \"https://x.org/a\", to: /bin/a } }".to_owned()),
        ("fetch_checksum", "{ fetch: { url: \"ftp://x.org/a\", sha256: 9f86, to: a } }".to_owned()),
        ("fetch_without_name", format!("{{ fetch: {{ url: \"https://x.org/\", sha256: {sum}, to: /opt/ }} }}")),
        ("fetch_of_a_zip", format!("{{ fetch: {{ url: \"https://x.org/a.zip?raw=1\", sha256: {sum}, to: /opt/a, unpack: true, mode: \"0755\" }} }}")),
        ("fetch_of_a_branch", "{ fetch: { git: { repository: \"https://x.org/a.git\", commit: main, path: ../x }, sha256: 9f86, unpack: true, to: /opt/a } }".to_owned()),
    ];
    for (name, yaml) in stages {
        stage(name, &yaml);
    }
}

#[test]
fn interpreters_and_bases() {
    check(
        "several_interpreters",
        &(with(
            "  one: { conda: { spec: env.yaml, prefix: /opt/one } }\n  two: { conda: { spec: env.yaml, prefix: /opt/two } }\n  deps: { pip: [requests] }\n  app: { wheel: app, needs: [one] }\n",
            "one, two, deps, app",
        ) + "  other: { base: debian, stages: [one, two, deps] }\n"),
    );
    check(
        "base_mismatch",
        &with(
            "  a: { apt: [make], on: debian }\n  b: { run: make, on: debian }\n",
            "a, b",
        ),
    );
    check(
        "bases_that_do_nothing",
        &with(
            "  a: { files: { /a: x }, on: debian }\n  b: { conda: { spec: env.yaml, tool: debian }, on: debian }\n",
            "a, b",
        ),
    );
    check(
        "unused_stage",
        &with("  a: { run: make }\n  b: { run: make }\n", "a"),
    );
}

#[test]
fn all_at_once() {
    check(
        "everything_at_once",
        &format!(
            "{REST}version: {{ from: app/pyproject.toml, key: nothing }}\nstages:\n  a: {{ copy: [{{ from: ap, to: app }}, {{ from: ../x, to: /bin/x, mode: \"9\", owner: me }}] }}\n  b: {{ pip: {{ requirements: more.txt, python: \"${{NO}}\" }} }}\n  c: {{ wheel: flat }}\n  d: {{ run: {{ script: make, inputs: [nothing, /etc], outputs: [/tmp/x, out], env: {{ A: \"${{NO}}\" }} }} }}\nservices:\n  web:\n    base: python\n    stages: [a, b, c, d]\n    tags: [\"Web\", \"{{servise}}\"]\n    image: {{ workdir: x, expose: [x], labels: {{ a: \"{{a}}\", b: \"{{b}}\" }}, volumes: [y] }}\n"
        ),
    );
}
