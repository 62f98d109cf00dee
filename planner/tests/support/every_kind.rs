//! A file with every kind of stage, and the world that it needs.

use crate::world::World;

/// The file.
pub const FILE: &str = include_str!("every-kind.yaml");

/// What the file reads.
pub fn world() -> World {
    let mut world = World::with([
        (
            "env.yaml",
            "channels: [conda-forge]\ndependencies: [python=3.12, numpy]\n",
        ),
        ("requirements.txt", "requests==2.32.3\nattrs\n"),
        ("app/pyproject.toml", "[project]\nname = 'app'\n"),
        ("app/src/app.py", "print()\n"),
        ("app/tests/test.py", "assert True\n"),
        ("app/notes.md", "# notes\n"),
        ("front/package.json", "{}\n"),
        ("front/package-lock.json", "{}\n"),
        ("front/index.js", "\n"),
        ("vendor/a.deb", "a"),
        ("vendor/b.deb", "b"),
        ("vendor/tool.zip", "PK"),
        ("vendor/tool.tar.gz", "gz"),
        ("data/one.txt", "1\n"),
        ("data/two.csv", "2\n"),
        ("data/read.md", "# data\n"),
        ("src/main.c", "int main(void) {}\n"),
        ("src/Makefile", "all:\n"),
        ("README.md", "# readme\n"),
    ]);
    world.executable("run.sh", "exec app\n");
    world
}

/// Edits of the file that change one value: what is replaced by what, and the stage that it changes.
pub const EDITS: &[(&str, &str, &str)] = &[
    ("/opt/env", "/opt/envs", "env"),
    ("cuda: \"12.5\"", "cuda: \"12.6\"", "env"),
    ("mamba:1.5", "mamba:1.6", "env"),
    ("debian:12", "debian:13", "gcc"),
    ("uv:0.9", "uv:1.0", "taken"),
    ("graphviz,", "graphviz2,", "tools"),
    (
        "packages: [curl]",
        "packages: [curl], recommends: true",
        "vendor",
    ),
    ("tenacity", "tenacity>1", "deps"),
    ("\"tenacity\"] }", "\"tenacity\"], no-deps: true }", "deps"),
    ("svgo@3", "svgo@4", "node"),
    ("/srv/front", "/srv/ui", "front"),
    ("9f86", "0f86", "url"),
    ("4b825", "0b825", "fonts"),
    ("path: ttf", "path: otf", "fonts"),
    ("/opt/zip", "/opt/zap", "zip"),
    ("/opt/tar", "/opt/ter", "tar"),
    ("debug=0", "debug=1", "conf"),
    (
        "mode: \"0755\", owner: \"7:7\"",
        "mode: \"0700\", owner: \"7:7\"",
        "conf",
    ),
    ("7:7", "7:8", "conf"),
    ("to: /srv/data", "to: /srv/date", "data"),
    ("mode: \"0750\"", "mode: \"0751\"", "data"),
    ("make all", "make most", "build"),
    ("LEVEL: \"1\"", "LEVEL: \"2\"", "build"),
    ("stable", "nightly", "build"),
    ("caches: [/root/.cache", "caches: [/root/.caches", "build"),
    ("id: other,", "id: another,", "build"),
    ("user: builder", "user: root", "build"),
    ("tmpfs: [/scratch]", "tmpfs: [/tmp]", "build"),
    ("network: none", "network: default", "build"),
    ("to: /opt/app/", "to: /opt/app", "out"),
    ("fix two", "fix three", "fix"),
    ("exclude: [\"*.o\"]", "exclude: [\"*.a\"]", "under"),
    ("workdir: /srv", "workdir: /opt", "all/finish"),
    ("chmod -R", "chmod --recursive", "all/finish"),
];
