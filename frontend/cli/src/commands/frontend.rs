//! `layercake frontend`: the frontend itself, and its image.

use crate::args::{FrontendArgs, FrontendCommand};
use crate::exit::ExitStatus;
use crate::frontend;
use crate::frontend_image;
use crate::interrupt::interruptible;
use crate::printer::Printer;
use crate::settings::Environment;

/// Runs the command.
pub async fn run(
    args: FrontendArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    match args.command {
        None => frontend::run().await,
        Some(FrontendCommand::Image(args)) => {
            interruptible(frontend_image::build(args, environment, printer)).await
        }
    }
}
