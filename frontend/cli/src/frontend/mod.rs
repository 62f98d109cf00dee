//! The frontend: what BuildKit runs for `docker buildx build -f layercake.yaml .`
//!
//! It differs from `layercake build` in where facts come from (a filesystem inside BuildKit, [`tree`]), in what it
//! is told ([`request`]) and in where the result goes (back, with [`Bridge::finish`]).

mod explain;
mod failure;
mod git;
mod lint;
mod open;
mod outline;
mod request;
mod subrequest;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;
use std::env;
use std::mem::take;

use buildkit_llb::normalize_reference;
use buildkit_proto::pb;
use layercake_lower::{LowerOptions, LoweredImage, lower};
use layercake_planner::plan::Plan;
use layercake_planner::suggest::list;
use layercake_solve::{
    Bridge, Capabilities, Environment, Failure, GatewayResult, ImageRequest, SolvedRef, Solver,
};

use crate::damage::Damage;
use crate::exit::ExitStatus;
use crate::images::{GatewayImages, abilities};
use crate::mismatch::Mismatch;
use crate::no_cache::check_stages;
use crate::pipeline::{self, Planned, Scope};
use crate::settings::{host_platform, to_wire};
use crate::stage_images::{look_up, needs_bytes};
use open::{Opened, open};
use request::Request;

/// Answers the one request that this process was started for. BuildKit gets every error; the exit status is for a
/// BuildKit that is not there.
pub async fn run() -> anyhow::Result<ExitStatus> {
    let bridge = Bridge::stdio()?;
    let outcome = answer(&bridge, env::vars()).await;
    bridge.finish(outcome).await?;
    Ok(ExitStatus::Success)
}

/// What becomes of the request that the environment holds.
async fn answer(
    solver: &impl Solver,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<GatewayResult, Failure> {
    let environment =
        Environment::parse(variables).map_err(|error| Failure::invalid(error.to_string()))?;
    let work = async {
        let capabilities = solver.ping().await?;
        let mut request = Request::new(environment)?;
        request.given.platform = platform(&request, &capabilities);
        match request.subrequest.clone() {
            Some(name) => subrequest::answer(solver, &request, &name).await,
            None => build(solver, &request, &capabilities).await,
        }
    };
    work.await.map_err(|error| failure::of(&error))
}

/// The platform that was asked for, else the daemon's own.
fn platform(request: &Request, capabilities: &Capabilities) -> layercake_planner::facts::Platform {
    let own = capabilities
        .workers
        .iter()
        .flat_map(|worker| &worker.platforms)
        .next();
    let own = own.map(|own| layercake_planner::facts::Platform {
        os: own.os.clone(),
        architecture: own.architecture.clone(),
        variant: own.variant.clone(),
    });
    request
        .platform
        .clone()
        .or(own)
        .unwrap_or_else(host_platform)
}

async fn build(
    solver: &impl Solver,
    request: &Request,
    capabilities: &Capabilities,
) -> anyhow::Result<GatewayResult> {
    let mut opened = open(solver, request).await?;
    let service = service(request, &opened.services())?;
    let scope = Scope::Services(vec![service]);
    let (own, planned) = tokio::join!(
        own_image(solver, request),
        plan(solver, request, &mut opened, &scope)
    );
    let (own, mut planned) = (own?, planned?);
    let mut facts = take(&mut planned.facts);
    let (mut plan, mut warnings) = planned.accept(&opened.source)?;
    if let Some(own) = own.as_ref().filter(|_| needs_bytes(&plan)) {
        let mut planned = opened.plan_again(request, &scope, facts, own).await?;
        facts = take(&mut planned.facts);
        (plan, _) = planned.accept(&opened.source)?;
    }
    check_stages(&request.no_cache, &plan)?;
    let (abilities, mode) = (abilities(capabilities), request.resolve_mode);
    let mut images = look_up(solver, &plan, abilities, mode, &mut warnings).await;
    opened.warn(solver, &warnings).await?;
    let no_cache = &request.no_cache;
    images.retain(|id, _| !no_cache.has(&plan.stage(*id).name));
    let options = LowerOptions {
        context: opened.context.tree.context_source(),
        abilities,
        no_cache: request.no_cache.clone(),
        published: images,
        reruns: BTreeMap::new(), // A frontend keeps nothing from one build to the next.
        source: Some(opened.source.clone()),
        labels: request.labels.clone(),
    };
    let service = lower_only(&plan, &options)?;
    let definition = service.definition.clone().into_pb();
    // The records of its stages, which its configuration has, take the digests of files: they are had meanwhile.
    let recorded = async {
        let Some(own) = own.filter(|_| !plan.knows_bytes()) else {
            return Ok(service);
        };
        let planned = opened.plan_again(request, &scope, facts, &own).await?;
        let (plan, _) = planned.accept(&opened.source)?;
        lower_only(&plan, &options)
    };
    // What fails does so here, and not after this program has ended: then only BuildKit's words are left of it.
    let image = solver.solve(definition.clone(), &request.cache_imports, true);
    let (image, service) = tokio::join!(image, recorded);
    let image = match image {
        Ok(image) => image,
        Err(failure) => return Err(with_way_out(failure, solver, &definition).await.into()),
    };
    Ok(result(request, &plan, image, service?))
}

/// The failure of a definition, with what can be done about it where that is known.
async fn with_way_out(
    failure: Failure,
    solver: &impl Solver,
    definition: &pb::Definition,
) -> Failure {
    if let Some(damage) = Damage::of(&failure) {
        return failure.with_help(&damage.way_out());
    }
    match Mismatch::of(&failure, definition) {
        Some(mismatch) => failure.with_help(&mismatch.way_out(solver).await),
        None => failure,
    }
}

/// The image that this frontend was started from, by its digest, where BuildKit says so.
async fn own_image(solver: &impl Solver, request: &Request) -> anyhow::Result<Option<String>> {
    let Some(own) = &request.own else {
        return Ok(None);
    };
    let asked = ImageRequest {
        reference: normalize_reference(own)?,
        log_name: format!("[internal] load metadata for {own}"),
        ..ImageRequest::default()
    };
    let image = solver.resolve_image(&asked).await?;
    let name = asked.reference.split('@').next().unwrap_or_default();
    Ok(Some(format!("{name}@{}", image.digest)))
}

/// Lowers the only service of a plan.
fn lower_only(plan: &Plan, options: &LowerOptions) -> anyhow::Result<LoweredImage> {
    let service = lower(plan, options)?.images.into_iter().next();
    Ok(service.ok_or_else(|| Failure::invalid("there is no service to build"))?)
}

/// Plans what `scope` names.
async fn plan<S: Solver>(
    solver: &S,
    request: &Request,
    opened: &mut Opened<'_, S>,
    scope: &Scope,
) -> anyhow::Result<Planned> {
    let mut images = GatewayImages {
        solver,
        platform: &request.given.platform,
        mode: request.resolve_mode,
    };
    pipeline::plan(
        &opened.source,
        scope,
        opened.given(request),
        &mut opened.context,
        &mut images,
    )
    .await
}

/// The service to build: the target, or the only one there is.
fn service(request: &Request, services: &[String]) -> Result<String, Failure> {
    match (&request.target, services) {
        (Some(target), _) => Ok(target.clone()),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Ok(String::new()), // Planning says what is wrong.
        (None, several) => {
            let names: Vec<_> = several.iter().map(String::as_str).collect();
            let message = format!(
                "the file has several services; name one of {} by --target",
                list(&names)
            );
            Err(Failure::invalid(message))
        }
    }
}

/// The image, in the form that was asked for.
fn result(
    request: &Request,
    plan: &Plan,
    image: SolvedRef,
    service: LoweredImage,
) -> GatewayResult {
    let (result, suffix) = if request.multi_platform {
        let platform = (to_wire(&plan.platform), image);
        (
            GatewayResult::per_platform([platform]),
            format!("/{}", plan.platform),
        )
    } else {
        (GatewayResult::of(image), String::new())
    };
    let result = result.with_metadata(format!("containerimage.config{suffix}"), service.config);
    match service.base_config {
        Some(base) => result.with_metadata(format!("containerimage.base.config{suffix}"), base),
        None => result,
    }
}
