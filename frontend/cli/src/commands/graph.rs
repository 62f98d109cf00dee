//! `layercake graph`: the graph of stages, drawn.

use std::fs;

use anyhow::Context as _;

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
    let drawn = match args.format {
        GraphFormat::Dot => view::dot(&plan).into_bytes(),
        GraphFormat::Mermaid => view::mermaid(&plan).into_bytes(),
        GraphFormat::Svg => view::svg(&plan)?.into_bytes(),
        GraphFormat::Png => view::png(&plan)?,
    };
    if args.output.as_os_str() != "-" {
        fs::write(&args.output, drawn)
            .with_context(|| format!("cannot write {}", args.output.display()))?;
    } else if args.format == GraphFormat::Png {
        printer.binary(drawn, "name a file by --output")?;
    } else {
        printer.data(drawn)?;
    }
    Ok(ExitStatus::Success)
}
