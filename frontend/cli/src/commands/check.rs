//! `layercake check`: everything that is wrong with the file, at once.

use layercake_planner::diagnostic::Diagnostic;
use layercake_planner::render::{Record, records};
use layercake_planner::source::Source;
use serde::Serialize;

use crate::args::{CheckArgs, ShowFormat};
use crate::exit::ExitStatus;
use crate::lock::is_wrong;
use crate::pipeline::{Rejected, Scope};
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{Environment, ProjectSettings};

#[derive(Serialize)]
struct Findings<'d> {
    version: u32,
    diagnostics: Vec<Record<'d>>,
}

/// Runs the command.
pub async fn run(
    args: CheckArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let settings = ProjectSettings::new(args.project, environment)?;
    let (source, found) = match findings(&settings).await {
        Ok(found) => found,
        Err(error) => {
            let Rejected {
                source,
                diagnostics,
            } = error.downcast()?;
            (source, diagnostics)
        }
    };
    match args.format {
        ShowFormat::Json => printer.json(&Findings {
            version: 1,
            diagnostics: records(&source, &found),
        })?,
        ShowFormat::Text if found.is_empty() => {
            printer.note(&format!("{} has nothing wrong", source.name));
        }
        ShowFormat::Text => printer.findings(&source, &found)?,
    }
    let wrong = found.iter().any(is_wrong);
    Ok(if wrong {
        ExitStatus::Rejected
    } else {
        ExitStatus::Success
    })
}

async fn findings(settings: &ProjectSettings) -> anyhow::Result<(Source, Vec<Diagnostic>)> {
    let mut project = Project::open(settings)?;
    let planned = project.plan_offline(&Scope::Whole).await?;
    Ok((project.source, planned.told()))
}
