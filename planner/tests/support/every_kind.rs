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
