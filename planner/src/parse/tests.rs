//! What is read, what is refused.

use super::parse;
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::spec::{KindSpec, Script, Spec, Text, VersionSpec};

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
