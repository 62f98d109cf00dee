//! The commands, one file each. To add one: a file here, a variant, a line in `run`.

mod engine;

use anyhow::Result;
use clap::Subcommand;

/// The chores of the workspace.
#[derive(Subcommand)]
pub enum Command {
    /// Start, stop and show the BuildKit that tests and examples run on
    #[command(subcommand)]
    Engine(engine::EngineCommand),
}

impl Command {
    /// Runs the command that was asked for.
    pub fn run(self) -> Result<()> {
        match self {
            Self::Engine(command) => command.run(),
        }
    }
}
