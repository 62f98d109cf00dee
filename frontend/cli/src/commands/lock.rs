//! `layercake lock`: what the file's names and versions come to, written down.

use crate::args::LockArgs;
use crate::exit::ExitStatus;
use crate::interrupt::interruptible;
use crate::lock;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{Environment, LockSettings, ProjectSettings};

/// Runs the command.
pub async fn run(
    mut args: LockArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let settings = LockSettings::new(&mut args, environment)?;
    let project_settings = ProjectSettings::new(args.project, environment)?;
    let mut project = Project::open(&project_settings)?;
    if args.check {
        return lock::check(&mut project, &settings.platforms, printer).await;
    }
    let making = lock::Making {
        settings: &settings,
        daemon: &args.daemon,
        environment,
        printer,
    };
    interruptible(Box::pin(making.run(&mut project, &project_settings.file))).await
}
