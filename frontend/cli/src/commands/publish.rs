//! `layercake publish`: the results of expensive stages, pushed under their keys.

use crate::args::{BuildArgs, Expensive, PublishArgs};
use crate::build::{Build, Subject};
use crate::daemon::Daemon;
use crate::exit::ExitStatus;
use crate::interrupt::interruptible;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{BuildSettings, Environment, ProjectSettings};
use crate::stage_images::{Pruning, prune};

/// Runs the command: a build of stages that pushes them. Who publishes means expensive stages to run. Or the images that
/// nobody takes are removed.
pub async fn run(
    args: PublishArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let build = BuildArgs {
        push: true,
        expensive: Some(Expensive::Allow),
        cache_from: args.cache_from,
        secrets: args.secrets,
        ssh: args.ssh,
        progress: args.progress,
        ..BuildArgs::default()
    };
    let settings = BuildSettings::new(&build, environment)?;
    let project_settings = ProjectSettings::new(args.project, environment)?;
    let mut project = Project::open(&project_settings)?;
    interruptible(Box::pin(async {
        let daemon = Daemon::connect(&args.daemon, environment).await?;
        project.choose_platform(&project_settings, &daemon).await?;
        if args.prune {
            let pruning = Pruning {
                commits: args.commits,
                dry_run: args.dry_run,
            };
            prune(&daemon, &mut project, pruning, printer).await?;
            return Ok(ExitStatus::Success);
        }
        let build = Build {
            subject: Subject::Stages(args.stages),
            settings: &settings,
            daemon: &daemon,
            printer,
        };
        build.run(&mut project, environment).await
    }))
    .await
}
