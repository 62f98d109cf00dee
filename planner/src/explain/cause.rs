//! What makes a stage run again, one fact each, with its old and new value.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One difference between two records of a stage. `None` stands for what is not there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Cause {
    /// It is a stage of another kind.
    Kind {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// It is built for another platform.
    Platform {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// It runs on another image, or uses another.
    Image {
        /// `base`, or `image` and its name in the file.
        name: String,
        /// Before.
        from: Option<ImageVersion>,
        /// Now.
        to: Option<ImageVersion>,
    },
    /// A file that it reads.
    File {
        /// Its path in the context.
        path: String,
        /// What became of it.
        #[serde(flatten)]
        change: FileChange,
    },
    /// A package that it installs.
    Package {
        /// The file that asks for it, else the stage's kind.
        list: String,
        /// The package, or an option of its installer.
        name: String,
        /// The version asked for before; empty if any would do.
        from: Option<String>,
        /// The version asked for now.
        to: Option<String>,
    },
    /// A text that it runs or writes.
    Text {
        /// `command`, or the path of the file that it writes.
        name: String,
        /// The lines that differ, as a unified difference; empty if the texts are too long for that.
        diff: String,
    },
    /// A variable of its environment, be it set in the file or a build argument.
    Variable {
        /// Its name.
        name: String,
        /// Before.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// Another of its parameters.
    Parameter {
        /// Its name in the file.
        name: String,
        /// Before.
        from: Option<Value>,
        /// Now.
        to: Option<Value>,
    },
    /// The same things are there in another order.
    Order {
        /// What is.
        of: String,
    },
    /// It stands on one stage more or less, or reads one.
    Dependency {
        /// How it depends.
        relation: Relation,
        /// The stage.
        stage: String,
        /// Whether it depends on it now.
        added: bool,
    },
    /// A stage that it stands on or reads has another key: no root of the change.
    Stage {
        /// How it depends.
        relation: Relation,
        /// The stage.
        stage: String,
    },
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum FileChange {
    /// It is read now.
    Added,
    /// It is no longer read.
    Removed,
    /// It bears another name.
    Renamed {
        /// The path now.
        to: String,
    },
    /// Its bytes are others. SHA-256; `None` where nobody read the bytes.
    Content {
        /// Before.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// Its mode is another: `0644` or `0755`, as other bits are not read.
    Mode {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// It is a link to elsewhere, or no longer one.
    Link {
        /// Before.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// It is a folder and was a file, or the other way round.
    Kind {
        /// `file` or `folder`.
        from: String,
        /// `file` or `folder`.
        to: String,
    },
}

/// An image at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageVersion {
    /// The reference.
    pub reference: String,
    /// The manifest's digest, if it is known.
    pub digest: Option<String>,
}

/// How a stage depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// It runs on top of its files.
    Needs,
    /// It reads files of its result.
    Reads,
}
