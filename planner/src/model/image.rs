//! What a service sets in its image's configuration; what is `None` or empty is the base's.

use std::collections::BTreeMap;

use serde::Serialize;

/// The settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ImageSettings {
    /// The user.
    pub user: Option<String>,
    /// The working directory.
    pub workdir: Option<String>,
    /// Environment variables in the file's order; `$NAME` stands for the base's value.
    pub env: Vec<(String, String)>,
    /// Ports with their protocol: `8888/tcp`.
    pub expose: Vec<String>,
    /// The entry point.
    pub entrypoint: Option<Command>,
    /// The default command.
    pub cmd: Option<Command>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Volumes.
    pub volumes: Vec<String>,
    /// The signal that stops it.
    pub stop_signal: Option<String>,
    /// The health check.
    pub healthcheck: Option<Healthcheck>,
    /// The shell.
    pub shell: Option<Vec<String>>,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Command {
    /// Run by the shell.
    Shell(String),
    /// Run as it is.
    Exec(Vec<String>),
}

/// A health check; durations in nanoseconds, as in an image configuration, 0 for the engine's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Healthcheck {
    /// The command; none switches an inherited check off.
    pub test: Option<Command>,
    /// Between two checks.
    pub interval: u64,
    /// How long one may take.
    pub timeout: u64,
    /// How long failures do not count at the start.
    pub start_period: u64,
    /// Between two checks during the start.
    pub start_interval: u64,
    /// How many failures in a row make a container unhealthy.
    pub retries: u32,
}
