//! Questions that a client asks instead of building: `docker buildx build --call=...`.

use layercake_planner::parse::parse;
use layercake_solve::{Failure, GatewayResult, SolvedRef, Solver};
use serde::Serialize;
use serde_json::json;

use super::explain::{explain, show_graph, show_plan};
use super::failure::range;
use super::lint::lint;
use super::open::open;
use super::outline::outline;
use super::request::Request;

const DESCRIBE: &str = "frontend.subrequests.describe";
const TARGETS: &str = "frontend.targets";
const LINT: &str = "frontend.lint";
const OUTLINE: &str = "frontend.outline";
const EXPLAIN: &str = "frontend.explain";
const PLAN: &str = "frontend.plan";
const GRAPH: &str = "frontend.graph";

/// The version of the answers' forms.
const VERSION: &str = "1.0.0";

/// Every question that is answered, with what it is about.
const ALL: [(&str, &str, &[&str]); 7] = [
    (
        DESCRIBE,
        "List available subrequest types",
        &["result.json", "result.txt"],
    ),
    (
        TARGETS,
        "List the services of the file",
        &["result.json", "result.txt"],
    ),
    (
        OUTLINE,
        "List what a build of the target can be given",
        &["result.json", "result.txt"],
    ),
    (
        LINT,
        "Find everything that is wrong with the file",
        &["result.json", "result.txt", "result.statuscode"],
    ),
    (
        EXPLAIN,
        "Tell what changed since the target's image was made, and why",
        &["result.json", "result.txt"],
    ),
    (
        PLAN,
        "Show what is built from what, in which order",
        &["result.json", "result.txt"],
    ),
    (
        GRAPH,
        "Draw the graph of stages",
        &["result.json", "result.txt"],
    ),
];

/// Answers the question named `name`.
pub async fn answer(
    solver: &impl Solver,
    request: &Request,
    name: &str,
) -> anyhow::Result<GatewayResult> {
    match name {
        DESCRIBE => describe(),
        TARGETS => targets(solver, request).await,
        LINT => lint(solver, request).await,
        OUTLINE => outline(solver, request).await,
        EXPLAIN => explain(solver, request).await,
        PLAN => show_plan(solver, request).await,
        GRAPH => show_graph(solver, request).await,
        other => Err(Failure::unsupported_subrequest(other).into()),
    }
}

/// An answer in both forms.
pub fn result(json: &impl Serialize, text: String) -> anyhow::Result<GatewayResult> {
    Ok(GatewayResult::of(SolvedRef::default())
        .with_metadata("result.json", serde_json::to_vec_pretty(json)?)
        .with_metadata("result.txt", text)
        .with_metadata("version", VERSION))
}

fn describe() -> anyhow::Result<GatewayResult> {
    let all = ALL.map(|(name, description, metadata)| {
        let metadata: Vec<_> = metadata.iter().map(|name| json!({ "Name": name })).collect();
        json!({ "name": name, "version": VERSION, "type": "rpc", "description": description, "metadata": metadata })
    });
    let lines = ALL.map(|(name, description, _)| format!("{name}  {VERSION}  {description}\n"));
    result(&all, lines.concat())
}

async fn targets(solver: &impl Solver, request: &Request) -> anyhow::Result<GatewayResult> {
    let opened = open(solver, request).await?;
    let (spec, _) = parse(&opened.source);
    let only = spec.services.iter().count() == 1;
    let targets: Vec<_> = spec
        .services
        .iter()
        .map(|(name, service)| {
            let base = spec
                .bases
                .get(&service.base.value)
                .map_or(&service.base.value, |base| &base.value);
            let place = range(&opened.source, name.span);
            let location = json!({ "sourceIndex": 0, "ranges": [super::lint::range_json(&place)] });
            json!({ "name": name.value, "default": only, "base": base, "location": location })
        })
        .collect();
    let names: Vec<_> = spec.services.names().collect();
    let sources = [super::lint::base64(opened.source.text.as_bytes())];
    result(
        &json!({ "targets": targets, "sources": sources }),
        names.join("\n") + "\n",
    )
}
