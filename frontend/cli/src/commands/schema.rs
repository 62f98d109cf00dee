//! `layercake schema`: the JSON Schema of what is read and of what is written.

use layercake_planner::schema::schema;
use layercake_solve::Report;
use schemars::schema_for;

use crate::args::{SchemaArgs, SchemaOf};
use crate::exit::ExitStatus;
use crate::printer::Printer;

/// Runs the command.
pub fn run(args: &SchemaArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    match args.of {
        SchemaOf::File => printer.json(&schema())?,
        SchemaOf::Report => printer.json(&schema_for!(Report))?,
    }
    Ok(ExitStatus::Success)
}
