//! A Dockerfile as steps with keys, by the rules of BuildKit's Dockerfile frontend.
//!
//! | what | is in the key of |
//! |---|---|
//! | the step before, so all that is above it | every step but a `COPY --link` |
//! | the text of a command, after its continued lines are joined and their comments dropped | `RUN` |
//! | `ENV` and `ARG` above it, names and values, used or not | `RUN` |
//! | the shell, the user, the working directory | `RUN` |
//! | names, contents and executable bits of the files that it takes, after `.dockerignore` | `COPY`, `ADD`, a bind mount |
//! | the name of the source's last part, the destination, owner and mode | `COPY`, `ADD` |
//! | the last step of the stage that it takes from | `FROM`, `COPY --from`, a bind mount |
//!
//! `ENV`, `ARG`, `LABEL`, `EXPOSE`, `CMD` and their like are no steps. Images count by their reference, and what a
//! `COPY --from` takes is taken to change whenever the stage that it takes from runs.

mod follow;
mod mounts;
mod stage;
mod text;
mod variables;

pub use follow::Follow;

use std::collections::BTreeMap;

use parse_dockerfile::{Dockerfile, parse};

use crate::content::Content;
use crate::files::Files;
use crate::tally::Key;
use stage::Stages;

/// One thing that a Dockerfile has BuildKit do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its line in the file, from 1.
    pub line: usize,
    /// The instruction in one line, as written but for its continued lines.
    pub text: String,
    /// Equal keys, equal results.
    pub key: Key,
}

/// A Dockerfile from which nothing can be built at this commit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DockerfileError {
    /// It cannot be read.
    #[error("{0}")]
    Syntax(String),
    /// It takes something that is not there.
    #[error("line {line}: `{path}` is not in the context")]
    Missing {
        /// The line.
        line: usize,
        /// What it takes.
        path: String,
    },
    /// It takes something that is ignored.
    #[error("line {line}: `{path}` is left out of the context by the ignore file")]
    Ignored {
        /// The line.
        line: usize,
        /// What it takes.
        path: String,
    },
    /// A stage that is not there, or stands on itself.
    #[error("line {line}: there is no stage `{name}` above it")]
    Stage {
        /// The line.
        line: usize,
        /// The name.
        name: String,
    },
    /// The history cannot be read.
    #[error("{0}")]
    History(String),
}

/// The steps of the last stage and of all that it stands on, in the order of the file.
///
/// # Errors
/// Why a build would fail at this commit.
pub fn steps<F: Files>(
    text: &str,
    arguments: &BTreeMap<String, String>,
    content: &mut Content<'_, F>,
) -> Result<Vec<Step>, DockerfileError> {
    let file: Dockerfile<'_> =
        parse(text).map_err(|error| DockerfileError::Syntax(error.to_string()))?;
    let mut stages = Stages::new(text, &file, arguments, content);
    stages.last()?;
    Ok(stages.into_steps())
}
