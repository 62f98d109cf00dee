//! A stand-in for micromamba, for tests only. `README.md` says what it plays.

mod clean;
mod cli;
mod config;
mod environment;
mod install;
mod list;
mod output;
mod repodata;
mod shell;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::config::Config;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&format!("error    {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let config = Config::from_environment(cli.root_prefix)?;
    match cli.command {
        Command::Install(options) => install::install(&config, &options).await,
        Command::List { target, json } => list::list(&config.prefix(&target), json),
        Command::Clean(what) => clean::clean(&config, &what),
        Command::Info => {
            list::info(&config);
            Ok(())
        }
        Command::Shell(action) => shell::shell(&config, &action),
    }
}
