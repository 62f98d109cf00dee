//! One small stage of each kind, as it is lowered for a daemon that merges and for one that cannot.

use crate::lower;
use crate::shown::shown;
use crate::world::World;

const BASES: &str = "project: demo\nbases: { python: \"python:3.12\", debian: \"debian:12\" }\n";

fn world() -> World {
    let mut world = World::with([
        (
            "env.yaml",
            "channels: [conda-forge]\ndependencies: [python=3.12]\n",
        ),
        ("app/pyproject.toml", "[project]\n"),
        ("app/src/app.py", "print()\n"),
        ("front/package.json", "{}\n"),
        ("front/package-lock.json", "{}\n"),
        ("vendor/x.deb", "!<arch>"),
        ("tool.zip", "PK"),
        ("tool.tar.gz", "gz"),
        ("src/main.c", "int main(void) {}\n"),
        ("run.sh", "exec app\n"),
    ]);
    world.config(
        "debian:12",
        serde_json::json!({
            "architecture": "amd64",
            "os": "linux",
            "config": { "Shell": ["/bin/bash", "-eo", "pipefail", "-c"], "WorkingDir": "/work" },
        }),
    );
    world
}

/// Lowers a service that has `listed` of `stages` in both ways.
#[track_caller]
fn check(name: &str, stages: &str, listed: &str) {
    let yaml = format!(
        "{BASES}stages:\n{stages}services:\n  web: {{ base: python, stages: [{listed}] }}\n"
    );
    let plan = world().planned(&yaml);
    let [merged, stacked] =
        [true, false].map(|merge| shown(&lower(&plan, merge).images[0].definition));
    let text = if merged == stacked {
        format!("{stages}\n~~~ merged and stacked\n{merged}")
    } else {
        format!("{stages}\n~~~ merged\n{merged}\n~~~ stacked\n{stacked}")
    };
    insta::assert_snapshot!(name, text);
}

#[test]
fn packages() {
    check(
        "conda",
        "  a: { conda: { spec: env.yaml, tool: debian, virtual-packages: { cuda: \"12.5\" } } }\n",
        "a",
    );
    check(
        "apt",
        "  a: { apt: { packages: [graphviz], debs: [vendor/x.deb] } }\n",
        "a",
    );
    check(
        "apt_chain",
        "  a: { apt: [a] }\n  b: { apt: [b], needs: [a] }\n",
        "a, b",
    );
    check(
        "pip",
        "  a: { pip: { packages: [\"idna>=3\"], index-url: \"https://x.org/simple\", no-deps: true } }\n",
        "a",
    );
    check("wheel", "  a: { wheel: app, on: debian }\n", "a");
    check(
        "wheel_on_conda",
        "  e: { conda: env.yaml }\n  a: { wheel: { path: app, deps: true } }\n",
        "a, e",
    );
    check("npm", "  a: { npm: [svgo@3] }\n", "a");
    check(
        "npm_project",
        "  a: { npm: { path: front, to: /srv/front } }\n",
        "a",
    );
}

#[test]
fn files() {
    check(
        "fetch",
        "  a: { fetch: { url: \"https://x.org/tool\", sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, to: /usr/local/bin/, mode: \"0755\" } }\n",
        "a",
    );
    check(
        "fetch_unpacked",
        "  a: { fetch: { url: \"https://x.org/tool.tgz\", sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, to: /, unpack: true } }\n",
        "a",
    );
    check(
        "fetch_git",
        "  a: { fetch: { git: { repository: \"https://x.org/a.git\", commit: 4b825dc642cb6eb9a060e54bf8d69288fbee4904, path: ttf }, to: /usr/share/fonts } }\n",
        "a",
    );
    check(
        "unpack_zip",
        "  a: { unpack: { from: tool.zip, to: /opt/zip } }\n",
        "a",
    );
    check(
        "unpack_tar",
        "  a: { unpack: { from: tool.tar.gz, to: /root/tar } }\n",
        "a",
    );
    check(
        "copy",
        "  a: { copy: [{ from: src, to: /root/src/, include: [\"**/*.c\"] }, { from: run.sh, to: /bin2/, mode: \"0755\", owner: \"7\" }, { from: run.sh, to: /r, mode: \"u+x\" }] }\n",
        "a",
    );
    check(
        "copy_of_a_stage",
        "  b: { run: { script: make, outputs: [/opt/b] }, on: debian }\n  a: { copy: [{ from: /opt/b/tool, stage: b, to: /usr/local/bin/tool }, { from: /opt/b/tool, stage: b, to: /usr/bin/, exclude: [\"*.o\"] }] }\n",
        "a",
    );
    check(
        "files",
        "  a: { files: { /root/.config/a: a, /etc/b.sh: { content: b, mode: \"0755\", owner: \"1:2\" } } }\n",
        "a",
    );
    check(
        "image",
        "  a: { image: { from: debian, paths: [{ from: /etc/hosts }, { from: /usr/bin/env, to: /opt/env }] } }\n",
        "a",
    );
}

#[test]
fn commands() {
    check("run", "  a: { run: make }\n", "a");
    check(
        "run_needs",
        "  a: { run: one }\n  b: { run: two, needs: [a] }\n  c: { files: { /c: c } }\n  d: { run: three, needs: [b, c] }\n",
        "d",
    );
    check(
        "run_with_everything",
        "  b: { files: { /opt/b: b } }\n  a:\n    on: debian\n    run:\n      script: [\"one $A\", two]\n      inputs: [src, { from: /opt, stage: b, to: /in, include: [b] }]\n      outputs: [/opt/y, /opt/x]\n      env: { A: \"1\" }\n      caches: [/root/.cache, { to: /c, id: c, sharing: private }]\n      secrets: [token, { id: key, env: KEY, optional: true }]\n      ssh: [{ id: default, to: /agent }]\n      tmpfs: [/t]\n      user: \"1000\"\n      network: none\n",
        "a",
    );
}

#[test]
fn services() {
    let yaml = format!(
        "{BASES}stages:\n  a: {{ apt: [a] }}\n  f: {{ files: {{ /f: f }} }}\nservices:\n  web: {{ base: python, stages: [a, f], finish: [one, two], image: {{ workdir: /srv/app }} }}\n"
    );
    let plan = world().planned(&yaml);
    for (name, merge) in [("finish_merged", true), ("finish_stacked", false)] {
        insta::assert_snapshot!(name, shown(&lower(&plan, merge).images[0].definition));
    }
}
