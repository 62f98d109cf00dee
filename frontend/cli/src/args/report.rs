//! `layercake report`.

use std::path::PathBuf;

use clap::Args;

/// `layercake report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// What `layercake build --report` wrote; - is stdin
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,
    /// Write a page that any browser shows, without a network; - is stdout
    #[arg(long, value_name = "FILE", required_unless_present = "open")]
    pub html: Option<PathBuf>,
    /// Show the page in the browser; it is kept with temporary files if --html names no file
    #[arg(long)]
    pub open: bool,
}
