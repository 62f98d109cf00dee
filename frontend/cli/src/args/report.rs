//! `layercake report`, and pages.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

/// `layercake report`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("page").args(["html", "open"]).required(true).multiple(true))]
pub struct ReportArgs {
    /// What `layercake build --report` wrote; - is stdin
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,
    /// The page.
    #[command(flatten)]
    pub page: PageArgs,
}

/// What becomes of a page.
#[derive(Debug, Default, Args)]
pub struct PageArgs {
    /// Write a page that any browser shows, without a network; - is stdout
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Show the page in the browser; it is kept with temporary files if --html names no file
    #[arg(long)]
    pub open: bool,
}
