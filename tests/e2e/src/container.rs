//! Containers of images that were built, run by BuildKit itself.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{Engine, Registry, Running};

/// An image in the registry that can be run.
#[derive(Clone, Debug)]
pub struct Container<'a> {
    engine: &'a Engine,
    reference: String,
    /// The image's configuration.
    pub config: Value,
}

impl<'a> Container<'a> {
    /// Of the image with this tag.
    pub fn of(engine: &'a Engine, repository: &str, tag: &str) -> Result<Self> {
        let registry = Registry::of(engine)?;
        let digest = registry.digest(repository, tag)?;
        let config = registry.config(repository, &digest)?;
        Ok(Self {
            engine,
            reference: format!("{}/{repository}@{digest}", engine.registry()?),
            config,
        })
    }

    /// What `docker run IMAGE COMMAND` would write to stdout. The image's user, environment and working directory are
    /// those of the step; its entry point comes first, and its default command where none is given.
    pub fn run(&self, command: &[String]) -> Result<String> {
        let entrypoint = words(&self.config["config"]["Entrypoint"]);
        let command = if command.is_empty() {
            words(&self.config["config"]["Cmd"])
        } else {
            command.to_vec()
        };
        let argv = serde_json::to_string(&[entrypoint, command].concat())?;

        let folder = tempfile::tempdir()?;
        let dockerfile: PathBuf = folder.path().join("Dockerfile");
        fs::write(
            &dockerfile,
            format!("FROM {}\nRUN {argv}\n", self.reference),
        )?;
        let mut buildx = self.engine.buildx();
        buildx
            .args(["build", "--no-cache", "--progress", "rawjson", "-f"])
            .arg(dockerfile)
            .arg(folder.path());
        let outcome = Running::start(vec![(buildx, None)])?.finish()?;
        Ok(outcome
            .succeeded()
            .with_context(|| format!("running {argv} in {}", self.reference))?
            .stdout)
    }
}

fn words(value: &Value) -> Vec<String> {
    let words = value.as_array().into_iter().flatten();
    words.filter_map(Value::as_str).map(str::to_owned).collect()
}
