use std::fs;

use layercake_planner::source::Source;

use super::*;
use crate::facts::ignore_file::IgnoreFile;
use crate::facts::local::LocalTree;
use crate::pipeline::{self, Given, NoImages, Scope};

const FILE: &str = "\
project: p
bases: { python: \"python:3.11-slim\" }
stages:
  app: { copy: { from: app, to: /app, include: [\"*.py\"] } }
  jar: { copy: { from: lib/x.jar, to: /x.jar } }
services:
  web: { base: python, stages: [app] }
  all: { base: python, stages: [app, jar] }
";

async fn surveyed(files: &[(&str, &str)], ignore: &str) -> Survey {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let ignore = IgnoreFile::parse(".dockerignore", ignore).unwrap();
    let mut context = Context {
        tree: LocalTree::new(folder.path()),
        ignore,
    };
    let source = Source {
        name: "layercake.yaml".into(),
        text: FILE.into(),
    };
    let scope = Scope::Services(Vec::new());
    let images = &mut NoImages;
    let planned = pipeline::plan(&source, &scope, Given::default(), &mut context, images)
        .await
        .unwrap();
    let (plan, _) = planned.accept(&source).unwrap();
    survey(&plan, &mut context).await.unwrap()
}

#[tokio::test]
async fn every_file_has_its_place() {
    let pointer = format!("{} and more", layercake_planner::facts::LFS_HEADER);
    let files = [
        ("app/a.py", "12345"),
        ("app/b.py", "12345"),
        ("app/note.txt", "67890abc"),
        ("lib/x.jar", "0123456789"),
        ("lib/y.jar", "012345678"),
        (".git/objects/1", "1234567"),
        (".git/HEAD", "1"),
        ("docs/a.md", "12"),
        ("docs/keep.md", "123"),
        ("big", &pointer),
    ];
    let survey = surveyed(&files, "# why\n.git\ndocs/*\n!docs/keep.md\n").await;
    insta::assert_snapshot!(text::render(&survey, 3), @r"
                    files  size
    the folder         10  99 B
    not ignored         7  89 B
    sent                4  28 B
    read by stages      3  20 B

    service  files  sent  read
    web          3  18 B  10 B
    all          4  28 B  20 B

    ignored by                         files  size
    `.git`, line 2 of .dockerignore        2   8 B
    `docs/*`, line 3 of .dockerignore      1   2 B

    largest files that are sent  size
    lib/x.jar                    10 B
    app/note.txt                  8 B
    app/a.py                      5 B
    and 1 more

    not ignored, and read by no stage  size
    big                                49 B
    lib/y.jar                           9 B
    app/note.txt                        8 B
    and 1 more

    the same bytes more than once  size
    app/a.py, app/b.py              5 B

    git-lfs pointers in place of files; run git lfs pull
    big
    ");
    let size = |files, bytes| Size { files, bytes };
    assert_eq!(
        survey.sent,
        size(4, 28),
        "a pattern's folder is sent, and a stage reads what matches"
    );
    assert_eq!(survey.read, size(3, 20));
    assert_eq!(survey.services[0].sent, size(3, 18));
    assert_eq!(survey.pointers, ["big"]);
    assert_eq!(
        survey.twice,
        [Twice {
            bytes: 5,
            paths: vec!["app/a.py".into(), "app/b.py".into()]
        }]
    );
}
