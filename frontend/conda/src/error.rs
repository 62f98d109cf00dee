//! What can go wrong on the way from a request to packages.

use std::fmt::{self, Display, Formatter};

use thiserror::Error;

/// Why an environment was not solved.
#[derive(Debug, Error)]
pub enum CondaError {
    /// The environment file names no channel.
    #[error("the environment names no channel; write for example `channels: [conda-forge]`")]
    NoChannel,
    /// A channel's name cannot be used.
    #[error("the channel `{name}` cannot be used: {problem}")]
    Channel {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A match spec cannot be read.
    #[error("`{spec}` is not a package that conda understands: {problem}")]
    Spec {
        /// The spec.
        spec: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A virtual package has a version that is none.
    #[error("the virtual package `__{name}` cannot have the version `{value}`: {problem}")]
    VirtualPackage {
        /// Its name, without the underscores.
        name: String,
        /// The version.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A platform for which there are no conda packages.
    #[error("there are no conda packages for the platform {0}")]
    Platform(String),
    /// The HTTP client or the credentials cannot be set up.
    #[error("channels cannot be asked: {0}")]
    Client(String),
    /// A channel's index cannot be read.
    #[error("a channel cannot be read: {0}")]
    Repodata(String),
    /// No packages satisfy what is asked for.
    #[error("{0}")]
    Unsolvable(Unsolvable),
    /// The environment has a `pip:` section and no Python.
    #[error("the `pip:` section needs `python` among the dependencies")]
    NoPython,
    /// uv cannot be started.
    #[error(
        "the `pip:` section is resolved by uv, which cannot be started ({0}); install it: `pip install uv`"
    )]
    NoUv(String),
    /// pip is asked for a distribution that conda provides.
    #[error(
        "the `pip:` section asks for `{requirement}`, and conda provides {version}; ask for it in one place"
    )]
    Provided {
        /// The requirement.
        requirement: String,
        /// The version of the conda package.
        version: String,
    },
    /// The `pip:` section cannot be resolved.
    #[error("the `pip:` section cannot be resolved: {0}")]
    Pip(String),
    /// A channel says too little of a package to lock it.
    #[error(
        "the channel gives no {what} for {package}, so it cannot be locked; index the channel anew"
    )]
    Incomplete {
        /// The package's archive.
        package: String,
        /// What is missing.
        what: &'static str,
    },
    /// A URL gives nothing.
    #[error("{url} cannot be fetched: {problem}")]
    Fetch {
        /// The URL.
        url: String,
        /// Why.
        problem: String,
    },
    /// A package's archive cannot be looked into.
    #[error(
        "{package} cannot be looked into: {problem}; ask for another build of it, or mend the channel"
    )]
    Archive {
        /// The package's archive.
        package: String,
        /// Why.
        problem: String,
    },
}

/// A request that no packages satisfy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsolvable {
    /// The solver's explanation, of several lines.
    pub explanation: String,
    /// What was asked for that the explanation names.
    pub specs: Vec<String>,
}

impl Display for Unsolvable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no packages satisfy the request:\n{}",
            self.explanation.trim_end()
        )
    }
}
