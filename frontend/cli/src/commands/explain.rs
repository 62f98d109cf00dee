//! `layercake explain`: what a build will do, and why.

use std::collections::BTreeSet;
use std::sync::Arc;

use layercake_lower::lower_whole;
use layercake_planner::explain::Records;
use layercake_planner::parse::parse;
use layercake_planner::plan::Plan;
use layercake_planner::suggest::{list, suggest};
use tokio::task::spawn_blocking;

use super::on_daemon::on_daemon;
use crate::args::{ExplainArgs, ShowFormat};
use crate::build::Sizes;
use crate::daemon::{Daemon, PlannedOn, lower_options};
use crate::exit::ExitStatus;
use crate::explain::{Against, Ahead, Earlier, Explanation, Keys, long, predict};
use crate::pipeline::Scope;
use crate::printer::Printer;
use crate::project::Project;
use crate::records::{Builder, History, Store, imported};
use crate::settings::{CacheTemplate, Environment, UsageError};

/// Runs the command.
pub async fn run(
    args: ExplainArgs,
    environment: &impl Environment,
    printer: &Printer,
) -> anyhow::Result<ExitStatus> {
    let imports = CacheTemplate::all("--cache-from", &args.cache_from, environment)?;
    let work = async |project: &mut Project, daemon: &Daemon| {
        let (scope, stages) = wanted(&args.names, project);
        // A large cache takes the daemon as long to list as files take to hash.
        let (held, planned) = tokio::join!(
            daemon.client.cache_records(),
            daemon.planned(project, &scope, printer)
        );
        let planned = planned?;
        let options = lower_options(project, &planned);
        let PlannedOn { plan, images, .. } = planned;
        let plan = Arc::new(plan);
        let sizes = spawn_blocking({
            let plan = plan.clone();
            move || -> anyhow::Result<Sizes> {
                let whole = lower_whole(&plan, &options)?;
                Ok(Sizes::of(&plan, &whole.vertices, [&whole.definition]))
            }
        });
        let session = daemon.client.attach(Daemon::logins()).await?;
        check(&stages, &plan)?;
        let of = Builder {
            project: plan.project.clone(),
            address: daemon.address.to_string(),
        };
        let history = match Store::of(environment, of.clone()) {
            Some(store) => store.read()?,
            None => History::new(of),
        };
        let named = |records| Earlier {
            against: args.against.clone(),
            records,
        };
        let earlier = match Against::parse(&args.against) {
            Against::Last if history.is_empty() => {
                imported(daemon, session.id(), &plan, &imports, printer)
                    .await?
                    .unwrap_or_else(|| named(Records::default()))
            }
            Against::Last => named(history.last(&plan)),
            Against::File(path) => named(crate::explain::read_file(&path)?),
            Against::Image(reference) => daemon.records(session.id(), &reference, &plan).await?,
            Against::Git(revision) => {
                let mut then = project.at(&revision)?;
                let planned = daemon.plan(session.id(), &mut then, &scope).await?;
                named(Records::of(&planned.plan))
            }
        };
        let reruns = history.reruns(&plan);
        let ahead = Ahead {
            keys: Keys::of(&plan, &reruns, &images),
            forced: BTreeSet::new(),
            published: images.into_keys().collect(),
        };
        let prediction = match predict(&plan, &ahead, &history) {
            Some(prediction) => {
                let lost = sizes.await??.lost(&held?);
                let prediction = prediction.without(&plan, &lost);
                Some(if imports.is_empty() {
                    prediction
                } else {
                    prediction.with_imports()
                })
            }
            None => None,
        };
        let mut explanation = Explanation::new(&plan, &earlier, prediction.as_ref(), &history);
        if !stages.is_empty() {
            explanation.retain(&stages);
        }
        if prediction.is_none() {
            printer.note(&format!(
                "no build of {} on {} is known yet, so what its cache holds cannot be told",
                plan.project, daemon.address
            ));
        }
        match args.format {
            ShowFormat::Text => printer.data(long(&explanation))?,
            ShowFormat::Json => printer.json(&explanation)?,
        }
        // Large plans take long to take apart, and nobody has to wait for that.
        spawn_blocking(move || drop((plan, history, earlier, explanation)));
        Ok(())
    };
    on_daemon(args.project, &args.daemon, environment, work).await
}

/// The services to plan, and the stages to tell of; all of them if none is named.
fn wanted(names: &[String], project: &Project) -> (Scope, Vec<String>) {
    if names.is_empty() {
        return (Scope::Services(Vec::new()), Vec::new());
    }
    let (spec, _) = parse(&project.source);
    let services: BTreeSet<&str> = spec.services.names().collect();
    if names.iter().all(|name| services.contains(name.as_str())) {
        return (Scope::Services(names.to_vec()), Vec::new());
    }
    (Scope::Services(Vec::new()), names.to_vec())
}

/// Every stage that is named exists. Services among them stand for their stages, so they cannot be mixed.
fn check(names: &[String], plan: &Plan) -> Result<(), UsageError> {
    let mut known: Vec<&str> = plan
        .stages()
        .flat_map(|(_, stage)| [stage.name.as_str(), stage.id.as_str()])
        .collect();
    known.sort_unstable();
    known.dedup();
    for name in names {
        if known.contains(&name.as_str()) {
            continue;
        }
        let services = plan.services.iter().map(|service| service.name.as_str());
        if services.clone().any(|service| service == name) {
            return Err(UsageError::new(format!(
                "`{name}` is a service; name services or stages, not both"
            )));
        }
        let all: Vec<&str> = services.clone().collect();
        let way = match suggest(name, known.iter().copied().chain(services)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the services are {}", list(&all)),
        };
        return Err(UsageError::new(format!(
            "there is no service and no stage `{name}`; {way}"
        )));
    }
    Ok(())
}
