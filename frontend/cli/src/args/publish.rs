//! `layercake publish`.

use clap::Args;

use super::{DaemonArgs, ProgressMode, ProjectArgs};

/// Which stages to publish.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// The stages; all expensive ones if left out
    #[arg(value_name = "STAGE")]
    pub stages: Vec<String>,
    /// Publish nothing: remove the images that neither the files nor the last commits take
    #[arg(long, conflicts_with = "stages")]
    pub prune: bool,
    /// How many commits of the branch keep what they take, with --prune
    #[arg(long, value_name = "N", default_value_t = 100, requires = "prune")]
    pub commits: usize,
    /// Only say what would be removed, with --prune
    #[arg(long, requires = "prune")]
    pub dry_run: bool,
    /// Import cache: type=registry,ref=REFERENCE or just the reference
    #[arg(long = "cache-from", value_name = "CACHE")]
    pub cache_from: Vec<String>,
    /// Give a secret to the stages that ask for it: id=NAME, with src=FILE or env=VARIABLE
    #[arg(long = "secret", value_name = "SECRET")]
    pub secrets: Vec<String>,
    /// Give an SSH agent to the stages that ask for it: default, or ID=SOCKET
    #[arg(long = "ssh", value_name = "AGENT")]
    pub ssh: Vec<String>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    pub progress: ProgressMode,
    /// The project.
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The daemon.
    #[command(flatten)]
    pub daemon: DaemonArgs,
}
