//! What a stage of the plan does: the model's kinds, with every reference to another stage by its id here.

use serde::Serialize;

use super::linked::{LinkStep, ScriptStep, SdistStep};
use crate::graph::StageId;
use crate::model::{
    Apt, BaseIx, Cache, Conda, Fetch, FileItem, From, Input, Npm, Pip, Run, Secret, Ssh, Take,
    Unpack,
};

/// What a stage does. What serializes is the parameters of its key.
#[derive(Clone, Debug, Serialize)]
pub enum Work {
    /// Solves and installs a conda environment.
    Conda {
        /// The environment.
        #[serde(flatten)]
        conda: Conda,
        /// The image whose micromamba does it.
        #[serde(skip)]
        tool: BaseIx,
    },
    /// Links packages of a locked conda environment.
    Link(LinkStep),
    /// Builds a wheel of a locked conda environment's `pip:` section from its source.
    BuildSdist(SdistStep),
    /// Runs the scripts that packages of a locked conda environment have for it.
    Scripts(ScriptStep),
    /// What several stages made, as one tree: a locked conda environment that another stage reads.
    Join {
        /// The stages, lowest first.
        #[serde(skip)]
        parts: Vec<StageId>,
    },
    /// Installs Debian packages.
    Apt(Apt),
    /// Installs Python packages from an index.
    Pip {
        /// The packages.
        #[serde(flatten)]
        pip: Pip,
        /// For which interpreter.
        python: Python,
    },
    /// Builds a wheel.
    BuildWheel {
        /// The project.
        source: Input,
        /// What its build system requires, sorted.
        requires: Vec<String>,
    },
    /// Installs a wheel that was built.
    InstallWheel {
        /// The stage that built it.
        #[serde(skip)]
        wheel: StageId,
        /// For which interpreter.
        python: Python,
        /// Whether what it depends on is installed too.
        deps: bool,
    },
    /// Installs Node packages.
    Npm(Npm),
    /// Fetches something.
    Fetch(Fetch),
    /// Unpacks an archive.
    Unpack {
        /// The archive.
        #[serde(flatten)]
        unpack: Unpack,
        /// The image whose programs unpack a zip.
        #[serde(skip)]
        tool: Option<BaseIx>,
    },
    /// Copies files.
    Copy(Vec<CopyStep>),
    /// Writes inline files.
    Files(Vec<FileItem>),
    /// Runs a command.
    Run(RunStep),
    /// Takes files of another image.
    Take(Take),
}

/// Which Python a stage installs for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Python {
    /// The one first on the root's `PATH`: `python3`, else `python`.
    OfRoot,
    /// The one at this path, or of this name.
    At(String),
}

/// Where copied or mounted files come from.
#[derive(Clone, Debug, Serialize)]
pub enum CopyFrom {
    /// The context.
    Context(Input),
    /// A path of another stage's result.
    Stage {
        /// The stage.
        #[serde(skip)]
        stage: StageId,
        /// The absolute path.
        path: String,
        /// Patterns of the files to take.
        include: Vec<String>,
        /// Patterns of the files to leave.
        exclude: Vec<String>,
    },
}

/// One copy.
#[derive(Clone, Debug, Serialize)]
pub struct CopyStep {
    /// What.
    pub from: CopyFrom,
    /// Where to.
    pub to: String,
    /// Whether `to` is a folder to put it into, should it be a file; known already of files of the context.
    pub into: bool,
    /// The mode of all files.
    pub mode: Option<String>,
    /// The owner.
    pub owner: Option<String>,
}

/// A command.
#[derive(Clone, Debug, Serialize)]
pub struct RunStep {
    /// As the model has it; its inputs are below.
    #[serde(flatten)]
    pub run: Run,
    /// What it reads.
    pub mounted: Vec<Mounted>,
}

/// Something mounted read-only.
#[derive(Clone, Debug, Serialize)]
pub struct Mounted {
    /// What.
    pub from: CopyFrom,
    /// Where.
    pub to: String,
}

impl RunStep {
    /// Cache mounts.
    pub fn caches(&self) -> &[Cache] {
        &self.run.caches
    }

    /// Secrets.
    pub fn secrets(&self) -> &[Secret] {
        &self.run.secrets
    }

    /// SSH agents.
    pub fn ssh(&self) -> &[Ssh] {
        &self.run.ssh
    }
}

impl Work {
    /// Everything of the context that it reads.
    pub fn inputs(&self) -> Vec<&Input> {
        match self {
            Self::Apt(apt) => apt.debs.iter().collect(),
            Self::BuildWheel { source, .. } | Self::Npm(Npm::Project { source, .. }) => {
                vec![source]
            }
            Self::Unpack { unpack, .. } => vec![&unpack.archive],
            Self::Copy(steps) => steps
                .iter()
                .filter_map(|step| step.from.context())
                .collect(),
            Self::Run(step) => step
                .mounted
                .iter()
                .filter_map(|mounted| mounted.from.context())
                .collect(),
            Self::Conda { .. }
            | Self::Link(_)
            | Self::BuildSdist(_)
            | Self::Scripts(_)
            | Self::Join { .. }
            | Self::Pip { .. }
            | Self::InstallWheel { .. }
            | Self::Npm(Npm::Global(_))
            | Self::Fetch(_)
            | Self::Files(_)
            | Self::Take(_) => Vec::new(),
        }
    }

    /// The file of the context that its parameters were read from.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Conda { conda, .. } => Some(&conda.path),
            Self::Pip { pip, .. } => pip.path.as_deref(),
            _ => None,
        }
    }

    /// Whether it runs a program; all else BuildKit does by itself.
    pub fn is_command(&self) -> bool {
        match self {
            Self::Conda { .. }
            | Self::Link(_)
            | Self::BuildSdist(_)
            | Self::Scripts(_)
            | Self::Apt(_)
            | Self::Pip { .. }
            | Self::BuildWheel { .. }
            | Self::InstallWheel { .. }
            | Self::Npm(_)
            | Self::Run(_) => true,
            Self::Unpack { tool, .. } => tool.is_some(),
            Self::Join { .. } | Self::Fetch(_) | Self::Copy(_) | Self::Files(_) | Self::Take(_) => {
                false
            }
        }
    }

    /// The stages whose results it reads.
    pub fn reads(&self) -> Vec<StageId> {
        match self {
            Self::InstallWheel { wheel, .. } => vec![*wheel],
            Self::Link(step) => step.built.clone(),
            Self::Join { parts } => parts.clone(),
            Self::Copy(steps) => steps.iter().filter_map(|step| step.from.stage()).collect(),
            Self::Run(step) => step
                .mounted
                .iter()
                .filter_map(|mounted| mounted.from.stage())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The images that it uses besides its root.
    pub fn images(&self) -> Vec<BaseIx> {
        match self {
            Self::Conda { tool, .. } => vec![*tool],
            Self::Unpack { tool, .. } => tool.iter().copied().collect(),
            Self::Take(take) => vec![take.image],
            _ => Vec::new(),
        }
    }
}

impl CopyFrom {
    fn context(&self) -> Option<&Input> {
        match self {
            Self::Context(input) => Some(input),
            Self::Stage { .. } => None,
        }
    }

    fn stage(&self) -> Option<StageId> {
        match self {
            Self::Context(_) => None,
            Self::Stage { stage, .. } => Some(*stage),
        }
    }

    /// The model's source, with `stage` in place of its reference.
    pub(crate) fn of(from: &From, stage: impl FnOnce(crate::model::StageIx) -> StageId) -> Self {
        match from {
            From::Context(input) => Self::Context(input.clone()),
            From::Stage {
                stage: ix,
                path,
                include,
                exclude,
            } => Self::Stage {
                stage: stage(*ix),
                path: path.clone(),
                include: include.clone(),
                exclude: exclude.clone(),
            },
        }
    }
}
