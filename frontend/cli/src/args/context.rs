//! `layercake context`.

use clap::Args;

use super::{ProjectArgs, ShowFormat};

/// `layercake context`.
#[derive(Debug, Args)]
pub struct ContextArgs {
    /// The services; all if left out
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// How many of the largest files, and of other lists, to show
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub top: usize,
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    pub format: ShowFormat,
    /// The project.
    #[command(flatten)]
    pub project: ProjectArgs,
}
