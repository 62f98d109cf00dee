//! `layercake replay`: what the history of a project would have cost.

use crate::args::{ReplayArgs, ShowFormat};
use crate::exit::ExitStatus;
use crate::printer::Printer;
use crate::replay::{self, ReplaySettings, text};
use crate::settings::Environment;

/// Runs the command.
pub async fn run(
    args: ReplayArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let format = args.format;
    let settings = ReplaySettings::new(args, environment)?;
    let replayed = replay::replay(&settings).await?;
    match format {
        ShowFormat::Text => printer.data(text::render(&replayed))?,
        ShowFormat::Json => printer.json(&replayed)?,
    }
    Ok(ExitStatus::Success)
}
