//! `layercake replay`: what the history of a project would have cost.

use super::deliver::{deliver, takes_stdout};
use crate::args::{ReplayArgs, ShowFormat};
use crate::exit::ExitStatus;
use crate::page;
use crate::printer::Printer;
use crate::replay::{self, ReplaySettings, text};
use crate::settings::Environment;

/// Runs the command.
pub async fn run(
    mut args: ReplayArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let (format, page) = (args.format, std::mem::take(&mut args.page));
    let page_alone = takes_stdout(&page)?;
    let settings = ReplaySettings::new(args, environment)?;
    let replayed = replay::replay(&settings).await?;
    match format {
        _ if page_alone => {}
        ShowFormat::Text => printer.data(text::render(&replayed))?,
        ShowFormat::Json => printer.json(&replayed)?,
    }
    if page.html.is_some() || page.open {
        deliver(&page::replay(&replayed), &page, printer)?;
    }
    Ok(ExitStatus::Success)
}
