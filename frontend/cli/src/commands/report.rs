//! `layercake report`: the report of a build as a page.

use std::fs;
use std::io::Read;

use anyhow::Context as _;
use layercake_solve::{REPORT_VERSION, Report};

use super::deliver::deliver;
use crate::args::ReportArgs;
use crate::exit::ExitStatus;
use crate::page;
use crate::printer::Printer;
use crate::settings::UsageError;

/// Runs the command.
pub fn run(args: &ReportArgs, printer: &Printer) -> anyhow::Result<ExitStatus> {
    let name = args.report.display();
    let text = if args.report.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(&args.report)
    };
    let text = text.map_err(|error| UsageError::new(format!("cannot read {name}: {error}")))?;
    let report: Report = serde_json::from_str(&text)
        .with_context(|| format!("{name} is no report of layercake build --report"))?;
    if report.version != REPORT_VERSION {
        return Err(UsageError::new(format!(
            "{name} is a report of version {}; this program reads version {REPORT_VERSION}",
            report.version
        ))
        .into());
    }
    deliver(&page::report(&report), &args.page, printer)?;
    Ok(ExitStatus::Success)
}
