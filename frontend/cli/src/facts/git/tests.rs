use gix::objs::tree::EntryKind::{Blob, BlobExecutable, Link};
use layercake_planner::facts::{Facts, Needs, PathFact, PathNeed};

use super::made_up::Repository;
use super::*;
use crate::facts::Context;

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
                       oid sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\nsize 3\n";

async fn fact(history: &History, revision: &str, path: &str) -> PathFact {
    let commit = history.commit(revision).unwrap();
    let tree = history.tree(&commit).unwrap();
    let ignore = tree.ignore_file("layercake.yaml").unwrap();
    let mut facts = Facts::default();
    let need = PathNeed {
        path: path.into(),
        include: Vec::new(),
        exclude: Vec::new(),
    };
    let needs = Needs {
        paths: [need.clone()].into(),
        ..Needs::default()
    };
    Context { tree, ignore }
        .learn(&needs, &mut facts)
        .await
        .unwrap();
    facts.paths.remove(&need).unwrap()
}

#[tokio::test]
async fn a_commit_is_seen_as_its_checkout_would_be() {
    let mut repository = Repository::new();
    repository.commit(
        "Begin",
        &[
            ("app/run.sh", "echo\n", BlobExecutable),
            ("app/note.md", "x", Blob),
            ("app/up", "run.sh", Link),
            ("app/deep/a", "1", Blob),
            (".dockerignore", "**/*.md\n", Blob),
        ],
    );
    let history = History::open(repository.path()).unwrap();
    let PathFact::Folder(files) = fact(&history, "HEAD", "app").await else {
        panic!()
    };
    assert_eq!(files.keys().collect::<Vec<_>>(), ["deep/a", "run.sh", "up"]);
    assert!(files["run.sh"].executable && !files["deep/a"].executable);
    assert_eq!(files["up"].link.as_deref(), Some("run.sh"));
    let digest = "86b0c5a1e2b73b08fd54c727f4458649ed9fe3ad1b6e8ac9460c070113509a1e";
    assert_eq!(files["run.sh"].digest.as_deref(), Some(digest));
    assert!(matches!(
        fact(&history, "HEAD", "app/note.md").await,
        PathFact::Ignored(_)
    ));
    assert!(
        matches!(fact(&history, "HEAD", "apq").await, PathFact::Missing(near) if near == ["app"])
    );
}

#[tokio::test]
async fn a_pointer_is_the_file_that_it_stands_for() {
    let mut repository = Repository::new();
    repository.commit("Pointer", &[("big", POINTER, Blob)]);
    repository.commit("File", &[("big", "foo", Blob)]);
    let history = History::open(repository.path()).unwrap();
    let pointer = fact(&history, "HEAD~1", "big").await;
    assert_eq!(pointer, fact(&history, "HEAD", "big").await);
    assert!(
        matches!(pointer, PathFact::File(file) if file.size == 3 && !file.beginning.lfs_pointer)
    );
}

#[test]
fn the_line_goes_back_to_the_first_commit() {
    let mut repository = Repository::new();
    let first = repository.commit("First\n\nbody", &[("a", "1", Blob)]);
    let second = repository.commit("Second", &[("a", "2", Blob)]);
    let history = History::open(repository.path()).unwrap();
    let head = history.commit("HEAD").unwrap();
    let line: Vec<_> = history.line(&head).map(Result::unwrap).collect();
    assert_eq!(
        line.iter().map(|commit| commit.id).collect::<Vec<_>>(),
        [second, first]
    );
    assert_eq!(
        (line[1].subject.as_str(), line[1].seconds),
        ("First", 1_700_000_000)
    );
    assert!(
        history
            .commit("nothing")
            .unwrap_err()
            .to_string()
            .contains("`nothing`")
    );
}

#[test]
fn a_folder_of_the_repository_is_a_root_of_its_own() {
    let mut repository = Repository::new();
    repository.commit("Before", &[("x", "1", Blob)]);
    repository.commit("After", &[("part/a", "1", Blob)]);
    fs::create_dir(repository.path().join("part")).unwrap();
    let history = History::open(&repository.path().join("part")).unwrap();
    let at = |revision| history.tree(&history.commit(revision).unwrap()).unwrap();
    assert_eq!(at("HEAD").text("a").unwrap().as_deref(), Some("1"));
    assert!(at("HEAD~1").list("").unwrap().is_empty());
    assert_eq!(at("HEAD~1").text("x").unwrap(), None);
}

#[test]
fn only_pointers_are_pointers() {
    let oid = |text: &str| lfs::Pointer::parse(text.as_bytes()).map(|pointer| pointer.size);
    assert_eq!(oid(POINTER), Some(3));
    assert_eq!(oid(&POINTER.replace("sha256:2c", "sha256:")), None);
    assert_eq!(oid(&POINTER.replace("size 3", "size x")), None);
    assert_eq!(oid("version 2"), None);
}
