//! A build: planned once, then every image solved at the same time, each as a build of its own in one daemon.
//!
//! The daemon runs what the services share once, and the session sends the context once.

mod failure;
mod guard;
mod job;
mod jobs;
mod lend;
mod outputs;
mod recall;
mod report;
mod sizes;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::replace;
use std::time::Instant;

use anyhow::Context;
use buildkit_llb::LlbError;
use futures::future::join_all;
use layercake_lower::{ContextSource, LowerOptions, lower, lower_stages};
use layercake_planner::diagnostic::Diagnostic;
use layercake_planner::explain::Records;
use layercake_planner::plan::Plan;
use layercake_solve::{Attached, Failure, Report, StageState, new_id};
use tokio::sync::watch;

use crate::args::Expensive;
use crate::daemon::{Daemon, PlannedOn};
use crate::exit::ExitStatus;
use crate::no_cache::check_stages;
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::project::Project;
use crate::records::Beside;
use crate::settings::{BuildSettings, Environment};
use crate::stage_images::to_publish;
use crate::transfer::{LocalFolder, paths_of};
pub use guard::Denied;
use guard::Guard;
use job::{Job, Outcome};
use lend::{CONTEXT, lend_context};
use recall::Recall;
pub use sizes::Sizes;

/// What a build is about.
pub struct Build<'b> {
    /// What becomes an image.
    pub subject: Subject,
    /// What to build and where to.
    pub settings: &'b BuildSettings,
    /// The daemon.
    pub daemon: &'b Daemon,
    /// Who tells.
    pub printer: &'b Printer,
}

/// What becomes an image.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Services.
    Services,
    /// The results of expensive stages, those of these names or all, each an image of its own under its key.
    Stages(Vec<String>),
}

impl Build<'_> {
    /// Builds what the settings say of the project.
    pub async fn run(
        &self,
        project: &mut Project,
        environment: &impl Environment,
    ) -> anyhow::Result<ExitStatus> {
        let started = Instant::now();
        let session = lend_context(self.settings, &project.root, environment);
        let session = self.daemon.client.attach(session).await?;
        let scope = Scope::Services(self.settings.services.clone());
        // A large cache takes the daemon as long to list as files take to hash.
        let (held, planned) = tokio::join!(
            self.daemon.client.cache_records(),
            self.daemon.plan(session.id(), project, &scope)
        );
        let planned = planned?;
        self.printer.diagnostics(&project.source, &planned.warnings);
        let PlannedOn {
            plan,
            abilities,
            images,
            ..
        } = planned;
        check_stages(&self.settings.no_cache, &plan)?;
        let recall = Recall::of(self, &plan, &images, environment);
        let recall = recall.with_imported(self, session.id(), &plan).await?;
        let options = LowerOptions {
            context: context(&plan, project, &session, &self.settings.services)?,
            abilities,
            no_cache: self.settings.no_cache.clone(),
            reruns: recall.reruns.clone(),
            published: recall.published.clone(),
            source: Some(project.source.clone()),
            labels: self.settings.labels.clone(),
        };
        let lowered = match &self.subject {
            Subject::Services => lower(&plan, &options)?,
            Subject::Stages(names) => {
                let tags = to_publish(&plan, names, &images, self.printer)?;
                if tags.is_empty() {
                    return Ok(ExitStatus::Success);
                }
                lower_stages(&plan, &options, &tags)?
            }
        };
        let guard = match self.settings.expensive {
            Expensive::Allow => Guard::default(),
            Expensive::Ask | Expensive::Deny => Guard::over(&plan, &lowered, &options),
        };
        let definitions = lowered.images.iter().map(|image| &image.definition);
        let sizes = Sizes::of(&plan, &lowered.vertices, definitions);
        let vertices = lowered.vertices.clone();
        let lost = match held {
            Ok(records) => sizes.lost(&records),
            Err(_) => BTreeSet::new(), // Who cannot be asked has lost nothing.
        };
        let recall = recall.told(self, &plan, &lost);
        let imports = !self.settings.cache_from.is_empty();
        if let Some(denied) = guard.foreseen(&plan, &lost).filter(|_| !imports) {
            return Err(recall.explained(&plan, denied.clone()).into());
        }
        let epoch = project.given.build_args.get("SOURCE_DATE_EPOCH").cloned();
        let epoch = epoch.or_else(|| environment("SOURCE_DATE_EPOCH"));
        let (mut jobs, _outputs) = self.jobs(lowered, &plan, &session, epoch).await?;
        self.hint(&jobs);
        let (outcomes, denied) = self.solve_and_mend(&mut jobs, &guard).await;
        let report = report::report(&plan, &vertices, &options.published, &outcomes);
        let report = self.with_sizes(report, &sizes).await;
        let report = recall.check(self, &plan, report);
        let told = self.tell(project, &plan, &outcomes, &report, started, session.id());
        let told = told.await?;
        if let Some(denied) = denied {
            return Err(recall.explained(&plan, denied).into());
        }
        if told == ExitStatus::Success {
            self.keep_beside(&jobs, session.id(), &plan).await;
        }
        Ok(told)
    }

    /// Keeps the records of what was built beside the caches that it was exported to.
    async fn keep_beside(&self, jobs: &[Job], session: &str, plan: &Plan) {
        let built = jobs.iter().map(|Job { image, request }| {
            let records = Records::of_stages(plan, &image.stages);
            (
                image.name.as_str(),
                request.cache_exports.as_slice(),
                records,
            )
        });
        for beside in Beside::of(built) {
            beside.push(self.daemon, session, plan, self.printer).await;
        }
    }

    fn hint(&self, jobs: &[Job]) {
        if jobs.iter().all(|job| job.request.exporters.is_empty()) {
            self.printer.note(
                "no output was asked for: images stay in the daemon's cache; use --push, --load or --output to have them",
            );
        }
    }

    /// Runs all jobs. Those that fail on what a full disk or a kill left behind in the daemon run again without it.
    async fn solve_and_mend(
        &self,
        jobs: &mut [Job],
        guard: &Guard,
    ) -> (Vec<Outcome>, Option<Denied>) {
        let all: Vec<_> = jobs.iter().collect();
        let (mut outcomes, mut denied) = self.solve(&all, guard).await;
        let mut mended = Vec::new();
        while let Some(damage) = outcomes.iter().find_map(Outcome::damage) {
            if mended.contains(&damage) {
                break;
            }
            let Some(told) = damage.mend(&self.daemon.client).await else {
                break;
            };
            self.printer.note(&format!("{told}; the build goes on"));
            mended.push(damage);
            let left: Vec<_> = (0..jobs.len())
                .filter(|&at| !outcomes[at].is_done())
                .collect();
            for &at in &left {
                jobs[at].request.reference = new_id();
            }
            let again: Vec<_> = left.iter().map(|&at| &jobs[at]).collect();
            let (news, stopped) = self.solve(&again, guard).await;
            for (at, new) in left.into_iter().zip(news) {
                let before = replace(&mut outcomes[at], new);
                outcomes[at].follow(before);
            }
            denied = stopped;
        }
        (outcomes, denied)
    }

    /// Runs these jobs at once. When one fails the others are given up; when the guard trips, all are.
    async fn solve(&self, jobs: &[&Job], guard: &Guard) -> (Vec<Outcome>, Option<Denied>) {
        let progress = Progress::new(self.settings.progress, self.printer);
        let (fail, failed) = watch::channel(false);
        let denied = OnceCell::new();
        let runs = jobs.iter().enumerate().map(|(at, job)| {
            let (progress, fail, mut failed) = (&progress, &fail, failed.clone());
            let denied = &denied;
            async move {
                let give_up = async move {
                    let _ = failed.wait_for(|failed| *failed).await;
                };
                let outcome = job
                    .run(
                        &self.daemon.client,
                        |events| {
                            progress.show(at, events);
                            if let Some(stage) = guard.tripped(events) {
                                denied.get_or_init(|| stage.clone());
                                fail.send_replace(true);
                            }
                        },
                        give_up,
                    )
                    .await;
                if matches!(outcome.result, Some(Err(_))) {
                    fail.send_replace(true);
                }
                outcome
            }
        });
        let outcomes = join_all(runs).await;
        progress.finish();
        (outcomes, denied.into_inner())
    }

    /// Says what became of it: the failure, the table, the files that were asked for.
    async fn tell(
        &self,
        project: &Project,
        plan: &Plan,
        outcomes: &[Outcome],
        report: &Report,
        started: Instant,
        session: &str,
    ) -> anyhow::Result<ExitStatus> {
        let elapsed = started.elapsed().as_secs_f64();
        self.write_report(report)?;
        self.printer.note(&report::table(report, elapsed));
        for outcome in outcomes {
            if let Some(Err(failure)) = &outcome.result {
                return self
                    .tell_failure(failure, outcome, project, plan, session)
                    .await;
            }
        }
        self.write_metadata(outcomes)?;
        Ok(ExitStatus::Success)
    }

    /// Sizes are worth asking for only where something is new, or somebody wants them.
    async fn with_sizes(&self, report: Report, sizes: &Sizes) -> Report {
        let new = report.in_state(StageState::Ran).next().is_some();
        if !new && self.settings.report.is_none() {
            return report;
        }
        match self.daemon.client.cache_records().await {
            Ok(records) => sizes.add_to(report, &records),
            Err(_) => report, // The report is true without them, and the build's own failure says more.
        }
    }

    async fn tell_failure(
        &self,
        failure: &Failure,
        outcome: &Outcome,
        project: &Project,
        plan: &Plan,
        session: &str,
    ) -> anyhow::Result<ExitStatus> {
        if failure.is_disconnect() {
            return Err(failure.clone().into());
        }
        let explained = failure::explain(failure, &outcome.timeline, plan, &project.source);
        if let Some((name, lines)) = explained.log {
            self.printer
                .note(&format!("the end of the output of {name}:"));
            for line in lines {
                self.printer.note(&format!("  {line}"));
            }
        }
        let way_out = match (&outcome.mismatch, outcome.damage()) {
            (Some(mismatch), _) => {
                let asked = self
                    .daemon
                    .ask(session, async |bridge| Ok(mismatch.way_out(bridge).await));
                asked.await.ok() // The failure itself is told all the same.
            }
            (None, damage) => damage.map(|damage| damage.way_out()),
        };
        let diagnostic = way_out
            .into_iter()
            .fold(explained.diagnostic, Diagnostic::help);
        self.printer.diagnostics(&project.source, &[diagnostic]);
        Ok(ExitStatus::Failed)
    }

    fn write_report(&self, report: &Report) -> anyhow::Result<()> {
        match &self.settings.report {
            None => Ok(()),
            Some(path) if path.as_os_str() == "-" => self.printer.json(report),
            Some(path) => write(path, report),
        }
    }

    /// What the exporters said, by image.
    fn write_metadata(&self, outcomes: &[Outcome]) -> anyhow::Result<()> {
        let Some(path) = &self.settings.metadata_file else {
            return Ok(());
        };
        let answers: BTreeMap<_, _> = outcomes
            .iter()
            .filter_map(|outcome| {
                let values = &outcome.result.as_ref()?.as_ref().ok()?.values;
                Some((&outcome.name, values))
            })
            .collect();
        write(path, &answers)
    }
}

fn write(path: &std::path::Path, value: &impl serde::Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The context as the session lends it. Each selection of services has a copy of its own at the daemon, as each target
/// of a frontend has, because BuildKit drops from a copy what a transfer leaves out.
fn context(
    plan: &Plan,
    project: &Project,
    session: &Attached,
    services: &[String],
) -> Result<ContextSource, LlbError> {
    let selection = if services.is_empty() {
        String::new()
    } else {
        format!("-{}", services.join(","))
    };
    let folder = LocalFolder {
        name: CONTEXT.into(),
        session: session.id().to_owned(),
        shared_key_hint: format!("{CONTEXT}{selection}"),
    };
    let paths = plan.context().into_iter().flat_map(paths_of).collect();
    let output = folder.output(&paths, project.context.ignore.lines())?;
    Ok(ContextSource::Output {
        output,
        subdir: String::new(),
    })
}
