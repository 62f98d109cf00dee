//! A service whose environment of conda is locked, built and run.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::{Build, Container, Door, Engine, Outcome, Workspace, mark};

/// A workspace with the service `web`, which has the conda stage `env` of `packages.yaml`.
pub struct Site {
    /// Where it is built.
    pub engine: Engine,
    /// Its files.
    pub workspace: Workspace,
    repository: String,
}

impl Site {
    /// With an environment file that is still that of another example.
    ///
    /// # Errors
    /// No engine is given, or a file cannot be written.
    pub fn new() -> Result<Self> {
        let site = Self {
            engine: Engine::given()?,
            workspace: Workspace::of_example("hello")?,
            repository: mark(),
        };
        site.file("")?;
        Ok(site)
    }

    /// Writes layercake.yaml, with more keys of its conda stage.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn file(&self, more: &str) -> Result<()> {
        let project = &self.repository;
        let file = format!(
            r#"# syntax=docker.io/layercake/frontend:0.1
project: {project}
bases: {{ debian: "debian:bookworm-slim" }}
stages:
  env: {{ conda: {{ spec: packages.yaml, prefix: /opt/conda{more} }} }}
services:
  web: {{ base: debian, stages: [env] }}
"#
        );
        self.workspace.write("layercake.yaml", &file)
    }

    /// Writes the environment file: what is asked of conda's channels, and of pip.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn ask<S: AsRef<str>>(&self, channels: &[&str], conda: &[S], pip: &[&str]) -> Result<()> {
        let mut lines: Vec<_> = conda
            .iter()
            .map(|spec| format!("  - {}\n", spec.as_ref()))
            .collect();
        if !pip.is_empty() {
            lines.push("  - pip:\n".into());
            lines.extend(pip.iter().map(|spec| format!("      - {spec}\n")));
        }
        let lines = lines.concat();
        let text = format!("channels: {channels:?}\ndependencies:\n{lines}");
        self.workspace.write("packages.yaml", &text)
    }

    /// What a `layercake` command ended with, and wrote for people.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn layercake(
        &self,
        arguments: &[&str],
        variables: &[(&str, String)],
    ) -> Result<(Option<i32>, String)> {
        let mut command = self.engine.layercake()?;
        let variables = variables.iter().map(|(name, value)| (name, value));
        command.envs(variables).args(arguments);
        let output = command.current_dir(self.workspace.root()).output()?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok((output.status.code(), text))
    }

    /// Locks, and returns what was told.
    ///
    /// # Errors
    /// `layercake lock` failed.
    pub fn lock(&self, flags: &[&str], variables: &[(&str, String)]) -> Result<String> {
        let (code, text) = self.layercake(&[&["lock"], flags].concat(), variables)?;
        ensure!(code == Some(0), "{text}");
        Ok(text)
    }

    /// Builds and pushes.
    ///
    /// # Errors
    /// The build failed.
    pub fn build(&self, door: Door, flags: &[String]) -> Result<Outcome> {
        let image = format!("{}/{}:test", self.engine.registry()?, self.repository);
        let output = format!("type=image,name={image},push=true");
        let flags = [&["--output".to_owned(), output], flags].concat();
        let build = Build::new(door, &self.engine, &self.workspace, &["web"]);
        build.flags(&flags).run()?.succeeded()
    }

    /// What a command prints in a container of the image.
    ///
    /// # Errors
    /// It failed, or there is no image.
    pub fn run(&self, command: &[&str]) -> Result<String> {
        let container = Container::of(&self.engine, &self.repository, "test")?;
        let command: Vec<String> = command.iter().map(|word| (*word).into()).collect();
        container.run(&command)
    }

    /// The parts of the environment that a build ran.
    pub fn ran(outcome: &Outcome) -> BTreeSet<&str> {
        let ran = outcome.ran().into_iter();
        ran.filter(|stage| stage.starts_with("env")).collect()
    }
}
