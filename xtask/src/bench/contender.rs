//! The two ways to build the services.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::progress::steps_that_ran;
use super::project::Project;
use crate::engine::Engine;

/// One way to build, with its own copy of the project.
pub struct Contender {
    /// What it is called in the table.
    pub name: &'static str,
    /// Its copy of the project.
    pub project: Project,
    program: Program,
}

enum Program {
    Layercake(PathBuf),
    Bake,
}

/// What one build took.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Wall-clock time, from the start of the client to its end.
    pub seconds: f64,
    /// The steps that ran.
    pub ran: Vec<String>,
}

impl Contender {
    /// `layercake build`.
    pub fn layercake(binary: PathBuf) -> Result<Self> {
        let project = Project::copy("layercake")?;
        Ok(Self {
            name: "layercake",
            project,
            program: Program::Layercake(binary),
        })
    }

    /// `docker buildx bake`.
    pub fn bake() -> Result<Self> {
        Ok(Self {
            name: "bake",
            project: Project::copy("bake")?,
            program: Program::Bake,
        })
    }

    /// Builds all services; neither way exports anything.
    pub fn build(&self, engine: &Engine) -> Result<Sample> {
        let mut command = self.command();
        command
            .args(["--progress", "rawjson"])
            .current_dir(self.project.root());
        command.envs(engine.env()?).stdin(Stdio::null());
        let start = Instant::now();
        let output = command
            .output()
            .with_context(|| format!("could not start {}", self.name))?;
        let seconds = start.elapsed().as_secs_f64();
        let progress = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            let told: Vec<_> = progress
                .lines()
                .filter(|line| !line.starts_with('{'))
                .collect();
            bail!(
                "{} failed ({}): {}",
                self.name,
                output.status,
                told.join("\n")
            );
        }
        Ok(Sample {
            seconds,
            ran: steps_that_ran(&progress)?,
        })
    }

    fn command(&self) -> Command {
        let (program, arguments): (_, &[&str]) = match &self.program {
            Program::Layercake(binary) => (binary.clone(), &["build", "--expensive=allow"]),
            Program::Bake => ("docker".into(), &["buildx", "bake"]),
        };
        let mut command = Command::new(program);
        command.args(arguments);
        command
    }
}
