//! The commands: each is one thin function from its arguments to an exit status.

mod build;
mod check;
mod frontend;
mod graph;
mod llb;
mod plan;
mod schema;

use std::env;

use crate::args::{Cli, Command};
use crate::exit::ExitStatus;
use crate::printer::Printer;

/// Runs the command.
pub async fn run(cli: Cli, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let environment = |name: &str| env::var(name).ok();
    match cli.command {
        Command::Check(args) => check::run(args, &environment, printer).await,
        Command::Plan(args) => plan::run(args, &environment, printer).await,
        Command::Graph(args) => graph::run(args, &environment, printer).await,
        Command::Llb(args) => llb::run(args, &environment, printer).await,
        Command::Build(args) => build::run(*args, &environment, printer).await,
        Command::Schema(args) => schema::run(&args, printer),
        Command::Frontend(args) => frontend::run(args, &environment, printer).await,
    }
}
