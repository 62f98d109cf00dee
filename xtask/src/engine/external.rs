//! An engine that the machine already has: the BuildKit in BUILDKIT_HOST, or Docker.
//! It is used where it answers and can pull base images.

use std::fs;
use std::process::Command;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::layout::Layout;
use super::{bases, buildkitd};
use crate::run;
use crate::step::note;
use crate::workspace;

/// What an engine must be able to pull to be of use.
const IMAGE: &str = "python:3.11-slim";

/// An engine that was found and is not ours to start or stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum External {
    /// A BuildKit daemon, at an address as BUILDKIT_HOST has it.
    BuildKit(String),
    /// The Docker engine that the docker client talks to.
    Docker,
}

impl External {
    /// Looks for an engine that is good enough, and says why one is passed by.
    pub fn find(layout: &Layout) -> Result<Option<Self>> {
        let folder = layout.path("probe");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("Dockerfile"), format!("FROM {IMAGE}\n"))?;
        let log = workspace::log("probe");

        if let Some(host) = named_host(layout)? {
            let mut build = bases::buildctl(layout, &host, &folder);
            if run::logged(&mut build, &log).is_ok() {
                return Ok(Some(Self::BuildKit(host)));
            }
            note(&format!(
                "BUILDKIT_HOST={host} cannot pull {IMAGE} (see {}); starting a private engine",
                log.display()
            ));
        }
        if run::succeeds(Command::new("docker").args(["--context", "default", "version"])) {
            let mut build = Command::new("docker");
            build.args(["--context", "default", "buildx", "build"]);
            build.args(["--builder", "default"]).arg(&folder);
            if run::logged(&mut build, &log).is_ok() {
                return Ok(Some(Self::Docker));
            }
            note(&format!(
                "Docker cannot pull {IMAGE} (see {}); starting a private engine",
                log.display()
            ));
        }
        Ok(None)
    }

    /// Where the engine is.
    pub fn host(&self) -> &str {
        match self {
            Self::BuildKit(host) => host,
            Self::Docker => "docker",
        }
    }
}

/// BUILDKIT_HOST, unless it is a daemon of ours, named by our own `engine env`.
fn named_host(layout: &Layout) -> Result<Option<String>> {
    let Ok(host) = std::env::var("BUILDKIT_HOST") else {
        return Ok(None);
    };
    let ours = buildkitd::host(layout, "")?;
    let folder = ours.trim_end_matches(".sock");
    Ok((!host.is_empty() && !host.starts_with(folder)).then_some(host))
}
