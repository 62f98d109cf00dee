//! The daemons that tests build on, by the environment in which clients find them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process;

/// What to do when the environment is not there.
const HOW: &str =
    "run the end-to-end tests by `cargo xtask test`, which starts an engine and sets it";

/// A BuildKit daemon with all that belongs to it.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    /// What differs from this process's own environment.
    env: BTreeMap<String, String>,
}

/// A daemon of a test's own, empty at first; it goes, with its cache, when this is dropped.
#[derive(Debug)]
pub struct PrivateEngine {
    name: String,
    engine: Engine,
}

impl Engine {
    /// The engine that this process was given: BUILDKIT_HOST, BUILDX_BUILDER and BUILDX_CONFIG, DOCKER_CONFIG and
    /// LAYERCAKE_REGISTRY as `cargo xtask engine env` prints them, LAYERCAKE_BIN for the product's program and
    /// LAYERCAKE_XTASK for the chores'.
    pub fn given() -> Result<Self> {
        for name in [
            "BUILDKIT_HOST",
            "BUILDX_BUILDER",
            "LAYERCAKE_REGISTRY",
            "LAYERCAKE_BIN",
            "LAYERCAKE_XTASK",
        ] {
            variable(name)?;
        }
        Ok(Self::default())
    }

    /// No daemon, for commands that ask none: LAYERCAKE_BIN is enough.
    pub fn none() -> Self {
        Self::default()
    }

    /// The registry's `host:port`.
    pub fn registry(&self) -> Result<String> {
        variable("LAYERCAKE_REGISTRY")
    }

    /// The `layercake` program, to be run on this daemon.
    pub fn layercake(&self) -> Result<Command> {
        let mut command = self.command(variable("LAYERCAKE_BIN")?);
        command.env("LAYERCAKE_EXPENSIVE", "allow"); // A CI job's default is another.
        Ok(command)
    }

    /// `docker buildx`, to be run on this daemon.
    pub fn buildx(&self) -> Command {
        let mut command = self.command("docker".to_owned());
        command.arg("buildx");
        command
    }

    fn command(&self, program: String) -> Command {
        let mut command = Command::new(program);
        command.envs(&self.env);
        command
    }
}

impl PrivateEngine {
    /// Starts an empty daemon. Two tests at once need two names.
    pub fn start(name: &str) -> Result<Self> {
        Self::start_on(name, None)
    }

    /// Starts an empty daemon that keeps what it builds in memory, in a disk of this size: `400M`.
    pub fn start_on(name: &str, disk: Option<&str>) -> Result<Self> {
        Engine::given()?;
        chore(&["engine", "wipe", "--name", name])?;
        let mut private = Self {
            name: name.to_owned(),
            engine: Engine::default(),
        };
        private.up_with(disk)?;
        Ok(private)
    }

    /// The daemon.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Starts the daemon again, with the cache that it had.
    pub fn up(&mut self) -> Result<()> {
        self.up_with(None)
    }

    /// The same, and gives its memory disk this size.
    pub fn up_with(&mut self, disk: Option<&str>) -> Result<()> {
        let mut up = vec!["engine", "up", "--name", &self.name];
        up.extend(disk.iter().flat_map(|size| ["--disk", size]));
        chore(&up)?;
        self.engine.env = exports(&chore(&["engine", "env", "--name", &self.name])?)?;
        Ok(())
    }

    /// Kills the daemon where it stands.
    pub fn kill(&self) -> Result<()> {
        chore(&["engine", "kill", "--name", &self.name]).map(drop)
    }

    /// Leaves in a killed daemon's store what a kill leaves that comes between a snapshot's folder and its record: a
    /// folder under the number that the next snapshot gets.
    pub fn leave_folder(&self) -> Result<()> {
        let snapshots = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../target/engine/daemons")
            .join(&self.name)
            .join("root/runc-overlayfs/snapshots/snapshots");
        let mut last = 0;
        for entry in fs::read_dir(&snapshots)? {
            let number = entry?.file_name().to_string_lossy().parse::<u32>();
            last = last.max(number.unwrap_or_default());
        }
        fs::create_dir_all(snapshots.join((last + 1).to_string()).join("fs"))?;
        Ok(())
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        // Nothing can be done about an error here; the next `start` of this name wipes too.
        let _ = chore(&["engine", "wipe", "--name", &self.name]);
    }
}

fn chore(arguments: &[&str]) -> Result<String> {
    process::output(Command::new(PathBuf::from(variable("LAYERCAKE_XTASK")?)).args(arguments))
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is not set: {HOW}"))
}

/// Reads lines such as `export NAME='value'`.
fn exports(text: &str) -> Result<BTreeMap<String, String>> {
    let mut env = BTreeMap::new();
    for line in text.lines() {
        let pair = line
            .strip_prefix("export ")
            .and_then(|rest| rest.split_once('='));
        let Some((name, value)) = pair else {
            bail!("`{line}` is no export")
        };
        env.insert(
            name.to_owned(),
            value.trim_matches('\'').replace(r"'\''", "'"),
        );
    }
    Ok(env)
}

#[cfg(test)]
mod tests {
    use super::exports;

    #[test]
    fn exports_are_read() {
        let env = exports("export A='b c'\nexport D='it'\\''s'\n").unwrap();
        assert_eq!((env["A"].as_str(), env["D"].as_str()), ("b c", "it's"));
        assert!(exports("A=b").is_err());
    }
}
