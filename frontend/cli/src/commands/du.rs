//! `layercake du`: what the daemon's cache holds, by stage and service.

use crate::args::{DuArgs, ShowFormat};
use crate::cache::{Usage, text};
use crate::daemon::{Daemon, PlannedOn};
use crate::exit::ExitStatus;
use crate::interrupt::interruptible;
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{Environment, ProjectSettings};

/// Runs the command.
pub async fn run(
    args: DuArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let settings = ProjectSettings::new(args.project, environment)?;
    let mut project = Project::open(&settings)?;
    interruptible(Box::pin(async {
        let daemon = Daemon::connect(&args.daemon, environment).await?;
        project.choose_platform(&settings, &daemon).await?;
        let (PlannedOn { plan, .. }, whole) =
            daemon.whole(&mut project, &Scope::Whole, printer).await?;
        let records = daemon.client.cache_records().await?;
        let usage = Usage::of(&plan, &whole, &records);
        match args.format {
            ShowFormat::Text => printer.data(text::usage(&usage))?,
            ShowFormat::Json => printer.json(&usage)?,
        }
        Ok(ExitStatus::Success)
    }))
    .await
}
