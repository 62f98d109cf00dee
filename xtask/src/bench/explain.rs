//! `cargo xtask bench explain`: what it takes to say what a build will do, on the daemon of the environment.
//!
//! examples/clx is built once and then edited. The generated file is too large to build: it is given records as if it
//! had been, without the digests of images, so that nearly every stage has changed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::generate;
use super::memory::{Usage, measure};
use super::project::Project;
use super::table::verdict;
use crate::step::{print, step};
use crate::{product, run, workspace};

/// The stages of the generated file.
const STAGES: usize = 10_000;

/// How often each is measured; the fastest counts, as all else is the machine's doing.
const TIMES: usize = 10;

/// One project: what `plan` takes, which hashes all files too, and what `explain` takes.
struct Row {
    name: &'static str,
    plan: Usage,
    explain: Usage,
    promise: Promise,
}

/// What is promised, in seconds.
#[derive(Clone, Copy)]
enum Promise {
    /// All of `explain` takes less.
    Whole(f64),
    /// What it takes beyond `plan`, which hashes the files, is less.
    Beyond(f64),
}

/// Measures and prints. Without a binary the product is built.
pub fn explain(binary: Option<PathBuf>) -> Result<()> {
    product::example_assets()?;
    let program = Program {
        binary: product::given(binary)?,
        state: workspace::path("target/bench/explain/state"),
    };
    let _ = fs::remove_dir_all(&program.state); // What another run kept would count.
    let clx = program.clx()?;
    let large = program.large()?;
    print(&report(&[
        program.row("examples/clx", &clx, Promise::Beyond(0.05))?,
        program.row("10,000 stages", &large, Promise::Whole(1.0))?,
    ]))
}

struct Program {
    binary: PathBuf,
    state: PathBuf,
}

impl Program {
    fn run(&self, command: &str, folder: &Path) -> Command {
        let mut program = Command::new(&self.binary);
        program.arg(command).arg("-C").arg(folder);
        program.env("XDG_STATE_HOME", &self.state);
        program
    }

    /// The example, built and edited.
    fn clx(&self) -> Result<PathBuf> {
        let project = Project::copy("explain")?;
        step("Build examples/clx", || {
            let mut build = self.run("build", project.root());
            run::output(build.args(["--progress", "quiet", "--expensive", "allow"]))
        })?;
        project.edit_source(1)?;
        Ok(project.root().to_owned())
    }

    /// The generated file, with records.
    fn large(&self) -> Result<PathBuf> {
        let folder = workspace::path("target/bench/explain/large");
        generate::project(&folder, STAGES)?;
        let plan = run::output(self.run("plan", &folder).args(["--format", "json"]))?;
        let address = env::var("BUILDKIT_HOST")
            .context("no daemon is named; run `eval \"$(cargo xtask engine env)\"` before")?;
        let (name, records) = records(&serde_json::from_str(&plan)?, &address)?;
        let state = self.state.join("layercake");
        fs::create_dir_all(&state)?;
        fs::write(state.join(name), records.to_string())?;
        Ok(folder)
    }

    fn row(&self, name: &'static str, folder: &Path, promise: Promise) -> Result<Row> {
        let best = |command: &str| -> Result<Usage> {
            let mut best = measure(&mut self.run(command, folder))?;
            for _ in 1..TIMES {
                let usage = measure(&mut self.run(command, folder))?;
                if usage.seconds < best.seconds {
                    best = usage;
                }
            }
            Ok(best)
        };
        Ok(Row {
            name,
            plan: best("plan")?,
            explain: best("explain")?,
            promise,
        })
    }
}

impl Row {
    fn verdict(&self) -> String {
        let (took, most, what) = match self.promise {
            Promise::Whole(most) => (self.explain.seconds, most, ""),
            Promise::Beyond(most) => {
                let beyond = self.explain.seconds - self.plan.seconds;
                (beyond, most, " beyond its plan, which hashes its files")
            }
        };
        let limit = most * 1000.0;
        let promise = format!("{} is explained in under {limit:.0} ms{what}", self.name);
        verdict(took < most, &promise)
    }
}

/// What a build of a plan would keep, and the name of its file (docs/explain.md).
fn records(plan: &Value, address: &str) -> Result<(String, Value)> {
    let project = plan["project"].as_str().context("the plan has a project")?;
    let stages = plan["stages"].as_array().context("the plan has stages")?;
    let (mut kept, mut records, mut seen) = (Map::new(), Map::new(), Map::new());
    for stage in stages {
        let digest = stage["key"]["digest"]
            .as_str()
            .context("a stage has a key")?;
        let id = stage["id"].as_str().context("a stage has a name")?;
        let took = json!({"key": digest, "state": "ran", "seconds": 1.0, "bytes": 1});
        kept.insert(id.to_owned(), took);
        records.insert(digest.to_owned(), stage["key"]["record"].clone());
        seen.insert(digest.to_owned(), 1.into());
    }
    let services = plan["services"]
        .as_array()
        .context("the plan has services")?;
    let services: Vec<_> = services.iter().map(|service| &service["name"]).collect();
    let build = json!({
        "at": 0, "succeeded": true, "platform": plan["platform"], "services": services, "stages": kept,
    });
    let mut hash = Sha256::new();
    for part in [project, address] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let name = format!("{project}-{}.json", &hex::encode(hash.finalize())[..16]);
    let records = json!({
        "version": 1, "project": project, "address": address, "builds": [build], "records": records,
        "seen": seen, "count": 1, "costs": {},
    });
    Ok((name, records))
}

fn report(rows: &[Row]) -> String {
    let mut lines = vec![format!(
        "{:<16} {:>14} {:>14} {:>12}",
        "milliseconds", "plan", "explain", "megabytes"
    )];
    lines.extend(rows.iter().map(|row| {
        format!(
            "{:<16} {:>14.1} {:>14.1} {:>12}",
            row.name,
            row.plan.seconds * 1000.0,
            row.explain.seconds * 1000.0,
            row.explain.memory / 1_000_000
        )
    }));
    lines.push(String::new());
    lines.extend(rows.iter().map(Row::verdict));
    lines.into_iter().map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_are_judged() {
        let usage = |seconds| Usage {
            seconds,
            memory: 9_000_000,
        };
        let row = |name, seconds, promise| Row {
            name,
            plan: usage(0.04),
            explain: usage(seconds),
            promise,
        };
        let text = report(&[
            row("a", 0.08, Promise::Beyond(0.05)),
            row("b", 0.1, Promise::Beyond(0.05)),
            row("c", 0.9, Promise::Whole(1.0)),
            row("d", 1.5, Promise::Whole(1.0)),
        ]);
        assert!(
            text.contains("PASS  a is explained in under 50 ms beyond"),
            "{text}"
        );
        assert!(text.contains("FAIL  b"), "{text}");
        assert!(
            text.contains("PASS  c is explained in under 1000 ms\n"),
            "{text}"
        );
        assert!(text.contains("FAIL  d"), "{text}");
    }

    #[test]
    fn records_are_those_of_the_plan() {
        let stage = json!({"id": "a@b", "key": {"digest": "d", "record": {"kind": "run"}}});
        let plan = json!({"project": "p", "platform": "linux/amd64", "services": [{"name": "s"}], "stages": [stage]});
        let (name, kept) = records(&plan, "unix:///x").unwrap();
        assert_eq!((name.len(), &name[..2], &name[18..]), (23, "p-", ".json"));
        assert_eq!(kept["builds"][0]["stages"]["a@b"]["key"], "d");
        assert_eq!(kept["records"]["d"]["kind"], "run");
        assert_eq!(kept["builds"][0]["services"], json!(["s"]));
    }
}
