//! Set-up and chores of the workspace, run as `cargo xtask COMMAND`.
//!
//! One file per command under `commands/`; what they share lies beside it:
//! [`engine`] (a BuildKit to work with), [`product`] (what ships), [`run`] (child processes), [`step`]
//! (what is printed) and [`workspace`] (where things are).

mod bench;
mod commands;
mod engine;
mod product;
mod run;
mod step;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;

/// Set-up and chores of the layercake workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    match Cli::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            step::note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
