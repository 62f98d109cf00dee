//! `layercake du`, `layercake prune` and `layercake history`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DaemonArgs, ProjectArgs, ShowFormat};

/// `layercake du`.
#[derive(Debug, Args)]
pub struct DuArgs {
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

/// `layercake prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// What to keep of this project
    #[arg(long, value_enum, default_value_t)]
    pub keep: Keep,
    /// Remove only what was not used for this long: 30m, 12h, 7d
    #[arg(long, value_name = "TIME")]
    pub older_than: Option<String>,
    /// Remove what the daemon keeps for itself too, and what an image holds as well
    #[arg(long)]
    pub all: bool,
    /// Remove nothing; show what would go
    #[arg(long)]
    pub dry_run: bool,
    /// Take the seconds of stages from what `layercake build --report` wrote, to tell what a prune costs
    #[arg(long, value_name = "FILE")]
    pub costs_from: Option<PathBuf>,
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

/// What a prune keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Keep {
    /// Results of expensive stages, what they stand on, and the caches of package managers
    #[default]
    Expensive,
    /// Results of all stages as they are planned now, and the caches of package managers
    Stages,
    /// Nothing
    Nothing,
}

/// `layercake history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The newest builds only, this many
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub limit: usize,
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
    /// The daemon.
    #[command(flatten)]
    pub daemon: DaemonArgs,
}
