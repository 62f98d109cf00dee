//! Which change of a Dockerfile or of the files makes which steps run again.

#![allow(clippy::unwrap_used, reason = "a test fails where it does not hold")]

use std::collections::BTreeMap;

use layercake_replay::dockerfile::{DockerfileError, Step, steps};
use layercake_replay::{Content, Entry, Files, Kind, Memory};

/// Files with their contents; a `!` before a content makes the file executable.
struct Made(BTreeMap<&'static str, &'static str>);

impl Files for Made {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let mut entries: BTreeMap<&str, Entry> = BTreeMap::new();
        for (path, content) in &self.0 {
            let Some(rest) = path.strip_prefix(&prefix) else {
                continue;
            };
            let (name, kind, id) = if let Some((name, _)) = rest.split_once('/') {
                (name, Kind::Folder, "")
            } else {
                let executable = content.starts_with('!');
                (
                    rest,
                    Kind::File { executable },
                    content.trim_start_matches('!'),
                )
            };
            entries.entry(name).or_insert(Entry {
                name: name.to_owned(),
                kind,
                id: id.to_owned(),
            });
        }
        Ok(entries.into_values().collect())
    }
}

const FILES: [(&str, &str); 5] = [
    ("a.txt", "1"),
    ("b.txt", "1"),
    ("src/x.py", "1"),
    ("src/deep/y.py", "1"),
    ("src/note.md", "1"),
];

fn at(
    dockerfile: &str,
    files: &[(&'static str, &'static str)],
    ignore: &str,
    arguments: &[(&str, &str)],
) -> Result<Vec<Step>, DockerfileError> {
    let mut all: BTreeMap<_, _> = FILES.into();
    all.extend(
        files
            .iter()
            .copied()
            .filter(|(_, content)| !content.is_empty()),
    );
    for (path, _) in files.iter().filter(|(_, content)| content.is_empty()) {
        all.remove(path);
    }
    let made = Made(all);
    let mut memory = Memory::default();
    let mut content = Content::new(&made, ignore, &mut memory).unwrap();
    let arguments = arguments
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    steps(dockerfile, &arguments.collect(), &mut content)
}

/// The lines of the steps that differ.
fn differing(one: &[Step], other: &[Step]) -> Vec<usize> {
    assert_eq!(one.len(), other.len());
    let pairs = one
        .iter()
        .zip(other)
        .filter(|(one, other)| one.key != other.key);
    pairs.map(|(one, _)| one.line).collect()
}

const PLAIN: &str = "\
ARG TAG=1
FROM base:$TAG
ARG MODE
WORKDIR /app
COPY a.txt /a.txt
RUN one
ENV X=1
COPY src /src
RUN two \\
  # why
  three
LABEL version=1
";

#[track_caller]
fn edited(from: &str, to: &str, expect: &[usize]) {
    assert!(PLAIN.contains(from), "{from}");
    let one = at(PLAIN, &[], "", &[]).unwrap();
    let other = at(&PLAIN.replace(from, to), &[], "", &[]).unwrap();
    assert_eq!(differing(&one, &other), expect, "{from} -> {to}");
}

#[test]
fn what_is_below_a_changed_line_runs_again() {
    edited("TAG=1", "TAG=2", &[4, 5, 6, 8, 9]);
    edited("RUN one", "RUN 1", &[6, 8, 9]);
    edited("# why", "# because", &[]);
    edited("two \\", "two  \\", &[9]);
    edited("LABEL version=1", "LABEL version=2", &[]);
    edited("COPY a.txt /a.txt", "COPY a.txt /b.txt", &[5, 6, 8, 9]);
    edited("COPY a.txt", "COPY --chmod=600 a.txt", &[5, 6, 8, 9]);
    edited("COPY a.txt", "COPY ./a.txt", &[]);
    edited(
        "RUN one",
        "RUN --mount=type=cache,target=/c one",
        &[6, 8, 9],
    );
}

#[test]
fn variables_are_in_the_commands_below_them() {
    edited("ENV X=1", "ENV X=2", &[9]);
    edited("ARG MODE", "ARG MODE=1", &[6, 8, 9]);
    let one = at(PLAIN, &[], "", &[("MODE", "./x")]).unwrap();
    let other = at(PLAIN, &[], "", &[("MODE", "x")]).unwrap();
    assert_eq!(differing(&one, &other), [6, 8, 9], "used or not");
    let unused = at(PLAIN, &[], "", &[("OTHER", "x")]).unwrap();
    assert_eq!(
        differing(&at(PLAIN, &[], "", &[]).unwrap(), &unused),
        Vec::<usize>::new(),
        "but only if declared"
    );
}

#[track_caller]
fn changed(files: &[(&'static str, &'static str)], ignore: &str, expect: &[usize]) {
    let one = at(PLAIN, &[], ignore, &[]).unwrap();
    assert_eq!(
        differing(&one, &at(PLAIN, files, ignore, &[]).unwrap()),
        expect,
        "{files:?}"
    );
}

#[test]
fn files_count_where_they_are_copied() {
    changed(&[("a.txt", "2")], "", &[5, 6, 8, 9]);
    changed(&[("a.txt", "!1")], "", &[5, 6, 8, 9]);
    changed(&[("b.txt", "2")], "", &[]);
    changed(&[("src/deep/y.py", "2")], "", &[8, 9]);
    changed(&[("src/deep/new", "1")], "", &[8, 9]);
    changed(&[("src/note.md", "2")], "**/*.md\n", &[]);
    changed(&[("src/note.md", "2")], "src/*\n!src/note.md\n", &[8, 9]);
    changed(&[("src/x.py", "2")], "src/*\n!src/note.md\n", &[]);
}

#[test]
fn a_file_that_moves_with_its_name_is_the_same() {
    let other = PLAIN.replace("COPY a.txt /a.txt", "COPY moved/a.txt /a.txt");
    let one = at(PLAIN, &[], "", &[]).unwrap();
    let moved = at(&other, &[("a.txt", ""), ("moved/a.txt", "1")], "", &[]).unwrap();
    assert_eq!(differing(&one, &moved), Vec::<usize>::new());
}

#[test]
fn patterns_copy_what_they_match() {
    let text = "FROM a\nCOPY *.txt /x/\nCOPY src/*.py /y/\nCOPY none* /z/\n";
    let one = at(text, &[], "", &[]).unwrap();
    let differing = |files| differing(&one, &at(text, files, "", &[]).unwrap());
    assert_eq!(differing(&[("b.txt", "2")]), [2, 3, 4]);
    assert_eq!(differing(&[("src/x.py", "2")]), [3, 4]);
    assert_eq!(differing(&[("src/deep/y.py", "2")]), Vec::<usize>::new());
}

const STAGES: &str = "\
FROM base AS tools
COPY a.txt /
RUN tools
FROM base AS unused
RUN unused
FROM tools AS app
RUN app
FROM scratch
COPY --link b.txt /
COPY --from=app /x /x
RUN --mount=type=bind,source=src,target=/s last
";

#[test]
fn stages_depend_on_what_they_take() {
    let one = at(STAGES, &[], "", &[]).unwrap();
    assert_eq!(
        one.iter().map(|step| step.line).collect::<Vec<_>>(),
        [2, 3, 7, 9, 10, 11],
        "the unused is left"
    );
    let after = |files| differing(&one, &at(STAGES, files, "", &[]).unwrap());
    assert_eq!(after(&[("a.txt", "2")]), [2, 3, 7, 10, 11]);
    assert_eq!(after(&[("b.txt", "2")]), [9, 10, 11]);
    assert_eq!(after(&[("src/x.py", "2")]), [11]);
    let text = STAGES.replace("FROM scratch", "FROM other");
    let lines = differing(&one, &at(&text, &[], "", &[]).unwrap());
    assert_eq!(lines, [10, 11], "a linked copy stands on nothing");
}

#[test]
fn what_cannot_be_built_says_why() {
    let problem = |text: &str, ignore: &str| at(text, &[], ignore, &[]).unwrap_err().to_string();
    assert_eq!(
        problem("FROM a\nCOPY gone /x\n", ""),
        "line 2: `gone` is not in the context"
    );
    assert_eq!(
        problem("FROM a\nCOPY a.txt /x\n", "*.txt\n"),
        "line 2: `a.txt` is left out of the context by the ignore file"
    );
    assert_eq!(
        problem("FROM a\nCOPY --from=7 a /x\n", ""),
        "line 2: there is no stage `7` above it"
    );
    assert!(at("RUN x\n", &[], "", &[]).is_err());
    assert!(at("", &[], "", &[]).is_err());
}
