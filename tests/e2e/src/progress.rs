//! The lines of `--progress=rawjson`, which buildx and layercake have in common.

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::State;

const STDOUT: u8 = 1;

/// One line.
#[derive(Deserialize)]
pub struct Update {
    /// Steps, each with its state at this moment.
    #[serde(default)]
    pub vertexes: Vec<Vertex>,
    #[serde(default)]
    logs: Vec<Log>,
}

/// A step.
#[derive(Deserialize)]
pub struct Vertex {
    /// What tells it from all others.
    pub digest: String,
    #[serde(default)]
    name: String,
    completed: Option<String>,
    #[serde(default)]
    cached: bool,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    stream: u8,
    #[serde(default)]
    data: String,
}

impl Update {
    /// Reads a line.
    pub fn of(line: &str) -> Result<Self> {
        serde_json::from_str(line).with_context(|| format!("no progress: {line}"))
    }

    /// What steps wrote to stdout.
    pub fn stdout(&self) -> Result<String> {
        let mut text = String::new();
        for log in self.logs.iter().filter(|log| log.stream == STDOUT) {
            text += &String::from_utf8_lossy(&STANDARD.decode(&log.data)?);
        }
        Ok(text)
    }
}

impl Vertex {
    /// The stage that the step's name begins with: `[STAGE] what it does`.
    pub fn stage(&self) -> Option<&str> {
        let (stage, _) = self.name.strip_prefix('[')?.split_once("] ")?;
        (stage != "internal" && !stage.contains(' ')).then_some(stage)
    }

    /// What became of it.
    pub fn state(&self) -> State {
        if !self.error.is_empty() {
            return State::Failed;
        }
        if self.completed.is_some() && !self.cached {
            State::Ran
        } else {
            State::Cached
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Update;

    #[track_caller]
    fn check(name: &str, stage: Option<&str>) {
        let line = format!(r#"{{"vertexes":[{{"digest":"a","name":"{name}"}}]}}"#);
        assert_eq!(Update::of(&line).unwrap().vertexes[0].stage(), stage);
    }

    #[test]
    fn only_stages_are_stages() {
        check("[conda-env] micromamba install", Some("conda-env"));
        check("[internal] load files", None);
        check("[stage-0 2/3] RUN make", None);
        check("exporting to image", None);
    }

    #[test]
    fn only_stdout_is_stdout() {
        let line = r#"{"logs":[{"stream":1,"data":"aGkK"},{"stream":2,"data":"aGkK"}]}"#;
        assert_eq!(Update::of(line).unwrap().stdout().unwrap(), "hi\n");
    }
}
