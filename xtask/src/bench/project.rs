//! A copy of examples/clx to edit and build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{run, workspace};

/// A file of Python that one service reads.
const SOURCE: &str = "services/drawio-converter/src/drawio_converter/drawio_converter.py";

/// The conda environment.
const PACKAGES: &str = "services/notebook-processor/packages.yaml";

/// A copy of the example.
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// Makes the copy anew. Its archives have to be there.
    pub fn copy(name: &str) -> Result<Self> {
        let root = workspace::path("target/bench").join(name).join("clx");
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir_all(root.parent().context("the copy lies in a folder")?)?;
        let mut copy = Command::new("cp");
        run::output(
            copy.arg("-R")
                .arg(workspace::path("examples/clx"))
                .arg(&root),
        )?;
        Ok(Self { root })
    }

    /// The build context.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Adds a comment to one service's source.
    pub fn edit_source(&self, number: u64) -> Result<()> {
        let text = self.read(SOURCE)?;
        self.write(SOURCE, &format!("{text}\n# edit {number}\n"))
    }

    /// Changes the meaning of packages.yaml, but not what it solves to: one more version that never existed is
    /// excluded.
    pub fn edit_packages(&self, number: u64) -> Result<()> {
        let text = self.read(PACKAGES)?;
        let is_edited = |line: &&str| line.trim_start().starts_with("- psutil");
        let line = text
            .lines()
            .find(is_edited)
            .context("packages.yaml has psutil")?;
        let edited = text.replace(line, &format!("  - psutil!=0.0.{number}"));
        ensure!(
            edited != text,
            "packages.yaml already excludes 0.0.{number}"
        );
        self.write(PACKAGES, &edited)
    }

    fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.root.join(path)).with_context(|| format!("could not read {path}"))
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        Ok(fs::write(self.root.join(path), text)?)
    }
}
