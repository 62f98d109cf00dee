//! `layercake plan`: what is built from what, in which order.

use crate::args::{PlanArgs, ShowFormat};
use crate::exit::ExitStatus;
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{Environment, ProjectSettings};
use crate::view;

/// Runs the command.
pub async fn run(
    args: PlanArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let mut project = Project::open(&ProjectSettings::new(args.project, environment)?)?;
    let (plan, warnings) = project.accepted(&Scope::Services(args.services)).await?;
    printer.diagnostics(&project.source, &warnings);
    match (args.layers, args.format) {
        (false, ShowFormat::Text) => printer.data(view::tree(&plan))?,
        (false, ShowFormat::Json) => printer.json(&view::json(&plan))?,
        (true, ShowFormat::Text) => printer.data(view::layers(&plan))?,
        (true, ShowFormat::Json) => printer.json(&view::layers_json(&plan))?,
    }
    Ok(ExitStatus::Success)
}
