//! `layercake frontend`: the frontend itself, and its image.

use std::fs;

use anyhow::Context as _;

use crate::args::{FrontendArgs, FrontendCommand};
use crate::exit::ExitStatus;
use crate::facts::local::digests;
use crate::frontend;
use crate::frontend_image;
use crate::interrupt::interruptible;
use crate::printer::Printer;
use crate::settings::{Environment, UsageError};

const STARTED_BY_HAND: &str = "BuildKit starts the frontend and speaks to it; to make its image, use \
                               `layercake frontend image`";

/// Runs the command.
pub async fn run(
    args: FrontendArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    match args.command {
        None if environment("BUILDKIT_SESSION_ID").is_none() => {
            Err(UsageError::new(STARTED_BY_HAND).into())
        }
        None => frontend::run().await,
        Some(FrontendCommand::Digests(args)) => {
            let digests = digests(&args.folder)?;
            fs::write(&args.file, serde_json::to_vec(&digests)?)
                .with_context(|| format!("cannot write {}", args.file.display()))?;
            Ok(ExitStatus::Success)
        }
        Some(FrontendCommand::Image(args)) => {
            interruptible(Box::pin(frontend_image::build(args, environment, printer))).await
        }
    }
}
