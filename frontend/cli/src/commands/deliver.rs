//! A page to where it is wanted: a file, stdout, the browser.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::args::PageArgs;
use crate::printer::Printer;
use crate::settings::UsageError;

/// Whether the page goes to stdout, so that nothing else may.
pub fn takes_stdout(args: &PageArgs) -> Result<bool, UsageError> {
    let stdout = args
        .html
        .as_ref()
        .is_some_and(|path| path.as_os_str() == "-");
    if stdout && args.open {
        return Err(UsageError::new(
            "--open shows no page that goes to stdout; name a file by --html",
        ));
    }
    Ok(stdout)
}

/// Writes the page, and opens it if that is wanted.
pub fn deliver(page: &str, args: &PageArgs, printer: &Printer) -> anyhow::Result<()> {
    if takes_stdout(args)? {
        return Ok(printer.data(page)?);
    }
    let written = match &args.html {
        Some(path) => {
            fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
            path.clone()
        }
        None => keep(page)?,
    };
    if args.open {
        open::that_detached(&written).with_context(|| {
            format!(
                "no browser could be started; open {} in one",
                written.display()
            )
        })?;
    }
    Ok(())
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
