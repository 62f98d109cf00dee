//! `layercake build`: services, built by a daemon.

use crate::args::{BuildArgs, Expensive};
use crate::build::{Build, Denied, Subject};
use crate::daemon::Daemon;
use crate::exit::ExitStatus;
use crate::interrupt::interruptible;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{BuildSettings, Environment, ProjectSettings};

/// Runs the command.
pub async fn run(
    args: BuildArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let mut settings = BuildSettings::new(&args, environment)?;
    let project_settings = ProjectSettings::new(args.project, environment)?;
    let mut project = Project::open(&project_settings)?;
    interruptible(Box::pin(async {
        let daemon = Daemon::connect(&args.daemon, environment).await?;
        project.choose_platform(&project_settings, &daemon).await?;
        loop {
            let build = Build {
                subject: Subject::Services,
                settings: &settings,
                daemon: &daemon,
                printer,
            };
            let outcome = build.run(&mut project, environment).await;
            match outcome {
                Err(error) if settings.expensive == Expensive::Ask && error.is::<Denied>() => {
                    printer.error(&error);
                    if !printer.ask("run it?")? {
                        return Err(error);
                    }
                    settings.expensive = Expensive::Allow;
                }
                outcome => return outcome,
            }
        }
    }))
    .await
}
