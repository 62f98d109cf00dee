//! `layercake schema`: the JSON Schema of layercake.yaml.

use layercake_planner::schema::schema;

use crate::exit::ExitStatus;
use crate::printer::Printer;

/// Runs the command.
pub fn run(printer: &Printer) -> anyhow::Result<ExitStatus> {
    printer.json(&schema())?;
    Ok(ExitStatus::Success)
}
