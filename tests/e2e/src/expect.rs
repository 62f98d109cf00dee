//! `expect.toml` of an example: what its stages are, what its images do, and what runs after an edit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::Workspace;

/// The content of `expect.toml`; `examples/README.md` explains the keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectations {
    /// A command that is run in the example's folder before anything else.
    #[serde(default)]
    pub prepare: Vec<String>,
    /// The services.
    pub services: BTreeMap<String, Service>,
    /// Edits and what runs after each.
    #[serde(default)]
    pub edits: Vec<Edit>,
}

/// What is expected of a service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// All stages that are in the image.
    pub stages: BTreeSet<String>,
    /// Containers to run of the image.
    #[serde(default)]
    pub checks: Vec<Check>,
}

/// A container to run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What is given after `docker run IMAGE`.
    pub command: Vec<String>,
    /// What occurs in its output.
    pub stdout: String,
}

/// An edit of one file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// The file.
    pub file: String,
    line: Option<String>,
    find: Option<String>,
    replace: Option<String>,
    /// The stages that run at the next build.
    pub runs: BTreeSet<String>,
}

impl Expectations {
    /// Reads the file in an example's folder.
    pub fn read(example: &Path) -> Result<Self> {
        let path = example.join("expect.toml");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("could not read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))
    }
}

impl Edit {
    /// Makes the edit; an added line ends in `mark`, so that it is new to every daemon.
    pub fn make(&self, workspace: &Workspace, mark: &str) -> Result<()> {
        match (&self.line, &self.find, &self.replace) {
            (Some(line), None, None) => workspace.append(&self.file, &format!("{line} {mark}")),
            (None, Some(find), Some(replace)) => workspace.replace(&self.file, find, replace),
            _ => bail!(
                "an edit of {} needs either `line`, or `find` and `replace`",
                self.file
            ),
        }
    }

    /// Whether the edit is another one at each time it is made.
    pub fn is_marked(&self) -> bool {
        self.line.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::Expectations;

    #[test]
    fn unknown_keys_are_errors() {
        let good =
            "[services.a]\nstages = []\n[[edits]]\nfile = \"x\"\nline = \"y\"\nruns = [\"z\"]\n";
        assert!(toml::from_str::<Expectations>(good).is_ok());
        let bad = good.replace("line", "lime");
        assert!(toml::from_str::<Expectations>(&bad).is_err());
    }
}
