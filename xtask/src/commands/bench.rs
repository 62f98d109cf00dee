//! `cargo xtask bench`: what the product costs, beside what people use today.

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::bench;

/// What to measure.
#[derive(Args)]
pub struct BenchArgs {
    #[command(subcommand)]
    what: Option<What>,
    /// How often everything is measured, each time from an empty cache
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
}

/// Measurements other than that of examples/clx.
#[derive(Subcommand)]
enum What {
    /// Plan generated files of 10,000 and of 100,000 stages
    Plan,
}

impl BenchArgs {
    /// Measures.
    pub fn run(self) -> Result<()> {
        match self.what {
            Some(What::Plan) => bench::plan(),
            None => bench::services(self.rounds),
        }
    }
}
