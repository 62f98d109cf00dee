//! What is read, what is refused.

use std::fmt::Write;

use super::parse;
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::spec::{CommandSpec, KindSpec, Script, Sharing, Spec, Text, VersionSpec};

const CLX: &str = r#"# syntax=docker.io/layercake/frontend:0.1
project: clx
version: { from: clx-common/pyproject.toml, key: project.version }
args: { VARIANT: full }
tags: ["{service}:{version}", "{service}:latest", "clx-{service}:{version}", "clx-{service}:latest"]
bases:
  micromamba: mambaorg/micromamba:1.5.8-jammy-cuda-12.5.0
  python: python:3.11-slim
stages:
  conda-env:
    conda: { spec: services/notebook-processor/packages.yaml, prefix: /opt/conda }
    expensive: true
  kernels-apt: { apt: [default-jdk, graphviz, unzip] }
  deno: { unpack: { from: services/notebook-processor/deno-x86_64-unknown-linux-gnu.zip, to: /usr/local/bin }, on: python }
  clx-common: { wheel: clx-common, on: python }
  drawio-apt: { apt: { packages: [xvfb], debs: [services/drawio-converter/drawio.deb] } }
  entrypoint: { copy: { from: services/drawio-converter/entrypoint.sh, to: /app/entrypoint.sh, mode: "0755" } }
  dotnet: { needs: [kernels-apt], run: { script: ./x.sh, inputs: [services/x.sh], caches: [/root/.nuget], network: none } }
services:
  notebook-processor:
    base: micromamba
    stages: [conda-env, kernels-apt, deno, clx-common]
    image: { user: root, workdir: /app, env: { A: "1" }, expose: [8888], cmd: [python, -m, nb.notebook_server] }
    finish: find / -xdev -perm /6000 -type f -exec chmod a-s {} +
"#;

fn read(text: &str) -> (Spec, Vec<Diagnostic>) {
    parse(&Source {
        name: "layercake.yaml".into(),
        text: text.into(),
    })
}

#[track_caller]
fn right(text: &str) -> Spec {
    let (spec, diagnostics) = read(text);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    spec
}

/// What the one stage of `{ stages: { s: … } }` does.
#[track_caller]
fn kind(stage: &str) -> KindSpec {
    let spec = right(&format!("stages: {{ s: {{ {stage} }} }}"));
    spec.stages.get("s").unwrap().kind.clone()
}

/// Checks the codes of what is found, in the file's order.
#[track_caller]
fn wrong(text: &str, codes: &[&str]) {
    let (_, diagnostics) = read(text);
    let found: Vec<_> = diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(found, codes, "{diagnostics:#?}");
}

fn texts(values: &[Text]) -> Vec<&str> {
    values.iter().map(|text| text.value.as_str()).collect()
}

#[test]
fn the_clx_file() {
    let spec = right(CLX);
    assert_eq!(spec.project.unwrap().value, "clx");
    let Some(VersionSpec::From(version)) = spec.version else {
        panic!("version")
    };
    assert_eq!(version.key.value, "project.version");
    assert_eq!(spec.stages.names().count(), 7);
    let service = spec.services.get("notebook-processor").unwrap();
    assert_eq!(texts(&service.image.expose), ["8888"]);
    let Some(Script::One(finish)) = &service.finish else {
        panic!("finish")
    };
    assert!(finish.value.ends_with("chmod a-s {} +"));
    assert_eq!(&CLX[finish.span.range()], finish.value);
}

#[test]
fn a_text_stays_as_it_was_written() {
    let KindSpec::Wheel(wheel) = kind("wheel: { path: app, python: 3.10 }") else {
        panic!("wheel")
    };
    assert_eq!(wheel.python.unwrap().value, "3.10");
    let spec =
        right("version: 0.20\nargs: { A: 010, B: true, C: '', D: null-ish, E: 1e3, F: 0x1F }");
    let Some(VersionSpec::Literal(version)) = spec.version else {
        panic!("version")
    };
    assert_eq!(version.value, "0.20");
    let values: Vec<_> = spec
        .args
        .iter()
        .map(|(_, value)| value.value.as_str())
        .collect();
    assert_eq!(values, ["010", "true", "", "null-ish", "1e3", "0x1F"]);
}

#[test]
fn short_forms_of_kinds() {
    let KindSpec::Apt(apt) = kind("apt: [a, b=1.0]") else {
        panic!("apt")
    };
    assert_eq!(texts(&apt.packages), ["a", "b=1.0"]);
    let KindSpec::Conda(conda) = kind("conda: packages.yaml") else {
        panic!("conda")
    };
    assert_eq!(conda.spec.value, "packages.yaml");
    let KindSpec::Pip(pip) = kind("pip: ['a>=1']") else {
        panic!("pip")
    };
    assert_eq!(texts(&pip.packages), ["a>=1"]);
    let KindSpec::Npm(npm) = kind("npm: [svgo@3]") else {
        panic!("npm")
    };
    assert_eq!(texts(&npm.packages), ["svgo@3"]);
    let KindSpec::Wheel(wheel) = kind("wheel: libs/common") else {
        panic!("wheel")
    };
    assert_eq!(wheel.path.value, "libs/common");
    let KindSpec::Copy(copies) = kind("copy: { from: a, to: /b }") else {
        panic!("copy")
    };
    assert_eq!(copies.len(), 1);
    let KindSpec::Copy(copies) =
        kind("copy: [{ from: a, to: /b }, { from: c, to: /d, mode: 0755 }]")
    else {
        panic!("copies")
    };
    assert_eq!(copies[1].mode.as_ref().unwrap().value, "0755");
    let KindSpec::Files(files) = kind("files: { /a: hello, /b: { content: x, mode: 644 } }") else {
        panic!("files")
    };
    assert_eq!(files.get("/a").unwrap().content.value, "hello");
    assert_eq!(files.get("/b").unwrap().mode.as_ref().unwrap().value, "644");
}

#[test]
fn short_forms_of_run() {
    let KindSpec::Run(run) = kind("run: make") else {
        panic!("run")
    };
    assert!(matches!(run.script, Script::One(script) if script.value == "make"));
    let KindSpec::Run(run) = kind("run: [make, make install]") else {
        panic!("run")
    };
    assert!(
        matches!(run.script, Script::Several(scripts) if texts(&scripts) == ["make", "make install"])
    );
    let stage = "run: { script: make, inputs: [src, { from: a, to: /a }], caches: [/c, { to: /d, sharing: shared }], \
                 secrets: [token], ssh: [default], tmpfs: [/tmp], env: { A: 1 }, args: [A] }";
    let KindSpec::Run(run) = kind(stage) else {
        panic!("run")
    };
    assert_eq!(run.inputs[0].from.value, "src");
    assert_eq!(run.inputs[1].to.as_ref().unwrap().value, "/a");
    assert_eq!(run.caches[0].to.value, "/c");
    assert_eq!(run.caches[1].sharing, Some(Sharing::Shared));
    assert_eq!(run.secrets[0].id.value, "token");
    assert_eq!(run.ssh[0].id.value, "default");
    assert_eq!(run.env.get("A").unwrap().value, "1");
    assert_eq!(texts(&run.args), ["A"]);
}

#[test]
fn the_image_of_a_service() {
    let spec = right(
        "services: { web: { base: python, tags: [], image: { \
         expose: [8888, 53/udp], entrypoint: [/run], cmd: serve now, labels: { a.b/c: d }, \
         stop-signal: SIGINT, healthcheck: { test: [CMD], retries: 3 }, shell: [/bin/bash, -c] } } }",
    );
    let web = spec.services.get("web").unwrap();
    assert_eq!(web.tags.as_ref().map(Vec::len), Some(0));
    assert_eq!(texts(&web.image.expose), ["8888", "53/udp"]);
    assert!(
        matches!(&web.image.entrypoint, Some(CommandSpec::Exec(words)) if texts(words) == ["/run"])
    );
    assert!(matches!(&web.image.cmd, Some(CommandSpec::Shell(text)) if text.value == "serve now"));
    let check = web.image.healthcheck.as_ref().unwrap();
    assert_eq!(check.retries.as_ref().unwrap().value, 3);
}

#[test]
fn anchors_merges_and_extensions_save_writing() {
    let spec = right(
        "x-run: &run { network: none, user: root }\n\
         stages:\n  a: { run: { <<: *run, script: make, user: me } }\n  b: &b { apt: &packages [curl] }\n\
         \x20 c: *b\n  d: { apt: *packages, on: python }\n",
    );
    let KindSpec::Run(run) = &spec.stages.get("a").unwrap().kind else {
        panic!("run")
    };
    assert_eq!(run.network.as_ref().unwrap().value, "none");
    assert_eq!(run.user.as_ref().unwrap().value, "me");
    assert_eq!(spec.stages.get("b"), spec.stages.get("c"));
    assert_eq!(
        spec.stages.get("d").unwrap().kind,
        spec.stages.get("b").unwrap().kind
    );
}

#[test]
fn comments_line_ends_and_order_of_keys_do_not_enter() {
    let spec = right(CLX);
    assert_eq!(right(&CLX.replace('\n', "\r\n")), spec);
    assert_eq!(right(&CLX.replace('\n', " # comment\n")), spec);
    assert_eq!(right(&format!("\u{feff}{CLX}")), spec);
}

#[test]
fn reading_goes_on_after_an_error() {
    wrong(
        "project: A\nstages: { a: { apt: x }, b: { un: y }, c: 1 }\nservices: { d: {} }\nfoo: 1",
        &[
            "unknown-key",
            "bad-name",
            "wrong-type",
            "unknown-key",
            "wrong-type",
            "missing-key",
        ],
    );
    let (spec, _) = read("stages: { a: { ap: x, needs: [b] }, b: { run: 1 } }");
    let names: Vec<_> = spec.stages.names().collect();
    assert_eq!(
        names,
        ["a", "b"],
        "a stage whose kind is wrong keeps its name"
    );
    assert_eq!(texts(&spec.stages.get("a").unwrap().needs), ["b"]);
}

#[test]
fn a_flood_of_errors_is_cut() {
    let mut text = String::new();
    for n in 0..10_000 {
        writeln!(text, "k{n}:").unwrap();
    }
    let (_, diagnostics) = read(&text);
    assert_eq!(diagnostics.len(), 201);
    assert_eq!(diagnostics.last().unwrap().code, "too-many-errors");
}

#[test]
fn twenty_thousand_stages_are_read() {
    let mut text = String::from("stages:\n");
    for n in 0..20_000 {
        writeln!(text, "  s{n}: {{ run: make {n}, needs: [s{}] }}", n / 2).unwrap();
    }
    assert_eq!(right(&text).stages.names().count(), 20_000);
}
