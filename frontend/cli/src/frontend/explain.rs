//! `docker buildx build --call=explain`, `--call=plan` and `--call=graph`.

use std::mem::take;

use layercake_planner::explain::Records;
use layercake_planner::plan::Plan;
use layercake_solve::{GatewayResult, Solver};
use serde_json::json;

use super::open::open;
use super::request::Request;
use super::subrequest::result;
use super::{own_image, plan, service};
use crate::explain::{Earlier, Explanation, long};
use crate::images::image_records;
use crate::pipeline::{self, NoImages, Scope};
use crate::records::History;
use crate::view;

/// The build argument that names the image to compare with.
const AGAINST: &str = "LAYERCAKE_AGAINST";

/// What changed since the image of the target was made, by the label that it bears.
pub async fn explain(solver: &impl Solver, request: &Request) -> anyhow::Result<GatewayResult> {
    let mut opened = open(solver, request).await?;
    let service = service(request, &opened.services())?;
    let scope = Scope::Services(vec![service]);
    let (own, planned) = tokio::join!(
        own_image(solver, request),
        plan(solver, request, &mut opened, &scope)
    );
    let mut planned = planned?;
    if let Some(own) = own? {
        let facts = take(&mut planned.facts);
        planned = opened.plan_again(request, &scope, facts, &own).await?;
    }
    let (plan, _) = planned.accept(&opened.source)?;
    let earlier = earlier(solver, request, &plan).await?;
    let history = History::default(); // A frontend has no state directory.
    let explanation = Explanation::new(&plan, &earlier, None, &history);
    result(&explanation, long(&explanation))
}

/// The image that was asked for, which must bear records; else that of the service's first tag, if there is one.
async fn earlier(solver: &impl Solver, request: &Request, plan: &Plan) -> anyhow::Result<Earlier> {
    let mode = request.resolve_mode;
    if let Some(asked) = request.given.build_args.get(AGAINST) {
        return image_records(solver, asked, plan, mode).await;
    }
    let tag = plan
        .services
        .iter()
        .flat_map(|service| &service.tags)
        .next();
    let nothing = |why: String| Earlier {
        against: format!("nothing, as {why}"),
        records: Records::default(),
    };
    let Some(tag) = tag else {
        return Ok(nothing("the service has no tag".to_owned()));
    };
    let found = image_records(solver, tag, plan, mode).await;
    Ok(found.unwrap_or_else(|error| nothing(format!("{error:#}"))))
}

/// The plan of the target, or of all services, as `layercake plan` shows it.
pub async fn show_plan(solver: &impl Solver, request: &Request) -> anyhow::Result<GatewayResult> {
    let plan = offline(solver, request).await?;
    result(&view::json(&plan), view::tree(&plan))
}

/// The graph of the target, or of all services, in the languages of `layercake graph`.
pub async fn show_graph(solver: &impl Solver, request: &Request) -> anyhow::Result<GatewayResult> {
    let plan = offline(solver, request).await?;
    let dot = view::dot(&plan);
    result(
        &json!({ "version": 1, "dot": dot, "mermaid": view::mermaid(&plan) }),
        dot,
    )
}

/// Planned without asking any registry.
async fn offline(solver: &impl Solver, request: &Request) -> anyhow::Result<Plan> {
    let mut opened = open(solver, request).await?;
    let scope = Scope::Services(request.target.iter().cloned().collect());
    let given = opened.given(request);
    let planned = pipeline::plan(
        &opened.source,
        &scope,
        given,
        &mut opened.context,
        &mut NoImages,
    )
    .await?;
    Ok(planned.accept(&opened.source)?.0)
}
