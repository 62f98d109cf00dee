//! What `layercake check` advises on, besides mistakes.

use crate::world::World;

const ENVIRONMENT: &str =
    "channels: [conda-forge]\ndependencies: [python =3.11, numpy, conda-forge::scipy]\n";

/// A file with one stage on a base that is named by its tag.
fn file(stage: &str) -> String {
    format!(
        "project: p\nbases: {{ mamba: \"mambaorg/micromamba:1.5.8\" }}\nstages:\n  env: {stage}\nservices:\n  web: {{ base: mamba, stages: [env] }}\n"
    )
}

fn advised(stage: &str) -> String {
    World::with([("packages.yaml", ENVIRONMENT)]).advised(&file(stage))
}

#[test]
fn what_is_solved_in_the_build_is_another_thing_each_time() {
    insta::assert_snapshot!(advised("{ on: mamba, conda: packages.yaml }"), @r#"
    warning[unpinned]: `packages.yaml` names `conda-forge::scipy` and 1 other without a version: what `env` comes to is another thing whenever it runs
     --> layercake.yaml:4:3
      |
    4 |   env: { on: mamba, conda: packages.yaml }
      |   ^^^
      |
      = help: `layercake lock` pins it

    warning[moving-base]: `mambaorg/micromamba:1.5.8` can be another image tomorrow, and `env` then runs again
     --> layercake.yaml:4:3
      |
    4 |   env: { on: mamba, conda: packages.yaml }
      |   ^^^
      |
      = help: `layercake lock` pins it

    warning[hard-links]: no hard link leads out of the mount that caches packages: each package of `env` is copied, and takes its space twice
     --> layercake.yaml:4:3
      |
    4 |   env: { on: mamba, conda: packages.yaml }
      |   ^^^
      |
      = help: `layercake lock` pins it, and its packages are then moved into place

    3 warnings
    "#);
    let pinned = World::with([(
        "packages.yaml",
        "channels: [a]\ndependencies: [numpy =2.1.0]\n",
    )]);
    let stage = "{ on: mamba, conda: { spec: packages.yaml, installer: micromamba } }";
    let advised = pinned.advised(&file(stage));
    assert!(!advised.contains("unpinned"), "{advised}");
    assert!(
        advised.contains("remove `installer: micromamba`"),
        "{advised}"
    );
}

#[test]
fn a_cache_that_is_emptied_by_its_own_command_is_none() {
    let stage = "{ run: { script: \"micromamba install -y x && micromamba clean --all\", caches: [/opt/conda/pkgs] } }";
    insta::assert_snapshot!(advised(stage), @r#"
    warning[cache-emptied]: `micromamba clean --all` empties the cache mounted at `/opt/conda/pkgs`, so every run of `env` begins with an empty one
     --> layercake.yaml:4:3
      |
    4 |   env: { run: { script: "micromamba install -y x && micromamba clean --all", caches: [/opt/co...
      |   ^^^
      |
      = help: remove the command: what is in a cache mount is not in the image

    warning[hard-links]: no hard link leads out of the cache mounted at `/opt/conda/pkgs`: each package of `env` is copied, and takes its space twice
     --> layercake.yaml:4:3
      |
    4 |   env: { run: { script: "micromamba install -y x && micromamba clean --all", caches: [/opt/co...
      |   ^^^
      |
      = help: in a `conda:` stage that `layercake lock` pins they are moved into place; where a copy is meant, `MAMBA_ALWAYS_COPY: "1"` in `env` says so

    2 warnings
    "#);
    assert_eq!(
        advised("{ run: { script: \"micromamba clean --all\" } }"),
        ""
    );
}

#[test]
fn packages_that_are_copied_out_of_a_cache_are_told() {
    let stage = |more: &str| {
        format!(
            "{{ run: {{ script: \"micromamba install -y numpy\", caches: [/opt/conda/pkgs]{more} }} }}"
        )
    };
    insta::assert_snapshot!(advised(&stage("")), @r#"
    warning[hard-links]: no hard link leads out of the cache mounted at `/opt/conda/pkgs`: each package of `env` is copied, and takes its space twice
     --> layercake.yaml:4:3
      |
    4 |   env: { run: { script: "micromamba install -y numpy", caches: [/opt/conda/pkgs] } }
      |   ^^^
      |
      = help: in a `conda:` stage that `layercake lock` pins they are moved into place; where a copy is meant, `MAMBA_ALWAYS_COPY: "1"` in `env` says so

    1 warning
    "#);
    let meant = advised(&stage(", env: { MAMBA_ALWAYS_COPY: \"1\" }"));
    assert_eq!(meant, "");
}

#[test]
fn a_script_with_crlf_is_told() {
    let mut world = World::with([("run.sh", "#!/bin/sh\r\ntrue\r\n")]);
    world.file("other.sh", "#!/bin/sh\ntrue\r\n");
    let stage = "{ copy: [{ from: run.sh, to: /run.sh }, { from: other.sh, to: /other.sh }] }";
    insta::assert_snapshot!(world.found(&file(stage)), @r#"
    warning[crlf-script]: `run.sh` is a script with CRLF line ends, which Linux cannot start
     --> layercake.yaml:4:25
      |
    4 |   env: { copy: [{ from: run.sh, to: /run.sh }, { from: other.sh, to: /other.sh }] }
      |                         ^^^^^^
      |
      = help: have git check it out with LF: `*.sh text eol=lf` in .gitattributes

    1 warning
    "#);
}
