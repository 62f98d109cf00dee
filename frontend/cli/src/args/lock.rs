//! `layercake lock`.

use std::path::PathBuf;

use clap::Args;

use super::{DaemonArgs, ProjectArgs};

/// What to lock, and what of the lock may move.
#[derive(Debug, Args)]
pub struct LockArgs {
    /// Write nothing; fail if the lock is not what the file asks for
    #[arg(long, conflicts_with_all = ["update", "update_all", "update_bases", "update_tool"])]
    pub check: bool,
    /// Move these packages, and what they force; all others stay
    #[arg(long, value_name = "PACKAGE", num_args = 1.., value_delimiter = ',')]
    pub update: Vec<String>,
    /// Move every package
    #[arg(long, conflicts_with = "update")]
    pub update_all: bool,
    /// Look the digests of the bases up again
    #[arg(long, conflicts_with = "offline")]
    pub update_bases: bool,
    /// Pin the tool of the frontend image that the file's first line names now: all is linked again if it is another
    #[arg(long, conflicts_with = "offline")]
    pub update_tool: bool,
    /// Take what a conda-lock.yml, a pixi.lock or a list of URLs (`@EXPLICIT`) pins as what is locked of the stage, which
    /// can be left out if there is only one
    #[arg(long = "import", value_name = "[STAGE=]FILE", conflicts_with_all = ["update", "update_all", "check"])]
    pub imports: Vec<String>,
    /// Ask nobody: read channels from the cache and from this machine, and look no image up
    #[arg(long)]
    pub offline: bool,
    /// Ask a mirror in place of a channel's server; the lock keeps the server's URL
    #[arg(long = "channel-mirror", value_name = "URL=MIRROR")]
    pub mirrors: Vec<String>,
    /// Keep the channels' indexes in this folder; layercake in the user's cache if left out
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// The project.
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The daemon that looks images up.
    #[command(flatten)]
    pub daemon: DaemonArgs,
}
