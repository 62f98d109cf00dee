//! Published images that nobody's build takes any more.

use std::collections::BTreeSet;

use anyhow::Context as _;
use layercake_planner::facts::Platform;
use layercake_planner::plan::{Plan, is_stage_tag};
use layercake_solve::{ResolveMode, Solver};

use super::no_registry;
use crate::daemon::Daemon;
use crate::facts::git::History;
use crate::facts::tree::Tree;
use crate::images::GatewayImages;
use crate::pipeline::{Rejected, Scope};
use crate::printer::Printer;
use crate::project::Project;
use crate::registry::Repository;
use crate::settings::parse_platform;

/// What is kept, and whether anything is really removed.
#[derive(Clone, Copy, Debug)]
pub struct Pruning {
    /// What the files and these last commits of the branch would take is kept.
    pub commits: usize,
    /// Only say what would be removed.
    pub dry_run: bool,
}

/// Removes from the project's registry the stage images that neither the files as they are nor the last commits take.
pub async fn prune(
    daemon: &Daemon,
    project: &mut Project,
    pruning: Pruning,
    printer: &Printer,
) -> anyhow::Result<()> {
    let session = daemon.client.attach(Daemon::logins()).await?;
    let kept = daemon.ask(session.id(), async |bridge| {
        kept(bridge, project, pruning.commits, printer).await
    });
    let (repository, kept) = kept.await?;
    let registry = Repository::new(&repository)?;
    let tags = registry.tags().await?;
    let published: Vec<&String> = tags.iter().filter(|tag| is_stage_tag(tag)).collect();
    let unused = published.iter().filter(|tag| {
        let reference = format!("{repository}:{tag}");
        !kept.contains(&reference)
    });
    let unused: Vec<&&String> = unused.collect();
    for tag in &unused {
        if !pruning.dry_run {
            registry.remove(tag).await?;
        }
        let done = if pruning.dry_run {
            "would remove"
        } else {
            "removed"
        };
        printer.note(&format!("{done} {repository}:{tag}"));
    }
    let (gone, all) = (unused.len(), published.len());
    printer.note(&format!(
        "{gone} of {all} stage images are taken by no build"
    ));
    Ok(())
}

/// The repository, and the references that builds take.
async fn kept(
    solver: &impl Solver,
    project: &mut Project,
    commits: usize,
    printer: &Printer,
) -> anyhow::Result<(String, BTreeSet<String>)> {
    let mut kept = BTreeSet::new();
    let mut repository = None;
    let commits = line(project, commits)?;
    for platform in platforms(project)? {
        project.given.platform = platform;
        let plan = planned(solver, project).await?;
        repository = plan.registry.clone();
        kept.extend(plan.stage_images().into_values());
        for commit in &commits {
            let Ok(mut then) = project.at(commit) else {
                continue; // It has no such file.
            };
            match planned(solver, &mut then).await {
                Ok(plan) => kept.extend(plan.stage_images().into_values()),
                Err(error) if error.is::<Rejected>() => {
                    printer.note(&format!(
                        "note: {commit:.12} cannot be built, so it takes nothing"
                    ));
                }
                Err(error) => {
                    return Err(error.context(format!(
                        "what the commit {commit:.12} takes cannot be told; name fewer by --commits"
                    )));
                }
            }
        }
    }
    let repository = repository.ok_or_else(no_registry)?;
    Ok((repository.value, kept))
}

async fn planned(solver: &impl Solver, project: &mut Project<impl Tree>) -> anyhow::Result<Plan> {
    let platform = project.given.platform.clone();
    let mut images = GatewayImages {
        solver,
        platform: &platform,
        mode: ResolveMode::Default,
    };
    let planned = project.plan(&Scope::Whole, &mut images).await?;
    Ok(planned.accept(&project.source)?.0)
}

/// The platforms of the lock, and the project's own.
fn platforms(project: &Project) -> anyhow::Result<BTreeSet<Platform>> {
    let lock = project.lock()?;
    let locked = lock.platforms().into_iter();
    let mut platforms: BTreeSet<Platform> = locked
        .filter_map(|platform| parse_platform(platform).ok())
        .collect();
    platforms.insert(project.given.platform.clone());
    Ok(platforms)
}

/// The last commits of the branch by their ids, newest first.
fn line(project: &Project, commits: usize) -> anyhow::Result<Vec<String>> {
    if commits == 0 {
        return Ok(Vec::new());
    }
    let history = History::open(&project.root).context("--commits 0 goes by the files alone")?;
    let head = history.commit("HEAD")?;
    let line = history.line(&head).take(commits);
    line.map(|commit| Ok(commit?.id.to_string())).collect()
}
