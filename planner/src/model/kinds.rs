//! The stage kinds, resolved: paths canonical, texts read, references by index.
//!
//! What serializes here is what a stage's key says of its parameters; what is skipped is in the key by
//! another way (files by their digests, bases and stages by their keys) or not at all (places).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::{BaseIx, StageIx};
use crate::facts::{PathFact, PathNeed};
use crate::lock::{LockedWheel, Package, Tool};
use crate::source::Span;

/// What a stage does.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A conda environment.
    Conda(Conda),
    /// Debian packages.
    Apt(Apt),
    /// Python packages from an index.
    Pip(Pip),
    /// A Python project of the repository.
    Wheel(Wheel),
    /// Node packages.
    Npm(Npm),
    /// Something fetched.
    Fetch(Fetch),
    /// An archive unpacked.
    Unpack(Unpack),
    /// Files copied.
    Copy(Vec<CopyItem>),
    /// Files written inline.
    Files(Vec<FileItem>),
    /// A command.
    Run(Run),
    /// Files of another image.
    Image(Take),
}

impl Kind {
    /// The key that the file has for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conda(_) => "conda",
            Self::Apt(_) => "apt",
            Self::Pip(_) => "pip",
            Self::Wheel(_) => "wheel",
            Self::Npm(_) => "npm",
            Self::Fetch(_) => "fetch",
            Self::Unpack(_) => "unpack",
            Self::Copy(_) => "copy",
            Self::Files(_) => "files",
            Self::Run(_) => "run",
            Self::Image(_) => "image",
        }
    }

    /// The stages that it takes files from, in the order in which it names them.
    pub fn sources(&self) -> Vec<StageIx> {
        match self {
            Self::Copy(items) => items.iter().filter_map(|item| item.from.stage()).collect(),
            Self::Run(run) => run
                .inputs
                .iter()
                .filter_map(|input| input.from.stage())
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Files of the context that a stage reads. A key has them by what they hold, not by how they were chosen.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Which.
    #[serde(skip)]
    pub need: PathNeed,
    /// What they are, where that was asked.
    #[serde(skip)]
    pub fact: Option<Arc<PathFact>>,
    /// Where they are named.
    #[serde(skip)]
    pub span: Span,
}

impl Input {
    /// Whether it is one file, as far as known.
    pub fn is_file(&self) -> bool {
        matches!(self.fact.as_deref(), Some(PathFact::File(_)))
    }
}

impl From {
    fn stage(&self) -> Option<StageIx> {
        match self {
            Self::Context(_) => None,
            Self::Stage { stage, .. } => Some(*stage),
        }
    }
}

/// Where copied files come from.
#[derive(Clone, Debug, Serialize)]
pub enum From {
    /// The context.
    Context(Input),
    /// Another stage's result.
    Stage {
        /// The stage.
        #[serde(skip)]
        stage: StageIx,
        /// The absolute path in its result.
        path: String,
        /// Patterns of the files to take.
        include: Vec<String>,
        /// Patterns of the files to leave.
        exclude: Vec<String>,
    },
}

/// A conda environment.
#[derive(Clone, Debug, Serialize)]
pub struct Conda {
    /// The environment file's meaning: canonical JSON, which is YAML too.
    pub environment: String,
    /// The file it was read from.
    #[serde(skip)]
    pub path: String,
    /// Where the environment lies.
    pub prefix: String,
    /// The image whose micromamba does the work, where that is not the stage's own base.
    #[serde(skip)]
    pub tool: Option<BaseIx>,
    /// Virtual packages to assume.
    pub virtual_packages: BTreeMap<String, String>,
    /// How many layers it has at most where it is locked.
    #[serde(skip)]
    pub layers: usize,
    /// The packages whose scripts may run where it is locked.
    #[serde(skip)]
    pub scripts: BTreeSet<String>,
    /// Whether `layercake lock` solves it: the file does not have micromamba do so.
    #[serde(skip)]
    pub lockable: bool,
    /// The packages for the model's platform, where `layercake.lock` has them.
    #[serde(skip)]
    pub locked: Option<LockedEnvironment>,
}

/// A conda environment as `layercake.lock` has it, found to be of what the file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedEnvironment {
    /// The conda packages, by name.
    pub packages: Vec<Package>,
    /// The Python distributions of the `pip:` section, by name.
    pub wheels: Vec<LockedWheel>,
    /// What links the packages, where the lock pins it.
    pub tool: Option<Tool>,
}

/// Debian packages.
#[derive(Clone, Debug, Serialize)]
pub struct Apt {
    /// Their names.
    pub packages: BTreeSet<String>,
    /// `.deb` files.
    pub debs: Vec<Input>,
    /// Whether recommended packages come too.
    pub recommends: bool,
}

/// Python packages from an index.
#[derive(Clone, Debug, Serialize)]
pub struct Pip {
    /// A canonical requirements file.
    pub requirements: String,
    /// The file it was read from, if there is one.
    #[serde(skip)]
    pub path: Option<String>,
    /// The interpreter, where the file names one; the plan decides.
    #[serde(skip)]
    pub python: Option<String>,
    /// The index.
    pub index_url: Option<String>,
    /// Further indexes.
    pub extra_index_urls: Vec<String>,
    /// Whether dependencies stay away.
    pub no_deps: bool,
}

/// A Python project of the repository.
#[derive(Clone, Debug, Serialize)]
pub struct Wheel {
    /// Its files.
    pub source: Input,
    /// What its `[build-system]` requires, sorted.
    pub requires: Vec<String>,
    /// The interpreter, where the file names one.
    pub python: Option<String>,
    /// Whether pip installs what it depends on.
    pub deps: bool,
}

/// Node packages.
#[derive(Clone, Debug, Serialize)]
pub enum Npm {
    /// Installed globally.
    Global(BTreeSet<String>),
    /// A project's, by its lock file.
    Project {
        /// `package.json` and `package-lock.json`.
        source: Input,
        /// The folder that gets `node_modules`.
        to: String,
    },
}

/// Something fetched.
#[derive(Clone, Debug, Serialize)]
pub enum Fetch {
    /// A file.
    Url {
        /// Where from. Not in the key: the checksum says what it is.
        #[serde(skip)]
        url: String,
        /// Its checksum, `sha256:…`.
        checksum: String,
        /// The file's path in the image, or with `unpack` the folder.
        to: String,
        /// Its mode.
        mode: Option<u32>,
        /// Whether it is unpacked.
        unpack: bool,
    },
    /// A tree of a git repository.
    Git {
        /// Where from. Not in the key: the commit says what it is.
        #[serde(skip)]
        repository: String,
        /// The commit.
        commit: String,
        /// The folder in it, absolute.
        path: String,
        /// Where it goes.
        to: String,
    },
}

/// An archive unpacked.
#[derive(Clone, Debug, Serialize)]
pub struct Unpack {
    /// The archive.
    pub archive: Input,
    /// Where to.
    pub to: String,
    /// Whether it is a zip, which BuildKit cannot unpack by itself.
    pub zip: bool,
}

/// One copy.
#[derive(Clone, Debug, Serialize)]
pub struct CopyItem {
    /// What.
    pub from: From,
    /// Where to.
    pub to: String,
    /// Whether `to` is a folder to put it into, should it be a file; known already of files of the context.
    pub into: bool,
    /// The mode of all files.
    pub mode: Option<String>,
    /// The owner.
    pub owner: Option<String>,
    /// Where it is asked for.
    #[serde(skip)]
    pub span: Span,
}

/// One inline file.
#[derive(Clone, Debug, Serialize)]
pub struct FileItem {
    /// Where.
    pub path: String,
    /// What is in it.
    pub content: String,
    /// Its mode.
    pub mode: u32,
    /// Its owner.
    pub owner: Option<String>,
    /// Where it is asked for.
    #[serde(skip)]
    pub span: Span,
}

/// A command.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Run {
    /// What the shell runs.
    pub script: String,
    /// What it reads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<RunInput>,
    /// What is kept; all if empty.
    pub outputs: Vec<String>,
    /// Environment variables, build arguments among them.
    pub env: BTreeMap<String, String>,
    /// Cache mounts.
    pub caches: Vec<Cache>,
    /// Secrets.
    pub secrets: Vec<Secret>,
    /// SSH agents.
    pub ssh: Vec<Ssh>,
    /// Folders in memory.
    pub tmpfs: Vec<String>,
    /// The user.
    pub user: Option<String>,
    /// Where it runs.
    pub workdir: Option<String>,
    /// Whether it has no network.
    pub offline: bool,
}

/// Something a command reads.
#[derive(Clone, Debug, Serialize)]
pub struct RunInput {
    /// What.
    pub from: From,
    /// Where it is mounted.
    pub to: String,
}

/// A cache mount.
#[derive(Clone, Debug, Serialize)]
pub struct Cache {
    /// Where it is mounted.
    pub to: String,
    /// Its identity. Not in the key, as BuildKit keeps it out.
    #[serde(skip)]
    pub id: String,
    /// Who may use it at once. Not in the key, as BuildKit keeps it out.
    #[serde(skip)]
    pub sharing: CacheSharing,
}

/// How builds share a cache mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheSharing {
    /// All at once.
    Shared,
    /// Each its own.
    Private,
    /// One at a time.
    #[default]
    Locked,
}

/// A secret.
#[derive(Clone, Debug, Serialize)]
pub struct Secret {
    /// Its id.
    pub id: String,
    /// The file, where it is one.
    pub to: Option<String>,
    /// The environment variable, where it is one.
    pub env: Option<String>,
    /// Whether it may be absent.
    pub optional: bool,
}

/// An SSH agent's socket.
#[derive(Clone, Debug, Serialize)]
pub struct Ssh {
    /// Its id.
    pub id: String,
    /// The socket's path.
    pub to: Option<String>,
    /// Whether it may be absent.
    pub optional: bool,
}

/// Files of another image.
#[derive(Clone, Debug, Serialize)]
pub struct Take {
    /// The image.
    #[serde(skip)]
    pub image: BaseIx,
    /// What is taken.
    pub paths: Vec<TakenPath>,
}

/// One path of another image.
#[derive(Clone, Debug, Serialize)]
pub struct TakenPath {
    /// There.
    pub from: String,
    /// Here.
    pub to: String,
}
