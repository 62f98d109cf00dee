//! The commands, one file each. To add one: a file here, a variant, a line in `run`.

mod bench;
mod channel;
mod demo;
mod engine;
mod frontend_image;
mod golden;
mod test;

use anyhow::Result;
use clap::Subcommand;

use crate::engine::Size;

/// The chores of the workspace.
#[derive(Subcommand)]
pub enum Command {
    /// Start, stop and show the BuildKit that tests and examples run on
    #[command(subcommand)]
    Engine(engine::EngineCommand),
    /// Make the conda channel again from its recipe
    Channel {
        /// How much it holds
        #[arg(long, default_value = "small")]
        size: Size,
    },
    /// Show the main job: three services built, built again, and built after an edit
    Demo,
    /// Run every test, end to end against a real BuildKit
    Test {
        /// Further arguments of `cargo test`
        #[arg(last = true)]
        only: Vec<String>,
    },
    /// Measure builds of examples/clx beside `docker buildx bake`, or planning
    Bench(bench::BenchArgs),
    /// Build the frontend's image and push it to the engine's registry
    FrontendImage,
    /// Write the goldens of LLB with Go's client
    Golden,
}

impl Command {
    /// Runs the command that was asked for.
    pub fn run(self) -> Result<()> {
        match self {
            Self::Engine(command) => command.run(),
            Self::Channel { size } => channel::run(size),
            Self::Demo => demo::run(),
            Self::Test { only } => test::run(&only),
            Self::Bench(command) => command.run(),
            Self::FrontendImage => frontend_image::run(),
            Self::Golden => golden::run(),
        }
    }
}
