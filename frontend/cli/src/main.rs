//! `layercake`: the command line, and the frontend that BuildKit runs.
//!
//! Arguments ([`args`]) become [`settings`]; a [`project`] is read, and its facts are gathered from a tree of files
//! ([`facts`]); the [`pipeline`] plans; [`commands`] show the plan ([`view`]) or have BuildKit build it. Only the
//! [`printer`] writes.
//!
//! **Invariant:** the command line and the frontend differ in where facts come from and where results go, and in
//! nothing else.

mod args;
mod build;
mod cache;
mod commands;
mod daemon;
mod damage;
mod exit;
mod explain;
mod facts;
mod frontend;
mod frontend_image;
mod images;
mod interrupt;
mod lock;
mod mismatch;
mod no_cache;
mod page;
mod pipeline;
mod printer;
mod progress;
mod project;
mod records;
#[cfg(test)]
mod reference;
mod registry;
mod replay;
mod settings;
mod stage_images;
mod survey;
mod transfer;
mod view;

use clap::FromArgMatches;
use tokio::runtime::Runtime;

use args::Cli;
use exit::ExitStatus;
use pipeline::Rejected;
use printer::Printer;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitStatus {
    let matches = args::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let printer = Printer::new();
    let outcome = Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let outcome = runtime.block_on(commands::run(cli, &printer));
            runtime.shutdown_background(); // A read of stdin that waits must not keep the program.
            outcome
        });
    outcome.unwrap_or_else(|error| failed(&error, &printer))
}

fn failed(error: &anyhow::Error, printer: &Printer) -> ExitStatus {
    let status = ExitStatus::of(error);
    match error.downcast_ref::<Rejected>() {
        Some(Rejected {
            source,
            diagnostics,
        }) => printer.diagnostics(source, diagnostics),
        None if status == ExitStatus::Success => {}
        None => printer.error(error),
    }
    status
}
