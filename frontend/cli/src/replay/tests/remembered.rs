//! What is taken over from one commit to the next is what the next would give itself.

use std::rc::Rc;

use gix::objs::tree::EntryKind::{self, Blob, BlobExecutable, Link};
use proptest::prelude::*;

use super::*;

/// A file, with its text; or nothing.
type What = Option<(&'static str, EntryKind)>;

/// What may stand at each path of a commit; nothing, to begin with.
const PATHS: [(&str, &[What]); 9] = [
    (
        "layercake.yaml",
        &[
            Some((FILE_TEXT, Blob)),
            Some((OTHER_TEXT, Blob)),
            Some(("project: [", Blob)),
            None,
        ],
    ),
    (
        "app/a",
        &[
            Some(("1", Blob)),
            Some(("1", BlobExecutable)),
            Some(("2", Blob)),
            None,
        ],
    ),
    ("app/b", &[Some(("1", Blob)), Some(("a", Link)), None]),
    ("app/deep/c", &[Some(("1", Blob)), Some(("2", Blob)), None]),
    ("apq", &[Some(("1", Blob)), None]),
    (
        ".dockerignore",
        &[
            Some(("app/deep\n", Blob)),
            Some(("**/b\n!app/deep\n", Blob)),
            None,
        ],
    ),
    (
        "services/web/Dockerfile",
        &[
            Some((DOCKERFILE, Blob)),
            Some((OTHER_DOCKERFILE, Blob)),
            None,
        ],
    ),
    ("web/Dockerfile", &[Some((OTHER_DOCKERFILE, Blob)), None]),
    ("README", &[Some(("1", Blob)), Some(("2", Blob))]),
];
const OTHER_TEXT: &str = "\
project: p
bases: { python: \"python:3.11-slim\" }
stages: { app: { copy: { from: app, to: /app, exclude: [deep] } } }
services:
  web: { base: python, stages: [app] }
";
const OTHER_DOCKERFILE: &str = "\
FROM python:3.11-slim
COPY app/[ab] app/deep* /app/
";

/// Looks at all commits in a row, and at each by itself.
fn check(repository: &Repository) {
    let settings = settings(repository, |_| {});
    let history = History::open(repository.path()).unwrap();
    let mut look = Look::new(&settings);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for commit in commits(&history, &settings).unwrap() {
        let tree = history.tree(&commit).unwrap();
        let remembered = runtime.block_on(look.at(&tree)).unwrap();
        let made = runtime.block_on(Look::new(&settings).at(&tree)).unwrap();
        assert_eq!(remembered, made);
    }
}

/// A folder that the steps of an earlier commit took is known, but it is looked at all the same.
#[test]
fn what_was_known_from_before_was_looked_at_too() {
    let mut repository = Repository::new();
    for (dockerfile, text) in [
        (DOCKERFILE, "1"),
        (OTHER_DOCKERFILE, "1"),
        (DOCKERFILE, "1"),
        (DOCKERFILE, "2"),
    ] {
        let files = [
            ("layercake.yaml", FILE_TEXT, Blob),
            ("app/a", text, Blob),
            ("web/Dockerfile", dockerfile, Blob),
        ];
        repository.commit("Edit", &files);
    }
    check(&repository);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    /// What is taken from the commit before is what the commit itself would give.
    #[test]
    fn what_is_remembered_is_what_would_be_made(
        edits in proptest::collection::vec((0..PATHS.len(), 0_usize..4), 1..16)
    ) {
        let mut repository = Repository::new();
        let mut at = [0; PATHS.len()];
        for (path, what) in edits {
            at[path] = what % PATHS[path].1.len();
            let files = PATHS.iter().zip(at).filter_map(|((path, kinds), at)| {
                kinds[at].map(|(text, kind)| (*path, text, kind))
            });
            repository.commit("Edit", &files.collect::<Vec<_>>());
        }
        check(&repository);
    }
}

#[tokio::test]
async fn what_nobody_reads_has_nothing_planned_again() {
    let repository = made_up();
    let settings = settings(&repository, |_| {});
    let history = History::open(repository.path()).unwrap();
    let mut look = Look::new(&settings);
    let mut builds = Vec::new();
    for revision in ["HEAD~6", "HEAD~5", "HEAD~4"] {
        let tree = history.tree(&history.commit(revision).unwrap()).unwrap();
        builds.push(look.at(&tree).await.unwrap().unwrap());
    }
    let [begin, readme, edit] = builds.as_slice() else {
        panic!()
    };
    assert!(Rc::ptr_eq(&begin.planned, &readme.planned));
    assert!(Rc::ptr_eq(
        &begin.dockerfiles["web"],
        &readme.dockerfiles["web"]
    ));
    assert!(!Rc::ptr_eq(&begin.planned, &edit.planned));
}
