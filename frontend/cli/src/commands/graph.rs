//! `layercake graph`: the graph of stages, drawn.

use crate::args::{GraphArgs, GraphFormat};
use crate::exit::ExitStatus;
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{Environment, ProjectSettings};
use crate::view;

/// Runs the command.
pub async fn run(
    args: GraphArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let mut project = Project::open(&ProjectSettings::new(args.project, environment)?)?;
    let (plan, warnings) = project.accepted(&Scope::Services(args.services)).await?;
    printer.diagnostics(&project.source, &warnings);
    printer.data(match args.format {
        GraphFormat::Dot => view::dot(&plan),
        GraphFormat::Mermaid => view::mermaid(&plan),
        GraphFormat::Svg => view::svg(&plan)?,
    })?;
    Ok(ExitStatus::Success)
}
