//! What is changed: every field of every kind of stage, files, images and what a build is told.

use layercake_planner::plan::Plan;

use crate::every_kind::{EDITS, FILE, world};
use crate::world::World;

/// Edits of the file beyond those of [`EDITS`].
const MORE: &[(&str, &str, &str)] = &[
    ("[graphviz, unzip]", "[graphviz]", "tools"),
    ("[vendor/b.deb, vendor/a.deb]", "[vendor/a.deb]", "vendor"),
    (
        "uv:0.9\", paths: [{ from: /uv,",
        "uv:0.9\", paths: [{ from: /uvx,",
        "taken",
    ),
    (
        "requirements: requirements.txt, packages: [\"idna>=3\",",
        "requirements: requirements.txt, python: /usr/bin/python3, packages: [\"idna>=3\",",
        "deps",
    ),
    (
        "requirements: requirements.txt,",
        "requirements: requirements.txt, index-url: \"https://i/s\",",
        "deps",
    ),
    ("exec app\\n\"", "exec app2\\n\"", "conf"),
    ("/etc/app.ini:", "/etc/app2.ini:", "conf"),
    ("secrets: [token,", "secrets: [", "build"),
    ("ssh: [default]", "ssh: [deploy]", "build"),
    ("KEEP: \"yes\" }", "KEEP: \"yes\", MORE: \"1\" }", "build"),
    ("args: [CHANNEL]", "args: []", "build"),
    (
        "outputs: [/opt/build, /opt/logs]",
        "outputs: [/opt/build]",
        "build",
    ),
    (
        "inputs: [src, {",
        "inputs: [{ from: src, to: /in/src }, {",
        "build",
    ),
    ("needs: [tools, conf]", "needs: [tools]", "fix"),
    (
        "stage: build, to: /opt/app/",
        "stage: conf, to: /opt/app/",
        "out",
    ),
    ("to: /opt/app/", "to: /opt/other/", "out"),
    (
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, to: /usr/local/bin/, mode: \"0755\"",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, to: /usr/local/bin/, mode: \"0700\"",
        "url",
    ),
];

/// Rewritten files: the path, the text, and the stages whose own difference that is.
const REWRITES: &[(&str, &str, &[&str])] = &[
    (
        "env.yaml",
        "channels: [conda-forge]\ndependencies: [python=3.13, numpy]\n",
        &["env"],
    ),
    (
        "env.yaml",
        "channels: [conda-forge]\ndependencies: [python=3.12, numpy=2.0, scipy]\n",
        &["env"],
    ),
    (
        "env.yaml",
        "channels: [pytorch, conda-forge]\ndependencies: [python=3.12]\n",
        &["env"],
    ),
    (
        "env.yaml",
        "channels: [conda-forge]\ndependencies: [python=3.12, numpy, pip: [rich==14]]\n",
        &["env"],
    ),
    ("requirements.txt", "requests==2.32.4\n--pre\n", &["deps"]),
    ("app/src/app.py", "print(1)\n", &["app"]),
    ("app/src/new.py", "", &["app"]),
    ("front/package-lock.json", "{ }\n", &["front"]),
    ("vendor/a.deb", "aa", &["vendor"]),
    ("vendor/tool.zip", "PK2", &["zip"]),
    ("vendor/tool.tar.gz", "gz2", &["tar"]),
    ("data/one.txt", "3\n", &["data", "build"]),
    ("src/main.c", "int main() {}\n", &["build"]),
    ("run.sh", "exec app\n", &["data"]), // No longer executable.
];

/// The file with one edit.
pub fn edited(from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "{from}");
    FILE.replace(from, to)
}

/// What is done to the world.
type Change = fn(&mut World);

/// Every change of one kind: its name, the plan after it, and the stages that it is about.
pub fn changes() -> Vec<(String, Plan, Vec<&'static str>)> {
    let mut all = Vec::new();
    for (from, to, stage) in EDITS.iter().chain(MORE) {
        let name = format!("{from} => {to}");
        all.push((name, world().planned(&edited(from, to)), vec![*stage]));
    }
    for (path, text, stages) in REWRITES {
        let mut world = world();
        world.file(path, text);
        all.push((
            format!("{path}: {text:?}"),
            world.planned(FILE),
            stages.to_vec(),
        ));
    }
    let others: [(&str, Change, Vec<&'static str>); 5] = [
        (
            "the argument CHANNEL=nightly",
            |world| {
                world.build_arg("CHANNEL", "nightly");
            },
            vec!["build"],
        ),
        (
            "run.sh becomes a link",
            |world| {
                world.link("run.sh", "app/src/app.py");
            },
            vec!["data"],
        ),
        (
            "the image of debian:12 is another",
            |world| {
                world.alias("debian:12", "other");
            },
            vec!["gcc"],
        ),
        (
            "the image of mamba:1.5 is another",
            |world| {
                world.alias("mamba:1.5", "other");
            },
            vec!["env"],
        ),
        (
            "the image of uv:0.9 is another",
            |world| {
                world.alias("uv:0.9", "other");
            },
            vec!["taken"],
        ),
    ];
    for (name, change, stages) in others {
        let mut world = world();
        change(&mut world);
        all.push((name.to_owned(), world.planned(FILE), stages));
    }
    all
}
