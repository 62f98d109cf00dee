//! `layercake context`: what is sent of the folder, for which service, and what is left out by which line.

use crate::args::{ContextArgs, ShowFormat};
use crate::exit::ExitStatus;
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{Environment, ProjectSettings};
use crate::survey::{survey, text};

/// Runs the command.
pub async fn run(
    args: ContextArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let mut project = Project::open(&ProjectSettings::new(args.project, environment)?)?;
    let (plan, warnings) = project.accepted(&Scope::Services(args.services)).await?;
    printer.diagnostics(&project.source, &warnings);
    let survey = survey(&plan, &mut project.context).await?;
    match args.format {
        ShowFormat::Text => printer.data(text::render(&survey, args.top))?,
        ShowFormat::Json => printer.json(&survey)?,
    }
    Ok(ExitStatus::Success)
}
