//! What the engine remembers between two commands: ports and processes.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::external::External;
use super::layout::Layout;
use super::process::Process;

const FILE: &str = "state.json";

/// The content of `target/engine/state.json`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// The port of each service that listens on one, kept when the service stops:
    /// images and configurations name it.
    pub ports: BTreeMap<String, u16>,
    /// The engine that takes the place of the daemon `main`, where one was found.
    pub external: Option<External>,
    running: BTreeMap<String, Running>,
}

/// A service that was started.
#[derive(Serialize, Deserialize)]
struct Running {
    process: Process,
    /// A digest of the configuration that it was started with.
    configuration: String,
}

impl State {
    /// Reads the state; a machine where nothing was started yet has an empty one.
    pub fn load(layout: &Layout) -> Result<Self> {
        let path = layout.path(FILE);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!(
                    "{} is damaged; stop the daemons by hand and remove it",
                    path.display()
                )
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("could not read {}", path.display())),
        }
    }

    /// Writes the state in one go, so that no reader sees half of it.
    pub fn save(&self, layout: &Layout) -> Result<()> {
        let path = layout.path(FILE);
        let new = path.with_extension("new");
        fs::write(&new, serde_json::to_vec_pretty(self)?)?;
        Ok(fs::rename(new, path)?)
    }

    /// The services that were ever started and not stopped, by name.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.running.keys().map(String::as_str)
    }

    /// Whether the service runs.
    pub fn is_alive(&self, service: &str) -> bool {
        let running = self.running.get(service);
        running.is_some_and(|running| running.process.is_alive())
    }

    /// Whether the service runs with this very configuration.
    pub fn is_current(&self, service: &str, configuration: &str) -> bool {
        let running = self.running.get(service);
        running.is_some_and(|it| it.process.is_alive() && it.configuration == configuration)
    }

    /// The service's process id, if it runs.
    pub fn pid(&self, service: &str) -> Option<u32> {
        let process = &self.running.get(service)?.process;
        process.is_alive().then_some(process.pid)
    }

    /// Remembers a service that was just started.
    pub fn started(&mut self, service: &str, process: Process, configuration: String) {
        let running = Running {
            process,
            configuration,
        };
        self.running.insert(service.to_owned(), running);
    }

    /// Stops the service and forgets its process.
    pub fn stop(&mut self, service: &str) -> Result<()> {
        if let Some(running) = self.running.get(service) {
            running.process.stop()?;
        }
        self.running.remove(service);
        Ok(())
    }

    /// Kills the service; its entry stays, so that `status` shows that it died.
    pub fn kill(&mut self, service: &str) -> Result<()> {
        match self.running.get(service) {
            Some(running) => running.process.kill(),
            None => Ok(()),
        }
    }
}
