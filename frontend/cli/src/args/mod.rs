//! The command line as data. What it means is decided in [`settings`](crate::settings).

mod build;
mod cache;
mod context;
mod explain;
mod lock;
mod publish;
mod replay;
mod report;
mod show;

pub use build::{BuildArgs, Expensive, ProgressMode};
pub use cache::{DuArgs, HistoryArgs, Keep, PruneArgs};
pub use context::ContextArgs;
pub use explain::ExplainArgs;
pub use lock::LockArgs;
pub use publish::PublishArgs;
pub use replay::{CachedBuilds, ReplayArgs};
pub use report::{PageArgs, ReportArgs};
pub use show::{
    CheckArgs, GraphArgs, GraphFormat, LlbArgs, LlbFormat, PlanArgs, SchemaArgs, SchemaOf,
    ShowFormat,
};

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::exit::ExitStatus;

/// Builds the services of one repository as one graph of stages.
///
/// A stage runs again when what it reads has changed, and at no other time. See layercake.yaml for the stages.
#[derive(Debug, Parser)]
#[command(
    name = "layercake",
    version,
    about,
    propagate_version = false,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The command line, with the exit codes below its help.
pub fn command() -> clap::Command {
    let codes = ExitStatus::ALL.map(|(code, meaning)| format!("  {:>3}  {meaning}", code as u8));
    Cli::command().after_help(format!("Exit codes:\n{}", codes.join("\n")))
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find everything that is wrong with layercake.yaml
    Check(CheckArgs),
    /// Show what is built from what, in which order
    Plan(PlanArgs),
    /// Write down what names, versions and URLs come to: layercake.lock
    Lock(LockArgs),
    /// Draw the graph of stages
    Graph(GraphArgs),
    /// Show what BuildKit is told to do
    Llb(LlbArgs),
    /// Print the JSON Schema of layercake.yaml, for editors, or of a build's report
    Schema(SchemaArgs),
    /// Build services, all at once
    Build(Box<BuildArgs>),
    /// Push the results of expensive stages under their keys, for every build to find
    Publish(Box<PublishArgs>),
    /// Show what is sent of the folder, for which service, and what is left out by which line
    Context(ContextArgs),
    /// Show what the daemon's cache holds, by stage and service
    Du(DuArgs),
    /// Remove from the daemon's cache what is cheap to make again
    Prune(Box<PruneArgs>),
    /// Show the builds that the daemon remembers
    History(HistoryArgs),
    /// Make a page of a build's report
    Report(ReportArgs),
    /// Tell what the history of the project would have run, with layercake and with its Dockerfiles
    Replay(Box<ReplayArgs>),
    /// Tell what a build will do and why, before it does it
    Explain(Box<ExplainArgs>),
    /// Be the frontend that BuildKit runs, or make its image
    Frontend(FrontendArgs),
}

/// What to read, and for what.
#[derive(Debug, Default, Args)]
pub struct ProjectArgs {
    /// The folder that is built: paths in layercake.yaml are relative to it
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".")]
    pub context: PathBuf,
    /// The file to read; layercake.yaml in the context if left out
    #[arg(short, long, value_name = "PATH")]
    pub file: Option<PathBuf>,
    /// Set a build argument; without a value, from the environment
    #[arg(long = "build-arg", value_name = "NAME[=VALUE]")]
    pub build_args: Vec<String>,
    /// Put another image in place of a base: NAME=docker-image://REFERENCE
    #[arg(long = "build-context", value_name = "NAME=IMAGE")]
    pub build_contexts: Vec<String>,
    /// The platform to build for, such as linux/arm64; the daemon's own, or this machine's, if left out
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
}

/// Which daemon.
#[derive(Debug, Default, Args)]
pub struct DaemonArgs {
    /// Where BuildKit is: unix://, tcp://, docker-container://, kube-pod://, ssh:// or docker://; BUILDKIT_HOST, or
    /// what runs on this machine, if left out
    #[arg(long, value_name = "ADDRESS")]
    pub builder: Option<String>,
    /// The certificate authority of a tcp:// daemon with TLS
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// The client's certificate
    #[arg(long, value_name = "FILE", requires_all = ["tls_ca", "tls_key"])]
    pub tls_cert: Option<PathBuf>,
    /// The client's key
    #[arg(long, value_name = "FILE", requires_all = ["tls_ca", "tls_cert"])]
    pub tls_key: Option<PathBuf>,
    /// The name in the daemon's certificate, if it is not the host's
    #[arg(long, value_name = "NAME", requires = "tls_ca")]
    pub tls_server_name: Option<String>,
}

/// `layercake frontend`: without a subcommand it speaks to BuildKit through stdin and stdout.
#[derive(Debug, Args)]
pub struct FrontendArgs {
    /// What to do, if not to be the frontend.
    #[command(subcommand)]
    pub command: Option<FrontendCommand>,
}

/// What can be done with the frontend.
#[derive(Debug, Subcommand)]
pub enum FrontendCommand {
    /// Build the frontend's image from this very program
    Image(FrontendImageArgs),
    /// Write the SHA-256 of each file of a folder; the frontend has its image run it in a build
    Digests(FrontendDigestsArgs),
}

/// `layercake frontend digests`.
#[derive(Debug, Args)]
pub struct FrontendDigestsArgs {
    /// The folder
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Where they are written, as JSON by path
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `layercake frontend image`.
#[derive(Debug, Args)]
pub struct FrontendImageArgs {
    /// Push it to this reference
    #[arg(long, value_name = "REFERENCE", required_unless_present = "output")]
    pub push: Option<String>,
    /// Write it elsewhere: type=oci,dest=FILE or type=docker,dest=FILE
    #[arg(short, long, value_name = "OUTPUT", conflicts_with = "push")]
    pub output: Option<String>,
    /// The program that links conda packages, static too; layercake-link beside this program if left out
    #[arg(long, value_name = "FILE")]
    pub link_tool: Option<PathBuf>,
    /// Allow a registry without TLS
    #[arg(long)]
    pub insecure: bool,
    /// The daemon.
    #[command(flatten)]
    pub daemon: DaemonArgs,
}
