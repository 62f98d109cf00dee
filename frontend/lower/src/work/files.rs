//! Files: copied from the context, from other stages and images, and written inline.

use buildkit_llb::{CopyMode, CopyOptions, FileOps, LlbError, Mkfile, Output, Owner};
use layercake_planner::model::{FileItem, Input, Take};
use layercake_planner::plan::{CopyFrom, CopyStep, StageId};

use super::{NamedInternal, folders};
use crate::LowerError;
use crate::assemble::Lowering;
use crate::context::Files;

impl Lowering<'_> {
    pub(super) fn copy(&mut self, id: StageId, steps: &[CopyStep]) -> Result<Output, LowerError> {
        let mut files = FileOps::on(None);
        let mut shown = Vec::new();
        for step in steps {
            let source = self.source(id, &step.from)?;
            let options = self.of_stage(id, options(step, &source))?;
            let from = source.file.as_deref().unwrap_or(&source.root);
            let (folder, to) = target(step, &source);
            files = folders(files, folder).copy(source.output, from, &to, options);
            shown.push(format!("{} to {to}", source.shown));
        }
        let what = format!("copy {}", shown.join(", "));
        self.file(id, files, &what)
    }

    pub(super) fn files(&mut self, id: StageId, items: &[FileItem]) -> Result<Output, LowerError> {
        let mut files = FileOps::on(None);
        for item in items {
            let owner = item.owner.as_deref().map(Owner::parse).transpose();
            let options = Mkfile {
                mode: item.mode,
                owner: self.of_stage(id, owner)?,
                timestamp: None,
            };
            files = folders(files, parent(&item.path)).mkfile(
                &item.path,
                item.content.as_str(),
                options,
            );
        }
        let paths: Vec<_> = items.iter().map(|item| item.path.as_str()).collect();
        // A vertex without inputs is reported as run each time its key is computed; a copy is not.
        let written = files
            .named_internal(&format!("content of {}", self.plan.stage(id).id))
            .build();
        let written = self.of_stage(id, written)?;
        let options = CopyOptions {
            contents_only: true,
            ..CopyOptions::default()
        };
        let copy = FileOps::on(None).copy(written, "/", "/", options);
        self.file(id, copy, &format!("write {}", paths.join(", ")))
    }

    pub(super) fn take(&mut self, id: StageId, take: &Take) -> Result<Output, LowerError> {
        let image = self.base(take.image)?;
        let mut files = FileOps::on(None);
        for path in &take.paths {
            let options = CopyOptions {
                create_dest_path: true,
                ..CopyOptions::default()
            };
            files =
                folders(files, parent(&path.to)).copy(image.clone(), &path.from, &path.to, options);
        }
        let what = format!("take files of {}", self.plan.base(take.image).reference);
        self.file(id, files, &what)
    }

    /// The canonical copy of an input's files.
    pub(super) fn files_of(&self, id: StageId, input: &Input) -> Result<Files, LowerError> {
        let context = self
            .context
            .as_ref()
            .ok_or(LowerError::Config("there is no context"))?;
        self.of_stage(id, context.files(input))
    }

    /// What is copied or mounted, wherever it comes from.
    pub(super) fn source(
        &mut self,
        id: StageId,
        from: &CopyFrom,
    ) -> Result<CopySource, LowerError> {
        Ok(match from {
            CopyFrom::Context(input) => {
                let files = self.files_of(id, input)?;
                CopySource {
                    output: files.output,
                    file: files.file,
                    root: "/".into(),
                    shown: input.need.path.clone(),
                    patterns: (Vec::new(), Vec::new()),
                }
            }
            CopyFrom::Stage {
                stage,
                path,
                include,
                exclude,
            } => CopySource {
                output: self.result(*stage)?,
                file: None,
                root: path.clone(),
                shown: format!("{path} of {}", self.plan.stage(*stage).id),
                patterns: (include.clone(), exclude.clone()),
            },
        })
    }
}

/// What is copied or mounted.
pub(super) struct CopySource {
    /// The filesystem.
    pub(super) output: Output,
    /// The path in it, where it is known to be one file.
    pub(super) file: Option<String>,
    /// The path in it otherwise.
    pub(super) root: String,
    /// What a person calls it.
    shown: String,
    /// What to take and to leave.
    patterns: (Vec<String>, Vec<String>),
}

impl CopySource {
    /// Whether patterns choose among its files.
    pub(super) fn filtered(&self) -> bool {
        !self.patterns.0.is_empty() || !self.patterns.1.is_empty()
    }

    /// A copy of what its patterns choose.
    pub(super) fn selection(&self) -> CopyOptions {
        let (include_patterns, exclude_patterns) = self.patterns.clone();
        CopyOptions {
            contents_only: self.file.is_none(),
            create_dest_path: true,
            include_patterns,
            exclude_patterns,
            ..CopyOptions::default()
        }
    }

    /// The same files at the root of a filesystem of their own.
    pub(super) fn alone(self, output: Output) -> Self {
        Self {
            output,
            root: "/".into(),
            patterns: (Vec::new(), Vec::new()),
            ..self
        }
    }
}

/// The folder to make first, and where a copy goes. What another stage gives may be a file or a folder, as
/// BuildKit finds when it copies: a file must not find a folder of its name, and one that goes into a folder is
/// told so by a slash.
fn target<'s>(step: &'s CopyStep, source: &CopySource) -> (&'s str, String) {
    match &step.from {
        CopyFrom::Context(_) if source.file.is_none() => (&step.to, step.to.clone()),
        CopyFrom::Stage { .. } if step.into => {
            (&step.to, format!("{}/", step.to.trim_end_matches('/')))
        }
        _ => (parent(&step.to), step.to.clone()),
    }
}

fn options(step: &CopyStep, source: &CopySource) -> Result<CopyOptions, LlbError> {
    let mode = step
        .mode
        .as_ref()
        .map(|mode| match u32::from_str_radix(mode, 8) {
            Ok(bits) => CopyMode::Bits(bits),
            Err(_) => CopyMode::Symbolic(mode.clone()),
        });
    Ok(CopyOptions {
        mode,
        owner: step.owner.as_deref().map(Owner::parse).transpose()?,
        ..source.selection()
    })
}

/// The folder above a path.
fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}
