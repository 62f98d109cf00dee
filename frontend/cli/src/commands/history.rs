//! `layercake history`: the builds that the daemon remembers.

use crate::args::{HistoryArgs, ShowFormat};
use crate::cache::{Builds, text};
use crate::daemon::Daemon;
use crate::exit::ExitStatus;
use crate::interrupt::interruptible;
use crate::printer::Printer;
use crate::settings::Environment;

/// Runs the command.
pub async fn run(
    args: HistoryArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    interruptible(Box::pin(async {
        let daemon = Daemon::connect(&args.daemon, environment).await?;
        let builds = Builds::of(daemon.client.history().await?, args.limit);
        match args.format {
            ShowFormat::Text => printer.data(text::builds(&builds))?,
            ShowFormat::Json => printer.json(&builds)?,
        }
        Ok(ExitStatus::Success)
    }))
    .await
}
