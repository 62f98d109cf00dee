//! `layercake build`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DaemonArgs, ProjectArgs};

/// What to build, where the images go, and how it is shown.
#[derive(Debug, Default, Args)]
pub struct BuildArgs {
    /// The services; all if left out
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Push the images by their tags
    #[arg(long)]
    pub push: bool,
    /// Load the images into the Docker engine that builds them
    #[arg(long, conflicts_with = "push")]
    pub load: bool,
    /// Tag the images, besides the file's tags; {service} and {version} are replaced
    #[arg(short, long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Where images go: type=image|oci|docker|tar|local,dest=PATH,...; {service} is replaced
    #[arg(short, long = "output", value_name = "OUTPUT")]
    pub outputs: Vec<String>,
    /// Import cache: type=registry,ref=REFERENCE or just the reference; {service} is replaced
    #[arg(long = "cache-from", value_name = "CACHE")]
    pub cache_from: Vec<String>,
    /// Export cache: type=registry,ref=REFERENCE,mode=max; {service} is replaced
    #[arg(long = "cache-to", value_name = "CACHE")]
    pub cache_to: Vec<String>,
    /// Run stages though their results are known: all of them, or those named
    #[arg(long, value_name = "STAGE", num_args = 0.., require_equals = true, value_delimiter = ',')]
    pub no_cache: Option<Vec<String>>,
    /// Whether expensive stages may run; LAYERCAKE_EXPENSIVE if left out, else denied where CI is set in the environment
    /// and allowed elsewhere
    #[arg(long, value_enum)]
    pub expensive: Option<Expensive>,
    /// Label the images
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub labels: Vec<String>,
    /// Give a secret to the stages that ask for it: id=NAME, with src=FILE or env=VARIABLE
    #[arg(long = "secret", value_name = "SECRET")]
    pub secrets: Vec<String>,
    /// Give an SSH agent to the stages that ask for it: default, or ID=SOCKET
    #[arg(long = "ssh", value_name = "AGENT")]
    pub ssh: Vec<String>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    pub progress: ProgressMode,
    /// Write what ran and what was cached to this file, as JSON; - is stdout
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write what the exporters said to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub metadata_file: Option<PathBuf>,
    /// The project.
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The daemon.
    #[command(flatten)]
    pub daemon: DaemonArgs,
}

/// Whether expensive stages may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Expensive {
    /// They run when their result is in no cache
    Allow,
    /// The build stops as soon as one would, and asks on the terminal
    Ask,
    /// The build is given up, with exit code 5, as soon as one would
    Deny,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// Bars on a terminal, lines elsewhere
    #[default]
    Auto,
    /// Lines
    Plain,
    /// Bars
    Tty,
    /// Events as JSON, one a line
    Rawjson,
    /// Nothing but errors
    Quiet,
}
