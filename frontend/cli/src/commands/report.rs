//! `layercake report`: the report of a build as a page.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use anyhow::Context as _;
use layercake_solve::{REPORT_VERSION, Report};

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
    let page = page::html(&report);
    let written = match &args.html {
        Some(path) if path.as_os_str() != "-" => {
            fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
            path.clone()
        }
        Some(_) if args.open => {
            return Err(UsageError::new(
                "--open shows no page that goes to stdout; name a file by --html",
            )
            .into());
        }
        Some(_) => {
            printer.data(page)?;
            return Ok(ExitStatus::Success);
        }
        None => keep(&page)?,
    };
    if args.open {
        open::that_detached(&written).with_context(|| {
            format!(
                "no browser could be started; open {} in one",
                written.display()
            )
        })?;
    }
    Ok(ExitStatus::Success)
}

/// Writes the page where it stays until temporary files are cleared away.
fn keep(page: &str) -> anyhow::Result<PathBuf> {
    let file = tempfile::Builder::new()
        .prefix("layercake-")
        .suffix(".html")
        .tempfile()
        .context("cannot make a temporary file")?;
    fs::write(file.path(), page)?;
    Ok(file.into_temp_path().keep()?)
}
