//! `layercake replay`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{PageArgs, ProjectArgs, ShowFormat};

/// Which part of the history, under which Dockerfiles, and what a run costs.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The services; all if left out
    #[arg(long, value_name = "SERVICE", value_delimiter = ',')]
    pub services: Vec<String>,
    /// Begin with this commit: a branch, a tag, an id; with the first that there is if left out
    #[arg(long, value_name = "REVISION")]
    pub since: Option<String>,
    /// End with this commit
    #[arg(long, value_name = "REVISION", default_value = "HEAD")]
    pub until: String,
    /// Take the newest commits only, this many
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<usize>,
    /// The Dockerfile of a service, and its build arguments: SERVICE=PATH[,NAME=VALUE...]; those in a folder with the
    /// name of a service are found
    #[arg(long = "dockerfile", value_name = "DOCKERFILE")]
    pub dockerfiles: Vec<String>,
    /// The seconds that a run of a stage takes: STAGE=SECONDS
    #[arg(long = "cost", value_name = "COST")]
    pub costs: Vec<String>,
    /// The seconds that a run of the Dockerfiles' steps with this text takes: TEXT=SECONDS
    #[arg(long = "step-cost", value_name = "COST")]
    pub step_costs: Vec<String>,
    /// Take the seconds of stages from what `layercake build --report` wrote
    #[arg(long, value_name = "FILE")]
    pub costs_from: Option<PathBuf>,
    /// What a build finds of earlier builds
    #[arg(long, value_enum, default_value_t)]
    pub cached: CachedBuilds,
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
    /// The page.
    #[command(flatten)]
    pub page: PageArgs,
    /// The project. A file named by --file stands for that of every commit.
    #[command(flatten)]
    pub project: ProjectArgs,
}

/// What a build finds of earlier builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CachedBuilds {
    /// The results of all of them
    #[default]
    All,
    /// Those of the build before alone
    Last,
}
