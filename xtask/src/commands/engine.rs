//! `cargo xtask engine`: the BuildKit that tests and examples run on.

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::engine::{self, Engine, MAIN, UpOptions};
use crate::step::{note, print};

/// What to do with the engine.
#[derive(Subcommand)]
pub enum EngineCommand {
    /// Start whatever is not running yet and wait until it answers
    Up {
        #[command(flatten)]
        daemon: Daemon,
        /// The port of the loopback registry
        #[arg(long)]
        registry_port: Option<u16>,
        /// The port of the loopback conda channel
        #[arg(long)]
        channel_port: Option<u16>,
        /// Keep what the daemon builds in memory, in a disk of this size (`400M`), or give that another size
        #[arg(long, value_name = "SIZE")]
        disk: Option<String>,
    },
    /// Stop one daemon, or everything; what was built is kept
    Down {
        /// Stop this daemon alone
        #[arg(long)]
        name: Option<String>,
    },
    /// Show what runs
    Status,
    /// Print the environment for `eval "$(cargo xtask engine env)"`
    Env(Daemon),
    /// Kill one daemon as a crash would
    Kill(Daemon),
    /// Stop one daemon and remove its cache
    Wipe(Daemon),
}

/// Which daemon is meant.
#[derive(Args)]
pub struct Daemon {
    /// The daemon's name
    #[arg(long, default_value = MAIN)]
    name: String,
}

/// The main engine, started if it is not running.
pub fn up() -> Result<Engine> {
    Engine::up(&UpOptions::named(MAIN))
}

impl EngineCommand {
    /// Runs the command.
    pub fn run(self) -> Result<()> {
        match self {
            Self::Up {
                daemon,
                registry_port,
                channel_port,
                disk,
            } => {
                Engine::up(&UpOptions {
                    name: daemon.name,
                    registry_port,
                    channel_port,
                    disk,
                })?;
                note("the engine is up; for the environment: eval \"$(cargo xtask engine env)\"");
                Ok(())
            }
            Self::Down { name } => engine::down(name.as_deref()),
            Self::Status => print(&engine::status()?),
            Self::Env(daemon) => print(&exports(&Engine::attach(&daemon.name)?)?),
            Self::Kill(daemon) => engine::kill(&daemon.name),
            Self::Wipe(daemon) => engine::wipe(&daemon.name),
        }
    }
}

/// The environment in the shell's own language.
fn exports(engine: &Engine) -> Result<String> {
    let line = |(name, value): (&str, String)| {
        let quoted = value.replace('\'', r"'\''");
        format!("export {name}='{quoted}'\n")
    };
    Ok(engine.env()?.into_iter().map(line).collect())
}
