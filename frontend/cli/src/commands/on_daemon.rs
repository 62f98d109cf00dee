//! How commands begin that ask a daemon about a project.

use crate::args::{DaemonArgs, ProjectArgs};
use crate::daemon::Daemon;
use crate::exit::ExitStatus;
use crate::interrupt::interruptible;
use crate::project::Project;
use crate::settings::{Environment, ProjectSettings};

/// Reads the project, connects to the daemon, whose platform the project is for if none is named, and does the work
/// until it is done or somebody asks to stop.
pub async fn on_daemon(
    project: ProjectArgs,
    daemon: &DaemonArgs,
    environment: &impl Environment,
    work: impl AsyncFnOnce(&mut Project, &Daemon) -> anyhow::Result<()>,
) -> anyhow::Result<ExitStatus> {
    let settings = ProjectSettings::new(project, environment)?;
    let mut project = Project::open(&settings)?;
    interruptible(Box::pin(async {
        let daemon = Daemon::connect(daemon, environment).await?;
        project.choose_platform(&settings, &daemon).await?;
        work(&mut project, &daemon).await?;
        Ok(ExitStatus::Success)
    }))
    .await
}
