//! The doors through which people build.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{Engine, Outcome, Running, Workspace, mark};

/// A way to have services built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `layercake build`: all services in one session.
    Cli,
    /// `docker buildx build` with the frontend's image: one program a service, all at once.
    Buildx,
}

impl Door {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Cli, Self::Buildx];
}

/// A build to be started.
#[derive(Clone, Debug)]
pub struct Build<'a> {
    door: Door,
    engine: &'a Engine,
    workspace: &'a Workspace,
    services: Vec<String>,
    flags: Vec<String>,
    file: String,
    context: String,
    for_people: bool,
}

impl<'a> Build<'a> {
    /// A build of these services.
    pub fn new(
        door: Door,
        engine: &'a Engine,
        workspace: &'a Workspace,
        services: &[&str],
    ) -> Self {
        Self {
            door,
            engine,
            workspace,
            services: services
                .iter()
                .map(|service| (*service).to_owned())
                .collect(),
            flags: Vec::new(),
            file: "layercake.yaml".to_owned(),
            context: ".".to_owned(),
            for_people: false,
        }
    }

    /// Adds flags that both doors have; `{service}` in them is the service's name.
    #[must_use]
    pub fn flags<S: AsRef<str>>(mut self, flags: &[S]) -> Self {
        self.flags
            .extend(flags.iter().map(|flag| flag.as_ref().to_owned()));
        self
    }

    /// Names the context and the file in it otherwise, relative to the context.
    #[must_use]
    pub fn spelled(mut self, context: &str, file: &str) -> Self {
        context.clone_into(&mut self.context);
        file.clone_into(&mut self.file);
        self
    }

    /// Shows progress as lines for people; the outcome then knows no stages.
    #[must_use]
    pub fn for_people(mut self) -> Self {
        self.for_people = true;
        self
    }

    /// Builds and waits for the end.
    pub fn run(&self) -> Result<Outcome> {
        self.start()?.finish()
    }

    /// Starts building.
    pub fn start(&self) -> Result<Running> {
        match self.door {
            Door::Cli => Running::start(vec![self.cli()?]),
            Door::Buildx => Running::start(
                self.services
                    .iter()
                    .map(|service| (self.buildx(service), None))
                    .collect(),
            ),
        }
        .with_context(|| format!("through {:?}", self.door))
    }

    fn cli(&self) -> Result<(Command, Option<PathBuf>)> {
        let mut command = self.engine.layercake()?;
        command
            .arg("build")
            .args(&self.services)
            .args(["-C", &self.context, "-f", &self.file]);
        command
            .args(["--progress", self.progress()])
            .args(&self.flags)
            .current_dir(self.workspace.root());
        let report = (!self.for_people).then(|| self.workspace.beside(&mark()));
        if let Some(report) = &report {
            command.arg("--report").arg(report);
        }
        Ok((command, report))
    }

    fn buildx(&self, service: &str) -> Command {
        let mut command = self.engine.buildx();
        command.args([
            "build",
            "-f",
            &self.file,
            "--target",
            service,
            "--progress",
            self.progress(),
        ]);
        command.args(
            self.flags
                .iter()
                .map(|flag| flag.replace("{service}", service)),
        );
        command
            .arg(&self.context)
            .current_dir(self.workspace.root());
        command
    }

    fn progress(&self) -> &'static str {
        if self.for_people { "plain" } else { "rawjson" }
    }
}
