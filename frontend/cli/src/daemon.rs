//! A BuildKit daemon, and what planning asks of it.

use std::collections::BTreeMap;

use layercake_planner::facts::Platform;
use layercake_planner::plan::Plan;
use layercake_solve::{
    Address, Bridge, Client, Failure, GatewayResult, ResolveMode, Session, SolveRequest, SolvedRef,
    Solver, new_id,
};

use layercake_lower::{
    Abilities, ContextSource, LowerOptions, Lowered, NoCache, Whole, lower, lower_whole,
};

use crate::args::DaemonArgs;
use crate::explain::Earlier;
use crate::facts::tree::Tree;
use crate::images::{GatewayImages, abilities, image_records};
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::settings::{Environment, address};
use crate::stage_images::{StageImages, look_up};

/// A daemon that answers.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// The connection.
    pub client: Client,
    /// Where it is.
    pub address: Address,
}

/// A plan with the digests of its images, and what the daemon can do with it.
#[derive(Debug)]
pub struct PlannedOn {
    /// The plan.
    pub plan: Plan,
    /// Warnings.
    pub warnings: Vec<layercake_planner::diagnostic::Diagnostic>,
    /// What the daemon can do.
    pub abilities: Abilities,
    /// What the plan's registry has of its stages.
    pub images: StageImages,
}

impl Daemon {
    /// Connects.
    pub async fn connect(
        args: &DaemonArgs,
        environment: &impl Environment,
    ) -> anyhow::Result<Self> {
        let address = address(args, environment)?;
        let client = Client::connect(&address).await?;
        Ok(Self { client, address })
    }

    /// The platform that it builds for by itself.
    pub async fn platform(&self) -> Result<Option<Platform>, Failure> {
        let workers = self.client.workers().await?;
        let own = workers
            .into_iter()
            .flat_map(|worker| worker.platforms)
            .next();
        Ok(own.map(|own| Platform {
            os: own.os,
            architecture: own.architecture,
            variant: own.variant,
        }))
    }

    /// Plans what `scope` names, having the daemon look images up with the logins of `session`.
    pub async fn plan(
        &self,
        session: &str,
        project: &mut Project<impl Tree>,
        scope: &Scope,
    ) -> anyhow::Result<PlannedOn> {
        self.ask(session, async |bridge| {
            plan_by(bridge, project, scope).await
        })
        .await
    }

    /// The records to compare a plan with that an image of a registry bears, or that are beside a cache there.
    pub async fn records(
        &self,
        session: &str,
        reference: &str,
        plan: &Plan,
    ) -> anyhow::Result<Earlier> {
        self.ask(session, async |bridge| {
            image_records(bridge, reference, plan, ResolveMode::Default).await
        })
        .await
    }

    /// Asks the daemon what only a frontend may, with the logins of `session`.
    pub async fn ask<T>(
        &self,
        session: &str,
        question: impl AsyncFnOnce(&Bridge) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let request = SolveRequest {
            reference: new_id(),
            session: session.to_owned(),
            internal: true, // It builds nothing, so it is no entry of the daemon's history.
            ..SolveRequest::default()
        };
        let mut outcome = None;
        let solved = self
            .client
            .gateway(&request, async |bridge| {
                outcome = Some(question(&bridge).await);
                Ok(GatewayResult::of(SolvedRef::default()))
            })
            .await;
        match (outcome, solved) {
            (Some(answer), _) => answer,
            (None, Err(failure)) => Err(failure.into()),
            (None, Ok(_)) => Err(anyhow::anyhow!(
                "BuildKit ended the build before it began; see the daemon's log"
            )),
        }
    }

    /// Plans what `scope` names and lowers it as builds do, without building.
    pub async fn lower(
        &self,
        project: &mut Project,
        scope: &Scope,
        printer: &Printer,
    ) -> anyhow::Result<Lowered> {
        let planned = self.planned(project, scope, printer).await?;
        let options = LowerOptions {
            published: planned.images.clone(),
            ..lower_options(project, &planned)
        };
        Ok(lower(&planned.plan, &options)?)
    }

    /// Plans what `scope` names and lowers it in one piece, for whoever asks what the daemon holds of it: that was
    /// made, and not taken from a registry.
    pub async fn whole(
        &self,
        project: &mut Project,
        scope: &Scope,
        printer: &Printer,
    ) -> anyhow::Result<(PlannedOn, Whole)> {
        let planned = self.planned(project, scope, printer).await?;
        let whole = lower_whole(&planned.plan, &lower_options(project, &planned))?;
        Ok((planned, whole))
    }

    /// Plans what `scope` names with the logins of a session of its own, and tells the warnings.
    pub async fn planned(
        &self,
        project: &mut Project,
        scope: &Scope,
        printer: &Printer,
    ) -> anyhow::Result<PlannedOn> {
        let session = self.client.attach(Self::logins()).await?;
        let planned = self.plan(session.id(), project, scope).await?;
        printer.diagnostics(&project.source, &planned.warnings);
        Ok(planned)
    }

    /// A session that lends nothing but logins.
    pub fn logins() -> Session {
        Session::new("")
    }
}

/// How a plan is lowered that is not built here. Its definition takes its context from whichever session it is solved
/// in.
pub fn lower_options(project: &Project, planned: &PlannedOn) -> LowerOptions {
    LowerOptions {
        context: ContextSource::Session {
            name: "context".into(),
            session_id: None,
            shared_key_hint: "context".into(),
            exclude: project.context.ignore.lines().to_vec(),
        },
        abilities: planned.abilities,
        no_cache: NoCache::None,
        reruns: BTreeMap::new(),
        published: BTreeMap::new(),
        source: Some(project.source.clone()),
        labels: BTreeMap::new(),
    }
}

async fn plan_by(
    solver: &impl Solver,
    project: &mut Project<impl Tree>,
    scope: &Scope,
) -> anyhow::Result<PlannedOn> {
    let abilities = abilities(&solver.ping().await?);
    let platform = project.given.platform.clone();
    let mode = ResolveMode::Default;
    let mut images = GatewayImages {
        solver,
        platform: &platform,
        mode,
    };
    let planned = project.plan(scope, &mut images).await?;
    let (plan, mut warnings) = planned.accept(&project.source)?;
    let images = look_up(solver, &plan, abilities, mode, &mut warnings).await;
    Ok(PlannedOn {
        plan,
        warnings,
        abilities,
        images,
    })
}
