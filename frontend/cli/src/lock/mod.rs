//! Making `layercake.lock`: what is locked already stays, the rest is looked up and solved.

mod changes;
mod check;
mod explain;
mod imports;
mod tool;

pub use check::{check, is_wrong};

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use layercake_conda::pip::names;
use layercake_conda::{Clobber, Conda, Pip, Request, Update};
use layercake_planner::facts::{Facts, ImageFact, Platform};
use layercake_planner::lock::layers::arrange;
use layercake_planner::lock::{Environment as Locked, Lock, LockedBase, LockedFetch, lock_path};
use layercake_planner::model::{Kind, Model};
use layercake_planner::suggest::suggest;
use layercake_solve::ResolveMode;

use crate::args::DaemonArgs;
use crate::daemon::Daemon;
use crate::exit::ExitStatus;
use crate::images::GatewayImages;
use crate::pipeline::Images as _;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{Environment, LockSettings, UsageError, host_platform};
use explain::explained;
use imports::Imports;

/// A lock that is being made.
pub struct Making<'m, E> {
    /// What to lock.
    pub settings: &'m LockSettings,
    /// Who looks images up.
    pub daemon: &'m DaemonArgs,
    /// The environment.
    pub environment: &'m E,
    /// Who tells what changed.
    pub printer: &'m Printer,
}

/// What one environment is to be.
struct Asked<'a> {
    stage: &'a str,
    /// The context.
    root: &'a Path,
    /// The environment file in it.
    path: &'a str,
    request: Request,
    platform: &'a Platform,
    /// How many layers it may have.
    layers: usize,
    /// What is locked of it.
    before: Option<&'a Locked>,
}

impl<E: Environment> Making<'_, E> {
    /// Makes the lock of `file` anew and writes it, if it changed.
    pub async fn run(&self, project: &mut Project, file: &Path) -> anyhow::Result<ExitStatus> {
        let path = PathBuf::from(lock_path(&file.to_string_lossy()));
        let before = project.lock()?;
        let lock = self.make(project, &before).await?;
        let text = lock.render();
        let told = changes::changes(&before, &lock);
        if project
            .given
            .lock
            .as_ref()
            .is_some_and(|old| old.text == text)
        {
            self.printer
                .note(&format!("{} is up to date", path.display()));
            return Ok(ExitStatus::Success);
        }
        write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        self.printer.note(&told);
        self.printer.note(&format!("wrote {}", path.display()));
        Ok(ExitStatus::Success)
    }

    async fn make(&self, project: &mut Project, before: &Lock) -> anyhow::Result<Lock> {
        self.check_names(before)?;
        let imports = Imports::read(&self.settings.imports)?;
        let conda = Conda::new(self.settings.access.clone())?;
        let mut lock = Lock {
            tool: before.tool.clone(),
            ..Lock::default()
        };
        let mut checksums = BTreeMap::new();
        for platform in self.platforms(before) {
            let model = loop {
                let resolved = project.resolve(&platform, &checksums).await?;
                if resolved.needs.checksums.is_empty() {
                    break project.accept(resolved)?;
                }
                for url in resolved.needs.checksums {
                    let checksum = match before.fetch(&url) {
                        Some(known) => known.to_owned(),
                        None => conda.checksum(&url).await?,
                    };
                    checksums.insert(url, checksum);
                }
            };
            lock.bases.extend(self.bases(&model, before).await?);
            let environments = model.stages.iter().filter_map(|stage| match &stage.kind {
                Kind::Conda(conda) if conda.lockable => Some((stage.name.as_str(), conda)),
                _ => None,
            });
            imports.check(environments.clone().map(|(name, _)| name))?;
            for (stage, conda_stage) in environments {
                let asked = Asked {
                    stage,
                    root: &project.root,
                    path: &conda_stage.path,
                    request: Request::new(&conda_stage.environment, &conda_stage.virtual_packages),
                    platform: &platform,
                    layers: conda_stage.layers,
                    before: before.environment(stage, &platform.to_string()),
                };
                let solved = if let Some(import) = imports.of(stage) {
                    let imported = import.adopt(&conda, &asked).await?;
                    let solved = self.solve(&conda, &asked, Some(&imported)).await?;
                    import.compare(&imported, &solved, self.printer)?;
                    solved
                } else {
                    self.solve(&conda, &asked, asked.before).await?
                };
                lock.environments.push(solved);
            }
        }
        if !lock.environments.is_empty() {
            lock.tool = self.tool(project, before).await;
        }
        let fetches = checksums.into_iter();
        lock.fetches = fetches
            .map(|(url, checksum)| LockedFetch { url, checksum })
            .collect();
        Ok(lock.sorted())
    }

    /// What is to move is locked somewhere.
    fn check_names(&self, before: &Lock) -> Result<(), UsageError> {
        let Update::Packages(moving) = &self.settings.update else {
            return Ok(());
        };
        let known: BTreeSet<&str> = before.environments.iter().flat_map(names).collect();
        match moving.iter().find(|name| !known.contains(name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let near = suggest(name, known.iter().copied());
                let near = near.map(|near| format!("; did you mean `{near}`?"));
                Err(UsageError::new(format!(
                    "no environment of the lock has `{name}`, so it cannot be updated{}",
                    near.unwrap_or_default()
                )))
            }
        }
    }

    /// The platforms asked for, else those of the lock, else this machine's.
    fn platforms(&self, before: &Lock) -> Vec<Platform> {
        if !self.settings.platforms.is_empty() {
            return self.settings.platforms.clone();
        }
        let locked: Vec<_> = before
            .platforms()
            .into_iter()
            .filter_map(|text| crate::settings::parse_platform(text).ok())
            .collect();
        if locked.is_empty() {
            return vec![host_platform()];
        }
        locked
    }

    /// The digests of the bases: those that are locked, and the daemon's word for the others.
    async fn bases(&self, model: &Model, before: &Lock) -> anyhow::Result<Vec<LockedBase>> {
        let platform = model.platform.to_string();
        let mut locked = Vec::new();
        let mut unknown = BTreeSet::new();
        for base in model
            .bases
            .iter()
            .filter(|base| !base.reference.contains('@'))
        {
            let digest = before
                .base(&base.reference, &platform)
                .filter(|_| !self.settings.update_bases);
            match digest {
                Some(digest) => locked.push((base.reference.clone(), digest.to_owned())),
                None => drop(unknown.insert(base.reference.clone())),
            }
        }
        if !unknown.is_empty() && self.settings.access.offline {
            let names = unknown.iter().cloned().collect::<Vec<_>>().join(", ");
            self.printer.note(&format!(
                "warning: {names} for {platform}: not locked, as images are not looked up offline"
            ));
        } else if !unknown.is_empty() {
            let images = self.look_up(&unknown, &model.platform).await?.into_iter();
            locked.extend(images.map(|(reference, image)| (reference, image.digest)));
        }
        locked.sort();
        locked.dedup();
        let locked = locked.into_iter().map(|(reference, digest)| LockedBase {
            reference,
            platform: platform.clone(),
            digest,
        });
        Ok(locked.collect())
    }

    async fn look_up(
        &self,
        references: &BTreeSet<String>,
        platform: &Platform,
    ) -> anyhow::Result<BTreeMap<String, ImageFact>> {
        let daemon = Daemon::connect(self.daemon, self.environment).await?;
        let session = daemon.client.attach(Daemon::logins()).await?;
        let facts = daemon
            .ask(session.id(), async |bridge| {
                let mut images = GatewayImages {
                    solver: bridge,
                    platform,
                    mode: ResolveMode::Default,
                };
                let mut facts = Facts::default();
                images.learn(references, &mut facts).await?;
                Ok(facts)
            })
            .await?;
        Ok(facts.images)
    }

    async fn solve(
        &self,
        conda: &Conda,
        asked: &Asked<'_>,
        locked: Option<&Locked>,
    ) -> anyhow::Result<Locked> {
        let Asked {
            stage,
            root,
            path,
            request,
            platform,
            layers,
            before,
        } = asked;
        let mut solved = conda
            .solve(request, platform, locked, &self.settings.update)
            .await
            .map_err(|error| explained(error, root, path))
            .with_context(|| format!("the stage `{stage}` for {platform}"))?;
        let pip = Pip {
            uv: "uv".into(),
            offline: self.settings.access.offline,
        };
        let mut wheels = pip
            .resolve(request, platform, &solved, locked, &self.settings.update)
            .await
            .with_context(|| format!("the stage `{stage}` for {platform}, {path}"))?;
        for clobber in &solved.clobbers {
            self.printer.note(&told(stage, clobber));
        }
        let before = before.filter(|before| before.layers == *layers);
        let before = before.filter(|_| self.settings.update != Update::Everything);
        let before = before.map(|before| (&*before.packages, &*before.wheels));
        arrange(
            &mut solved.packages,
            &mut wheels,
            before.unwrap_or_default(),
            *layers,
        );
        Ok(Locked {
            stage: (*stage).to_owned(),
            platform: platform.to_string(),
            spec: request.digest(),
            channels: request.told_channels(),
            requested: request.told_packages(),
            requested_pip: request.pip.clone(),
            virtual_packages: solved.virtual_packages,
            layers: *layers,
            packages: solved.packages,
            wheels,
        })
    }
}

/// Whose files are seen, as a note.
fn told(stage: &str, clobber: &Clobber) -> String {
    let Clobber {
        winner,
        loser,
        paths,
    } = clobber;
    let more = match paths.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "note: `{stage}`: `{winner}` and `{loser}` both have {}{more}; those of `{winner}` are seen",
        paths[0]
    )
}

/// Writes the file as a whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, text)?;
    fs::rename(&beside, path)
}
