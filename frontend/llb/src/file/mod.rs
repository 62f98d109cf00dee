//! Changes to files without running anything: several actions on one filesystem make one operation.

use buildkit_proto::pb::{self, file_action::Action};

use crate::attributes::{Annotate, Attributes};
use crate::output::{Inputs, Vertex, index};
use crate::{LlbError, Output, caps};

mod copy;
mod options;
mod path;

pub use copy::{CopyMode, CopyOptions};
pub(crate) use options::mode_bits;
pub use options::{Mkdir, Mkfile, Owner, Rm, Symlink, User};
pub(crate) use path::clean as clean_path;

/// Stands for no output where an action's output is expected.
const NO_OUTPUT: i64 = -1;

/// Changes to the files of one filesystem, in order, under construction. Relative paths are taken from `/`.
///
/// ```
/// use buildkit_llb::{CopyOptions, FileOps, Mkdir, Mkfile, Source};
///
/// let context = Source::local("context").session_id("s").build()?;
/// let files = FileOps::on(None)
///     .mkdir("/app", Mkdir::default())
///     .mkfile("/app/version", "1.0", Mkfile::default())
///     .copy(context, "/src", "/app/src", CopyOptions::default())
///     .build()?;
/// # Ok::<(), buildkit_llb::LlbError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FileOps {
    base: Option<Output>,
    steps: Vec<Step>,
    attributes: Attributes,
}

/// One action, with what it copies from if it is a copy.
#[derive(Debug, Clone)]
struct Step {
    action: Result<Action, LlbError>,
    source: Option<Output>,
    owner: Option<Owner>,
}

impl FileOps {
    /// Changes to the files of `base`; `None` is an empty filesystem.
    pub fn on(base: impl Into<Option<Output>>) -> Self {
        Self {
            base: base.into(),
            steps: Vec::new(),
            attributes: Attributes::new(),
        }
    }

    /// Makes a directory.
    #[must_use]
    pub fn mkdir(self, path: impl AsRef<str>, options: Mkdir) -> Self {
        let owner = options.owner.clone();
        self.step(options.into_action(path.as_ref()), owner)
    }

    /// Makes a file of this content.
    #[must_use]
    pub fn mkfile(
        self,
        path: impl AsRef<str>,
        content: impl Into<Vec<u8>>,
        options: Mkfile,
    ) -> Self {
        let owner = options.owner.clone();
        self.step(options.into_action(path.as_ref(), content.into()), owner)
    }

    /// Makes a symlink at `path` that points to `target`. Both are written as given.
    #[must_use]
    pub fn symlink(
        self,
        target: impl Into<String>,
        path: impl Into<String>,
        options: Symlink,
    ) -> Self {
        let owner = options.owner.clone();
        self.step(Ok(options.into_action(target.into(), path.into())), owner)
    }

    /// Removes a file, or a directory with all that is in it.
    #[must_use]
    pub fn rm(self, path: impl AsRef<str>, options: Rm) -> Self {
        self.step(Ok(options.into_action(path.as_ref())), None)
    }

    /// Copies `src` of another filesystem to `dest`. A directory lands inside a `dest` that exists, and becomes a
    /// `dest` that does not; [`CopyOptions`] change that.
    #[must_use]
    pub fn copy(
        mut self,
        from: impl Into<Option<Output>>,
        src: impl AsRef<str>,
        dest: impl AsRef<str>,
        options: CopyOptions,
    ) -> Self {
        let owner = options.owner.clone();
        let action = options.into_action(src.as_ref(), dest.as_ref());
        self.steps.push(Step {
            action,
            source: from.into(),
            owner,
        });
        self
    }

    /// The filesystem with all changes made.
    pub fn build(mut self) -> Result<Output, LlbError> {
        if self.steps.is_empty() {
            return Err(LlbError::NoActions);
        }
        // Go's client looks for the capabilities of single actions before it has any, and so names only this one.
        self.attributes.add_cap(caps::FILE_BASE);
        let dependencies = self.dependencies();
        let platform = self.base.as_ref().and_then(|base| base.platform().cloned());

        let mut inputs = Inputs::default();
        let base = inputs.share(self.base.as_ref());
        let sources: Vec<i64> = self
            .steps
            .iter()
            .map(|step| inputs.share(step.source.as_ref()))
            .collect();
        let last = self.steps.len() - 1;
        let mut actions = Vec::with_capacity(self.steps.len());
        for (number, (step, source)) in self.steps.into_iter().zip(sources).enumerate() {
            actions.push(pb::FileAction {
                // Outputs of earlier actions are counted on from the inputs.
                input: if number == 0 {
                    base
                } else {
                    index(inputs.len() + number - 1)
                },
                secondary_input: source,
                output: if number == last { 0 } else { NO_OUTPUT },
                action: Some(owned(step.action?, step.owner, base)),
            });
        }
        let op = pb::op::Op::File(pb::FileOp { actions });
        let vertex = Vertex::with_dependencies(op, &inputs, dependencies, None, self.attributes);
        Ok(Output::new(vertex, 0, platform))
    }

    fn step(mut self, action: Result<Action, LlbError>, owner: Option<Owner>) -> Self {
        self.steps.push(Step {
            action,
            source: None,
            owner,
        });
        self
    }

    /// What the operation stands on in the order in which Go's client visits it: the base, then the sources of copies
    /// from the last to the first.
    fn dependencies(&self) -> Vec<Output> {
        let sources = self
            .steps
            .iter()
            .rev()
            .filter_map(|step| step.source.as_ref());
        self.base.iter().chain(sources).cloned().collect()
    }
}

impl Annotate for FileOps {
    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }
}

/// The action with its owner, whose name is looked up in the filesystem that is changed.
fn owned(mut action: Action, owner: Option<Owner>, base: i64) -> Action {
    let owner = owner.map(|owner| owner.to_pb(base));
    match &mut action {
        Action::Copy(copy) => copy.owner = owner,
        Action::Mkfile(mkfile) => mkfile.owner = owner,
        Action::Mkdir(mkdir) => mkdir.owner = owner,
        Action::Symlink(symlink) => symlink.owner = owner,
        Action::Rm(_) => {}
    }
    action
}
