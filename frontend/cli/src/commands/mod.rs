//! The commands: each is one thin function from its arguments to an exit status.

mod build;
mod check;
mod context;
mod deliver;
mod du;
mod explain;
mod frontend;
mod graph;
mod history;
mod llb;
mod lock;
mod on_daemon;
mod plan;
mod prune;
mod publish;
mod replay;
mod report;
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
        Command::Lock(args) => lock::run(args, &environment, printer).await,
        Command::Graph(args) => graph::run(args, &environment, printer).await,
        Command::Llb(args) => llb::run(args, &environment, printer).await,
        Command::Build(args) => build::run(*args, &environment, printer).await,
        Command::Publish(args) => publish::run(*args, &environment, printer).await,
        Command::Context(args) => context::run(args, &environment, printer).await,
        Command::Du(args) => du::run(args, &environment, printer).await,
        Command::Prune(args) => prune::run(*args, &environment, printer).await,
        Command::History(args) => history::run(args, &environment, printer).await,
        Command::Report(args) => report::run(&args, printer),
        Command::Replay(args) => replay::run(*args, &environment, printer).await,
        Command::Explain(args) => explain::run(*args, &environment, printer).await,
        Command::Schema(args) => schema::run(&args, printer),
        Command::Frontend(args) => frontend::run(args, &environment, printer).await,
    }
}
