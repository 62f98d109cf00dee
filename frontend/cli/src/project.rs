//! A project on this machine: its file, its context, and what it is built for.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use layercake_planner::diagnostic::Diagnostic;
use layercake_planner::facts::Platform;
use layercake_planner::lock::{Lock, UNREADABLE, lock_path};
use layercake_planner::model::Model;
use layercake_planner::plan::Plan;
use layercake_planner::resolve::Resolved;
use layercake_planner::source::Source;

use crate::daemon::Daemon;
use crate::facts::Context;
use crate::facts::git::{GitTree, History};
use crate::facts::ignore_file::IgnoreFile;
use crate::facts::local::LocalTree;
use crate::facts::tree::Tree;
use crate::pipeline::{self, Given, Images, NoImages, Planned, Rejected, Scope};
use crate::settings::{ProjectSettings, UsageError, host_platform};

/// A project that was read: as a folder has it, or as a commit does.
#[derive(Debug)]
pub struct Project<T = LocalTree> {
    /// The file.
    pub source: Source,
    /// The files around it.
    pub context: Context<T>,
    /// The context's folder.
    pub root: PathBuf,
    /// What the build is told from outside.
    pub given: Given,
}

impl Project {
    /// Reads the file and the ignore file.
    pub fn open(settings: &ProjectSettings) -> anyhow::Result<Self> {
        let root = fs::canonicalize(&settings.context).map_err(|error| {
            UsageError::new(format!(
                "the context {}: {error}",
                settings.context.display()
            ))
        })?;
        let bytes = fs::read(&settings.file).map_err(|error| unreadable(&settings.file, &error))?;
        let source =
            Source::from_bytes(shown(&settings.file, &root), bytes).map_err(|found| Rejected {
                source: found.source,
                diagnostics: vec![found.diagnostic],
            })?;
        let context = Context {
            tree: LocalTree::new(&root),
            ignore: ignore_file(&settings.file, &root)?,
        };
        let given = Given {
            platform: settings.platform.clone().unwrap_or_else(host_platform),
            build_args: settings.build_args.clone(),
            bases: settings.bases.clone(),
            lock: lock(&settings.file, &root)?,
        };
        Ok(Self {
            source,
            context,
            root,
            given,
        })
    }

    /// Builds for the daemon's own platform, unless one was asked for.
    pub async fn choose_platform(
        &mut self,
        settings: &ProjectSettings,
        daemon: &Daemon,
    ) -> anyhow::Result<()> {
        if settings.platform.is_none()
            && let Some(own) = daemon.platform().await?
        {
            self.given.platform = own;
        }
        Ok(())
    }

    /// The project as a commit has it.
    pub fn at(&self, revision: &str) -> anyhow::Result<Project<GitTree>> {
        let history = History::open(&self.root)?;
        let tree = history.tree(&history.commit(revision)?)?;
        let file = &self.source.name;
        let text = |name: &str| -> anyhow::Result<Option<Source>> {
            let source = |text| Source {
                name: name.to_owned(),
                text,
            };
            Ok(tree.text(name)?.map(source))
        };
        let source = text(file)?
            .with_context(|| format!("the commit {revision} has no {file} in the context"))?;
        let given = Given {
            lock: text(&lock_path(file))?,
            ..self.given.clone()
        };
        Ok(Project {
            source,
            context: Context {
                ignore: tree.ignore_file(file)?,
                tree,
            },
            root: self.root.clone(),
            given,
        })
    }
}

impl<T: Tree> Project<T> {
    /// Plans without asking any registry.
    pub async fn plan_offline(&mut self, scope: &Scope) -> anyhow::Result<Planned> {
        self.plan(scope, &mut NoImages).await
    }

    /// Plans, with digests of images.
    pub async fn plan(
        &mut self,
        scope: &Scope,
        images: &mut impl Images,
    ) -> anyhow::Result<Planned> {
        pipeline::plan(
            &self.source,
            scope,
            self.given.clone(),
            &mut self.context,
            images,
        )
        .await
    }

    /// The lock beside the file; an empty one if there is none.
    pub fn lock(&self) -> anyhow::Result<Lock> {
        let Some(source) = &self.given.lock else {
            return Ok(Lock::default());
        };
        Lock::parse(&source.text).map_err(|error| {
            let found = Diagnostic::error("lock-file", error.span, error.message).help(UNREADABLE);
            Rejected {
                source: source.clone(),
                diagnostics: vec![found],
            }
            .into()
        })
    }

    /// What the whole file means at a platform, with nothing locked and no image looked up.
    pub async fn resolve(
        &mut self,
        platform: &Platform,
        checksums: &BTreeMap<String, String>,
    ) -> anyhow::Result<Resolved> {
        let given = Given {
            platform: platform.clone(),
            lock: None,
            ..self.given.clone()
        };
        pipeline::resolve_whole(&self.source, given, checksums, &mut self.context).await
    }

    /// The model, unless there are errors.
    pub fn accept(&self, resolved: Resolved) -> Result<Model, Rejected> {
        resolved.model.ok_or_else(|| Rejected {
            source: self.source.clone(),
            diagnostics: resolved.diagnostics,
        })
    }

    /// Plans without asking any registry, and refuses errors.
    pub async fn accepted(&mut self, scope: &Scope) -> anyhow::Result<(Plan, Vec<Diagnostic>)> {
        Ok(self.plan_offline(scope).await?.accept(&self.source)?)
    }
}

/// The ignore file of the file if it has one of its own, else the context's.
fn ignore_file(file: &Path, root: &Path) -> anyhow::Result<IgnoreFile> {
    let [own, common] = IgnoreFile::names(&file.to_string_lossy());
    for path in [PathBuf::from(own), root.join(common)] {
        match fs::read_to_string(&path) {
            Ok(text) => return Ok(IgnoreFile::parse(&shown(&path, root), &text)?),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        }
    }
    Ok(IgnoreFile::default())
}

/// The lock beside the file, if there is one.
fn lock(file: &Path, root: &Path) -> anyhow::Result<Option<Source>> {
    let path = PathBuf::from(lock_path(&file.to_string_lossy()));
    match fs::read(&path) {
        Ok(bytes) => match Source::from_bytes(shown(&path, root), bytes) {
            Ok(source) => Ok(Some(source)),
            Err(found) => Err(Rejected {
                source: found.source,
                diagnostics: vec![found.diagnostic],
            }
            .into()),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&path, &error).into()),
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> UsageError {
    let way = match error.kind() {
        ErrorKind::NotFound => "; name the file by --file or the folder by --context",
        _ => "",
    };
    UsageError::new(format!("cannot read {}: {error}{way}", file.display()))
}

/// The file's name as it is shown: relative to the context where it lies in it.
fn shown(file: &Path, root: &Path) -> String {
    let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    real.strip_prefix(root)
        .unwrap_or(file)
        .to_string_lossy()
        .into_owned()
}
