//! `layercake du`: what the daemon's cache holds, by stage and service.

use super::on_daemon::on_daemon;
use crate::args::{DuArgs, ShowFormat};
use crate::cache::{Usage, text};
use crate::daemon::{Daemon, PlannedOn};
use crate::exit::ExitStatus;
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::Environment;

/// Runs the command.
pub async fn run(
    args: DuArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let work = async |project: &mut Project, daemon: &Daemon| {
        let (PlannedOn { plan, .. }, whole) = daemon.whole(project, &Scope::Whole, printer).await?;
        let records = daemon.client.cache_records().await?;
        let usage = Usage::of(&plan, &whole, &records);
        match args.format {
            ShowFormat::Text => printer.data(text::usage(&usage))?,
            ShowFormat::Json => printer.json(&usage)?,
        }
        Ok(())
    };
    on_daemon(args.project, &args.daemon, environment, work).await
}
