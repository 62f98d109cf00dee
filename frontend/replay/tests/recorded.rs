//! The recorded history of a real repository, replayed under Dockerfiles in the order that its guide describes.
//!
//! The record has paths and the ids of their contents, so the Dockerfiles are ours and stay the same throughout: what
//! is counted is what the files alone cost. docs/replay.md tells the counts that are expected and where from.

#![allow(clippy::unwrap_used, reason = "a test fails where it does not hold")]

use std::collections::BTreeMap;
use std::fmt::Write;

use layercake_replay::dockerfile::{Follow, steps};
use layercake_replay::{Cache, Content, Entry, Files, Kind, Memory, Tally};
use serde_json::Value;

/// What the repository's own ignore file leaves out of what the record has.
const IGNORE: &str = "**/tests\n";

/// The files of one commit.
#[derive(Clone, Default)]
struct Recorded(BTreeMap<String, (String, bool)>);

impl Files for Recorded {
    fn list(&self, folder: &str) -> Result<Vec<Entry>, String> {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let mut entries: Vec<Entry> = Vec::new();
        for (path, (id, executable)) in self.0.range(prefix.clone()..) {
            let Some(rest) = path.strip_prefix(&prefix) else {
                break;
            };
            let (name, kind, id) = match rest.split_once('/') {
                Some((name, _)) => (name, Kind::Folder, String::new()),
                None => (
                    rest,
                    Kind::File {
                        executable: *executable,
                    },
                    id.clone(),
                ),
            };
            if entries.last().is_none_or(|last| last.name != name) {
                entries.push(Entry {
                    name: name.to_owned(),
                    kind,
                    id,
                });
            }
        }
        Ok(entries)
    }
}

/// The commits from one to the other, both included, by the starts of their ids.
fn history(from: &str, to: &str) -> Vec<Recorded> {
    let record: Value = serde_json::from_str(include_str!("data/clx-history.json")).unwrap();
    let (mut files, mut history, mut inside) = (Recorded::default(), Vec::new(), false);
    for commit in record["commits"].as_array().unwrap() {
        for change in commit["changed"].as_array().unwrap() {
            let path = change[0].as_str().unwrap().to_owned();
            match change[1].as_str() {
                Some(id) => files.0.insert(path, (id.to_owned(), change[2] == "100755")),
                None => files.0.remove(&path),
            };
        }
        let id = commit["commit"].as_str().unwrap();
        inside |= id.starts_with(from);
        if inside {
            history.push(files.clone());
        }
        if id.starts_with(to) {
            break;
        }
    }
    history
}

/// How often each command ran again.
fn reruns(dockerfile: &str, ignore: &str, history: &[Recorded], cache: Cache) -> String {
    let (mut memory, mut tally, mut follow) =
        (Memory::default(), Tally::new(cache), Follow::default());
    for files in history {
        let mut content = Content::new(files, ignore, &mut memory).unwrap();
        let steps = steps(dockerfile, &BTreeMap::new(), &mut content).unwrap();
        let rows = follow.rows(&steps, &mut tally);
        let keys = steps.iter().map(|step| step.key);
        tally.build(&rows.into_iter().zip(keys).collect::<Vec<_>>());
    }
    let mut told = String::new();
    for row in tally.rows() {
        if let Some(command) = row
            .name
            .strip_prefix("RUN ")
            .filter(|name| !name.starts_with("mkdir"))
        {
            write!(told, "{command} {}, ", row.reruns).unwrap();
        }
    }
    told
}

#[track_caller]
fn check(dockerfile: &str, expect: &str) {
    let history = history("91726332", "5768a800");
    assert_eq!(history.len(), 47);
    let told = reruns(dockerfile, IGNORE, &history, Cache::Last);
    assert_eq!(told.trim_end_matches(", "), expect);
}

#[test]
fn the_notebook_processor_runs_what_was_counted() {
    check(
        include_str!("data/guide/notebook-processor.Dockerfile"),
        "conda 2, apt 2, dotnet-sdk 2, dotnet-interactive 2, deno 2, ijava 2, pip-base 2, clx-common 15, service 15",
    );
}

#[test]
fn the_drawio_converter_runs_what_was_counted() {
    check(
        include_str!("data/guide/drawio-converter.Dockerfile"),
        "apt 0, pip-base 0, clx-common 12, service 12",
    );
}

#[test]
fn the_plantuml_converter_runs_what_was_counted() {
    check(
        include_str!("data/guide/plantuml-converter.Dockerfile"),
        "apt 0, pip-base 0, clx-common 14, service 14",
    );
}

#[test]
fn what_is_not_ignored_costs_runs() {
    let history = history("91726332", "5768a800");
    let service = |dockerfile: &str| {
        let told = reruns(dockerfile, "", &history, Cache::All);
        let service = told.trim_end_matches(", ").rsplit(' ').next().unwrap();
        service.to_owned()
    };
    let counts = [
        include_str!("data/guide/notebook-processor.Dockerfile"),
        include_str!("data/guide/drawio-converter.Dockerfile"),
        include_str!("data/guide/plantuml-converter.Dockerfile"),
    ]
    .map(service);
    assert_eq!(counts, ["18", "14", "16"]);
}
