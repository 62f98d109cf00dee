//! Commands that show something.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DaemonArgs, ProjectArgs};

/// `layercake check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
    /// The project.
    #[command(flatten)]
    pub project: ProjectArgs,
}

/// `layercake plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The services; all if left out
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Show the layers of locked conda environments: their packages and bytes
    #[arg(long)]
    pub layers: bool,
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
    /// The project.
    #[command(flatten)]
    pub project: ProjectArgs,
}

/// `layercake graph`.
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// The services; all if left out
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// The language to draw in
    #[arg(long, value_enum, default_value_t)]
    pub format: GraphFormat,
    /// Write it to this file; - is stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
    /// The project.
    #[command(flatten)]
    pub project: ProjectArgs,
}

/// `layercake llb`.
#[derive(Debug, Args)]
pub struct LlbArgs {
    /// The services; all if left out. `--format raw` takes one
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// How to show it: raw is what `buildctl debug dump-llb` reads
    #[arg(long, value_enum, default_value_t)]
    pub format: LlbFormat,
    /// The project.
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The daemon.
    #[command(flatten)]
    pub daemon: DaemonArgs,
}

/// `layercake schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t)]
    pub of: SchemaOf,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Of layercake.yaml
    #[default]
    File,
    /// Of what `layercake build --report` writes
    Report,
}

/// For people or for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// The language of a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Graphviz
    #[default]
    Dot,
    /// Mermaid, which GitHub and others show in Markdown
    Mermaid,
    /// A picture
    Svg,
    /// The same picture in pixels
    Png,
}

/// The form of LLB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LlbFormat {
    /// For people and programs
    #[default]
    Json,
    /// The definition's bytes
    Raw,
}
