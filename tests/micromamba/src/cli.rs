//! The part of micromamba's command line that is played.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A stand-in for micromamba, for layercake's tests only: it solves and links conda
/// packages from a channel on loopback.
#[derive(Parser)]
#[command(name = "micromamba", version = "1.5.8 (a stand-in, for tests only)")]
pub struct Cli {
    /// Where environments and packages are kept
    #[arg(short = 'r', long, env = "MAMBA_ROOT_PREFIX", global = true)]
    pub root_prefix: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands that are played.
#[derive(Subcommand)]
pub enum Command {
    /// Install packages into an environment
    Install(InstallOptions),
    /// List the packages of an environment
    List {
        #[command(flatten)]
        target: Target,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove cached packages
    Clean(Clean),
    /// Show the configuration
    Info,
    /// Print shell code
    #[command(subcommand)]
    Shell(Shell),
}

/// Which environment is meant.
#[derive(Args, Default)]
pub struct Target {
    /// The environment's name
    #[arg(short, long, conflicts_with = "prefix")]
    pub name: Option<String>,
    /// The environment's folder
    #[arg(short, long)]
    pub prefix: Option<PathBuf>,
}

/// What to install, and from where.
#[derive(Args)]
pub struct InstallOptions {
    #[command(flatten)]
    pub target: Target,
    /// An environment file
    #[arg(short, long)]
    pub file: Option<PathBuf>,
    /// A channel: a name or a URL
    #[arg(short, long = "channel")]
    pub channels: Vec<String>,
    /// Use no channels but those of the command line
    #[arg(long)]
    pub override_channels: bool,
    /// Don't ask (nothing is ever asked)
    #[arg(short, long)]
    pub yes: bool,
    /// The packages
    pub specs: Vec<String>,
}

/// What to remove from the cache.
#[derive(Args)]
pub struct Clean {
    /// Everything
    #[arg(short, long)]
    pub all: bool,
    /// Unpacked packages
    #[arg(short, long)]
    pub packages: bool,
    /// Downloaded archives
    #[arg(short, long)]
    pub tarballs: bool,
    /// The channels' indexes
    #[arg(short, long)]
    pub index_cache: bool,
    /// Don't ask (nothing is ever asked)
    #[arg(short, long)]
    pub yes: bool,
}

/// Shell code to print.
#[derive(Subcommand)]
pub enum Shell {
    /// The function `micromamba`, which can activate an environment
    Hook {
        /// The shell
        #[arg(short, long, default_value = "bash")]
        shell: ShellKind,
    },
    /// What activates an environment
    Activate {
        /// The shell
        #[arg(short, long, default_value = "bash")]
        shell: ShellKind,
        /// The environment's name or folder
        #[arg(default_value = "base")]
        environment: String,
    },
}

/// The shells whose code can be printed.
#[derive(Clone, Copy, ValueEnum)]
pub enum ShellKind {
    /// bash
    Bash,
    /// Any POSIX shell
    Posix,
}
