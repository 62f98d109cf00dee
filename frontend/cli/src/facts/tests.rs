//! Facts of folders made for the purpose.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use futures::executor::block_on;
use layercake_planner::facts::{Facts, Needs, PathFact, PathNeed};
use tempfile::TempDir;

use super::Context;
use super::ignore_file::IgnoreFile;
use super::local::{LocalTree, digests};

struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.path().join(path)).unwrap();
        self
    }

    fn learn(&self, ignore: &str, needs: &Needs) -> Facts {
        let ignore = IgnoreFile::parse(".dockerignore", ignore).unwrap();
        let mut context = Context {
            tree: LocalTree::new(self.path()),
            ignore,
        };
        let mut facts = Facts::default();
        block_on(context.learn(needs, &mut facts)).unwrap();
        facts
    }

    fn fact(&self, ignore: &str, path: &str, include: &[&str], exclude: &[&str]) -> PathFact {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let need = PathNeed {
            path: path.into(),
            include: texts(include),
            exclude: texts(exclude),
        };
        let needs = Needs {
            paths: BTreeSet::from([need.clone()]),
            ..Needs::default()
        };
        self.learn(ignore, &needs).paths.remove(&need).unwrap()
    }

    fn text(&self, ignore: &str, path: &str) -> Result<String, String> {
        let needs = Needs {
            texts: BTreeSet::from([path.to_owned()]),
            ..Needs::default()
        };
        self.learn(ignore, &needs).texts.remove(path).unwrap()
    }
}

#[track_caller]
fn check_names(fact: PathFact, expect: &[&str]) {
    let PathFact::Folder(files) = fact else {
        panic!("{fact:?}")
    };
    assert_eq!(files.keys().collect::<Vec<_>>(), expect);
}

#[test]
fn files_are_hashed_and_their_mode_is_told() {
    let folder = Folder::new(&[
        ("run.sh", "echo\n"),
        ("big.bin", "version https://git-lfs.github.com/spec/v1\noid"),
    ]);
    fs::set_permissions(
        folder.path().join("run.sh"),
        fs::Permissions::from_mode(0o744),
    )
    .unwrap();
    let PathFact::File(file) = folder.fact("", "run.sh", &[], &[]) else {
        panic!()
    };
    let digest = "86b0c5a1e2b73b08fd54c727f4458649ed9fe3ad1b6e8ac9460c070113509a1e";
    assert_eq!(file.digest.as_deref(), Some(digest));
    assert_eq!(
        (file.size, file.executable, file.beginning.lfs_pointer),
        (5, true, false)
    );
    let PathFact::File(file) = folder.fact("", "big.bin", &[], &[]) else {
        panic!()
    };
    assert_eq!((file.executable, file.beginning.lfs_pointer), (false, true));
}

#[test]
fn equal_bytes_have_equal_digests() {
    let folder = Folder::new(&[("a/x", "one"), ("a/y", "one"), ("a/z", "two")]);
    let PathFact::Folder(files) = folder.fact("", "a", &[], &[]) else {
        panic!()
    };
    assert_eq!(files["x"].digest, files["y"].digest);
    assert_ne!(files["x"].digest, files["z"].digest);
}

#[test]
fn patterns_choose_files_and_what_lies_in_folders() {
    let all = [
        ("p/pyproject.toml", ""),
        ("p/src/a.py", ""),
        ("p/src/b/c.py", ""),
        ("p/src/b/c.txt", ""),
        ("p/x", ""),
    ];
    let folder = Folder::new(&all);
    check_names(
        folder.fact("", "p", &[], &[]),
        &[
            "pyproject.toml",
            "src/a.py",
            "src/b/c.py",
            "src/b/c.txt",
            "x",
        ],
    );
    check_names(
        folder.fact("", "p", &["pyproject.toml", "src"], &[]),
        &["pyproject.toml", "src/a.py", "src/b/c.py", "src/b/c.txt"],
    );
    check_names(
        folder.fact("", "p", &["**/*.py"], &["src/b"]),
        &["src/a.py"],
    );
    check_names(
        folder.fact("", "", &["p/src/b/*.py"], &[]),
        &["p/src/b/c.py"],
    );
    check_names(
        folder.fact("", "p", &[], &["**", "!src/b/*.txt"]),
        &["src/b/c.txt"],
    );
    check_names(folder.fact("", "p", &["nothing"], &[]), &[]);
}

#[test]
fn what_is_ignored_is_not_there() {
    let folder = Folder::new(&[
        ("a/keep.md", ""),
        ("a/b.md", ""),
        ("a/c.py", ""),
        ("d/e", ""),
    ]);
    check_names(
        folder.fact("**/*.md\n!**/keep.md\n", "a", &[], &[]),
        &["c.py", "keep.md"],
    );
    check_names(folder.fact("*\n!a/c.py\n", "a", &[], &[]), &["c.py"]);
    check_names(folder.fact("*\n!a/c.py\n", "", &[], &[]), &["a/c.py"]);
    let ignored = |line: &str| PathFact::Ignored(line.to_owned());
    assert_eq!(
        folder.fact("d\n", "d", &[], &[]),
        ignored("`d`, line 1 of .dockerignore")
    );
    assert_eq!(
        folder.fact("\n*/*.md\n", "a/b.md", &[], &[]),
        ignored("`*/*.md`, line 2 of .dockerignore")
    );
    assert_eq!(
        folder.fact("d\n", "d/e", &[], &[]),
        ignored("`d`, line 1 of .dockerignore")
    );
    assert_eq!(
        folder.text("d", "d/e"),
        Err("it is left out of the context by `d`, line 1 of .dockerignore".to_owned())
    );
}

#[test]
fn what_is_missing_is_told_with_similar_names() {
    let folder = Folder::new(&[
        ("src/server.py", ""),
        ("src/servers.py", ""),
        ("src/zebra", ""),
    ]);
    let missing =
        |names: &[&str]| PathFact::Missing(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(
        folder.fact("", "src/sever.py", &[], &[]),
        missing(&["src/server.py", "src/servers.py"])
    );
    assert_eq!(
        folder.fact("", "scr/server.py", &[], &[]),
        missing(&["src"])
    );
    assert_eq!(folder.fact("", "src/zebra/x", &[], &[]), missing(&[]));
    assert_eq!(
        folder.text("", "srx"),
        Err("it does not exist; did you mean `src`?".to_owned())
    );
}

#[test]
fn links_are_followed_within_the_context_only() {
    let folder = Folder::new(&[("real/a", "one"), ("b", "two")])
        .link("out", "../elsewhere")
        .link("root", "/etc")
        .link("dir", "real")
        .link("real/up", "../b")
        .link("loop", "loop");
    let escapes = |target: &str| PathFact::Escapes(target.to_owned());
    assert_eq!(folder.fact("", "out", &[], &[]), escapes("../elsewhere"));
    assert_eq!(folder.fact("", "root/passwd", &[], &[]), escapes("/etc"));
    assert!(matches!(
        folder.fact("", "loop", &[], &[]),
        PathFact::Unreadable(_)
    ));
    let PathFact::File(file) = folder.fact("", "dir/up", &[], &[]) else {
        panic!()
    };
    assert_eq!((file.size, file.link), (3, None));
    let PathFact::Folder(files) = folder.fact("", "dir", &[], &[]) else {
        panic!()
    };
    assert_eq!(files["up"].link.as_deref(), Some("../b"));
    assert!(files["a"].digest.is_some() && files["up"].digest.is_some());
}

#[test]
fn texts_are_utf8() {
    let folder = Folder::new(&[("a", "ä\n")]);
    fs::write(folder.path().join("b"), b"ok\n\xff\n").unwrap();
    assert_eq!(folder.text("", "a").as_deref(), Ok("ä\n"));
    assert!(folder.text("", "b").unwrap_err().contains("line 2"));
    assert_eq!(folder.text("", ""), Err("it is a folder".to_owned()));
}

#[test]
fn all_files_of_a_folder_are_hashed() {
    let folder = Folder::new(&[("a/b.txt", "b"), ("c", "")]).link("link", "c");
    let hashed = digests(folder.path()).unwrap();
    let paths: Vec<&str> = hashed.keys().map(String::as_str).collect();
    assert_eq!(paths, ["a/b.txt", "c"]);
    assert!(hashed["c"].starts_with("e3b0c44298fc1c14"), "{hashed:?}");
}
