//! The image configuration as written.

use schemars::JsonSchema;

use super::{Entries, Text};
use crate::schema::VARIABLE;
use crate::source::Spanned;

/// The image's configuration; what is left out is inherited from the base.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ImageSpec {
    /// The user that containers run as.
    pub user: Option<Text>,
    /// The working directory.
    pub workdir: Option<Text>,
    /// Environment variables; `$NAME` and `${NAME}` stand for the base's value.
    #[schemars(default, extend("propertyNames" = { "pattern": VARIABLE }))]
    pub env: Entries<Text>,
    /// Ports: `8888`, `53/udp`.
    #[schemars(default)]
    pub expose: Vec<Text>,
    /// The entry point; it clears an inherited `cmd`, as in a Dockerfile.
    pub entrypoint: Option<CommandSpec>,
    /// The default command.
    pub cmd: Option<CommandSpec>,
    /// Labels; `{service}` and `{version}` are replaced.
    #[schemars(default)]
    pub labels: Entries<Text>,
    /// Volumes.
    #[schemars(default)]
    pub volumes: Vec<Text>,
    /// The signal that stops a container: `SIGTERM`.
    pub stop_signal: Option<Text>,
    /// The health check.
    pub healthcheck: Option<HealthcheckSpec>,
    /// The shell of commands written as one text.
    pub shell: Option<Vec<Text>>,
}

/// A command: a list is run as it is, a text by the shell.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum CommandSpec {
    /// Run by the shell.
    Shell(Text),
    /// Run as it is.
    Exec(Vec<Text>),
}

/// A health check; durations as in a Dockerfile: `30s`, `1m30s`.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HealthcheckSpec {
    /// The command; left out with `disable`.
    pub test: Option<CommandSpec>,
    /// Whether an inherited check is switched off.
    #[schemars(default)]
    pub disable: bool,
    /// Between two checks.
    pub interval: Option<Text>,
    /// How long one may take.
    pub timeout: Option<Text>,
    /// How long failures do not count at the start.
    pub start_period: Option<Text>,
    /// Between two checks during the start.
    pub start_interval: Option<Text>,
    /// How many failures in a row make a container unhealthy.
    pub retries: Option<Spanned<u32>>,
}
