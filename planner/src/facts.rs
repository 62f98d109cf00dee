//! Facts: what planning needs from the world. The edge gathers them, the core takes them as values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::source::Source;

/// What must be known before a [`Spec`](crate::spec::Spec) can be resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// References of images whose digest and configuration matter.
    pub images: BTreeSet<String>,
    /// Files of the context whose text matters.
    pub texts: BTreeSet<String>,
    /// Files and folders of the context that stages read.
    pub paths: BTreeSet<PathNeed>,
    /// URLs whose files have no checksum yet; only `layercake lock` can answer.
    pub checksums: BTreeSet<String>,
}

/// A file or folder of the context and which of its files are read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PathNeed {
    /// The normalised path, `/`-separated, relative to the context; empty is the context itself.
    pub path: String,
    /// Patterns of the files that are read, relative to `path`, by `.dockerignore` rules; none means all.
    pub include: Vec<String>,
    /// Patterns of the files that are not.
    pub exclude: Vec<String>,
}

/// How the pointer file of git-lfs begins, from its specification.
pub const LFS_HEADER: &str = "version https://git-lfs.github.com/spec/";

/// What is known of the world.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The platform built for.
    pub platform: Platform,
    /// Build arguments given from outside.
    pub build_args: BTreeMap<String, String>,
    /// Images by reference as written. One that is missing here has not been asked for: the plan is then
    /// complete but for its digest, and cannot be lowered.
    pub images: BTreeMap<String, ImageFact>,
    /// Texts of files, by normalised path.
    pub texts: BTreeMap<String, Result<String, String>>,
    /// Files and folders.
    pub paths: BTreeMap<PathNeed, PathFact>,
    /// The lock beside the file, if there is one.
    pub lock: Option<Source>,
    /// Checksums of what URLs give, `sha256:…`, where `layercake lock` has just looked.
    pub checksums: BTreeMap<String, String>,
}

/// An image as its registry describes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageFact {
    /// The manifest's digest, `sha256:…`.
    pub digest: String,
    /// The image configuration, Docker's extensions (`Shell`, `Healthcheck`) included.
    pub config: Value,
}

/// What stands at a path of the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathFact {
    /// A file.
    File(FileFact),
    /// A folder and the files below it that are read, by path relative to it.
    Folder(BTreeMap<String, FileFact>),
    /// Nothing; paths of a similar name, if any.
    Missing(Vec<String>),
    /// Something that `.dockerignore` leaves out, and the line that does.
    Ignored(String),
    /// A symbolic link whose target lies outside the context.
    Escapes(String),
    /// Something that could not be read, and why.
    Unreadable(String),
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFact {
    /// Its size in bytes.
    pub size: u64,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// SHA-256 of its bytes, hexadecimal; for a symbolic link, of its target. `None` where only BuildKit
    /// reads the file: the plan is complete, and its keys say so.
    pub digest: Option<String>,
    /// The target of a symbolic link.
    pub link: Option<String>,
    /// What its first bytes tell.
    #[serde(flatten)]
    pub beginning: Beginning,
}

/// What the first bytes of a file tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Beginning {
    /// Whether it is a git-lfs pointer in place of the file.
    pub lfs_pointer: bool,
    /// Whether it is a script whose first line ends as Windows has it, so that Linux looks for an interpreter of
    /// another name.
    pub crlf_script: bool,
}

impl Beginning {
    /// Of a file that begins with `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let first = lines.next().filter(|_| lines.next().is_some());
        Self {
            lfs_pointer: bytes.starts_with(LFS_HEADER.as_bytes()),
            crlf_script: first.is_some_and(|line| line.starts_with(b"#!") && line.ends_with(b"\r")),
        }
    }
}

/// A platform: `linux/amd64`, `linux/arm64/v8`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Platform {
    /// The operating system: `linux`.
    pub os: String,
    /// The architecture: `amd64`.
    pub architecture: String,
    /// The variant, empty if none: `v8`.
    pub variant: String,
}

impl Default for Platform {
    fn default() -> Self {
        Self {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: String::new(),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        Ok(())
    }
}
