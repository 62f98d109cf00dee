//! Every example: its stages, its images, and what runs after its edits, as its `expect.toml` says.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{Build, Clx, Container, Door, Engine, Expectations, Workspace, mark};
use serde_json::Value;

use crate::table::all;

#[test]
fn hello() -> Result<()> {
    check("hello")
}

#[test]
fn multi_stage() -> Result<()> {
    check("multi-stage")
}

#[test]
fn apt_join() -> Result<()> {
    check("apt-join")
}

/// Its images are run elsewhere.
#[test]
fn clx() -> Result<()> {
    let clx = Clx::warm()?;
    Example::new(clx.engine, clx.workspace)?.check_plan_and_edits()
}

fn check(name: &str) -> Result<()> {
    let example = Example::new(Engine::given()?, Workspace::of_example(name)?)?;
    for door in Door::ALL {
        example.build(door).run()?.succeeded()?;
    }
    example.check_plan_and_edits()?;
    Door::ALL
        .into_iter()
        .try_for_each(|door| example.check_images(door))
}

struct Example {
    engine: Engine,
    workspace: Workspace,
    expectations: Expectations,
}

impl Example {
    fn new(engine: Engine, workspace: Workspace) -> Result<Self> {
        let expectations = Expectations::read(&workspace.root())?;
        Ok(Self {
            engine,
            workspace,
            expectations,
        })
    }

    fn build(&self, door: Door) -> Build<'_> {
        let services: Vec<_> = self
            .expectations
            .services
            .keys()
            .map(String::as_str)
            .collect();
        Build::new(door, &self.engine, &self.workspace, &services)
    }

    fn check_plan_and_edits(&self) -> Result<()> {
        self.check_stages()?;
        let edits = self.expectations.edits.iter().enumerate();
        all(edits.map(|(index, edit)| (edit.file.clone(), self.check_edit(index))))
    }

    /// The stages of each service.
    fn check_stages(&self) -> Result<()> {
        let plan = self
            .engine
            .layercake()?
            .args(["plan", "--format", "json"])
            .current_dir(self.workspace.root())
            .output()?;
        let plan: Value = serde_json::from_slice(&plan.stdout).context("a plan is JSON")?;
        for (name, service) in &self.expectations.services {
            let mut planned = plan["services"]
                .as_array()
                .context("a plan has services")?
                .iter();
            let planned = planned
                .find(|planned| planned["name"] == *name)
                .with_context(|| format!("no {name}"))?;
            let layers = planned["layers"]
                .as_array()
                .context("a service has layers")?;
            let layers: BTreeSet<_> = layers
                .iter()
                .filter_map(Value::as_str)
                .map(in_file)
                .collect();
            ensure!(
                layers == service.stages.iter().map(String::as_str).collect(),
                "{name} has {layers:?}"
            );
        }
        Ok(())
    }

    /// What runs after an edit. One that is new at each time is made for both doors; of the others, which end in the
    /// same keys, the second door finds what the first has built.
    fn check_edit(&self, index: usize) -> Result<()> {
        let edit = &self.expectations.edits[index];
        let [first, second] = if index.is_multiple_of(2) {
            [Door::Cli, Door::Buildx]
        } else {
            [Door::Buildx, Door::Cli]
        };
        let runs: BTreeSet<_> = edit.runs.iter().map(String::as_str).collect();
        self.workspace.reset()?;
        edit.make(&self.workspace, &mark())?;
        let ran = self.build(first).run()?.succeeded()?;
        ensure!(
            ran.ran_in_file() == runs,
            "{first:?} ran {:?}, not {runs:?}",
            ran.ran()
        );
        if edit.is_marked() {
            self.workspace.reset()?;
            edit.make(&self.workspace, &mark())?;
        }
        let ran = self.build(second).run()?.succeeded()?;
        let runs = if edit.is_marked() {
            runs
        } else {
            BTreeSet::new()
        };
        ensure!(
            ran.ran_in_file() == runs,
            "{second:?} ran {:?}, not {runs:?}",
            ran.ran()
        );
        Ok(())
    }

    /// What the images do.
    fn check_images(&self, door: Door) -> Result<()> {
        self.workspace.reset()?;
        let folder = mark();
        let tag = format!("{}/{folder}/{{service}}:checked", self.engine.registry()?);
        // The file's own tags belong to a registry that is not there.
        let output = format!("type=image,push=true,name={tag}");
        let flags = match door {
            Door::Cli => vec!["--output", &output],
            Door::Buildx => vec!["--push", "--tag", &tag],
        };
        self.build(door).flags(&flags).run()?.succeeded()?;
        for (name, service) in &self.expectations.services {
            let container = Container::of(&self.engine, &format!("{folder}/{name}"), "checked")?;
            for check in &service.checks {
                let stdout = container.run(&check.command)?;
                ensure!(
                    stdout.contains(&check.stdout),
                    "{name} {:?} wrote:\n{stdout}",
                    check.command
                );
            }
        }
        Ok(())
    }
}

/// A stage's name in the file; a service's `finish` is none of its stages.
fn in_file(stage: &str) -> &str {
    stage.split_once('@').map_or(stage, |(name, _)| name)
}
