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
    /// json` wrote, an image that `layercake build` made, or a registry cache that it exported
    #[arg(long, value_name = "WHAT", default_value = "last")]
    pub against: String,
    /// Where the build would import cache from: what is new may be there, and before the first build on the builder the
    /// records beside a registry cache are compared with; {service} is replaced
    #[arg(long = "cache-from", value_name = "CACHE")]
    pub cache_from: Vec<String>,
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
