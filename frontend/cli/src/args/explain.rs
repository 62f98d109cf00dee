//! `layercake explain`.

use clap::Args;

use super::{DaemonArgs, ProjectArgs, ShowFormat};

/// What to explain, and against what.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The services or stages; all if left out
    #[arg(value_name = "SERVICE|STAGE")]
    pub names: Vec<String>,
    /// What to compare with: last (the last builds on this builder), git:REVISION, a file that `layercake plan --format
    /// json` wrote, or an image that `layercake build` made
    #[arg(long, value_name = "WHAT", default_value = "last")]
    pub against: String,
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
    /// The project.
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The daemon.
    #[command(flatten)]
    pub daemon: DaemonArgs,
}
