//! `cargo xtask bench`: what the product costs, beside what people use today.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::bench;
use crate::engine::Size;

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
    /// Build and push one conda environment, locked and linked by layercake, and installed by a Dockerfile
    Conda {
        /// How much the channel holds that the environment is all of
        #[arg(long, default_value = "small")]
        size: Size,
        /// How many packages are updated, one after the other; all that have a second version if left out
        #[arg(long)]
        updates: Option<usize>,
    },
    /// Plan generated files of 10,000 and of 100,000 stages
    Plan,
    /// Count a generated history of 1,000 commits of examples/clx
    Replay {
        /// The program; built as it ships, if left out
        #[arg(long, value_name = "PATH")]
        binary: Option<PathBuf>,
    },
    /// Say what builds of examples/clx and of a generated file of 10,000 stages will do, on the daemon of the
    /// environment
    Explain {
        /// The program; built as it ships, if left out
        #[arg(long, value_name = "PATH")]
        binary: Option<PathBuf>,
    },
    /// Make random edits of examples/clx on the daemon of the environment, and hold what is foretold of each build
    /// against what happens
    Edits {
        /// How many sequences of edits
        #[arg(long, default_value_t = 20)]
        sequences: u64,
        /// The seed of a run that is to be made again
        #[arg(long)]
        seed: Option<u64>,
        /// The program; built as it ships, if left out
        #[arg(long, value_name = "PATH")]
        binary: Option<PathBuf>,
    },
}

impl BenchArgs {
    /// Measures.
    pub fn run(self) -> Result<()> {
        match self.what {
            Some(What::Conda { size, updates }) => bench::conda(size, updates),
            Some(What::Plan) => bench::plan(),
            Some(What::Replay { binary }) => bench::replay(binary),
            Some(What::Explain { binary }) => bench::explain(binary),
            Some(What::Edits {
                sequences,
                seed,
                binary,
            }) => bench::edits(binary, sequences, seed),
            None => bench::services(self.rounds),
        }
    }
}
