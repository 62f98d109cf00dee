//! `docker buildx build --call=outline`: what a build of one service can be given.

use layercake_planner::parse::parse;
use layercake_planner::plan::{Plan, Work};
use layercake_planner::source::{Source, Span};
use layercake_solve::{GatewayResult, Solver};
use serde_json::{Value, json};

use super::failure::range;
use super::lint::{base64, range_json};
use super::open::open;
use super::request::Request;
use super::service;
use super::subrequest::result;
use crate::pipeline::{self, NoImages, Scope};

/// Answers for the target, or the only service there is.
pub async fn outline(solver: &impl Solver, request: &Request) -> anyhow::Result<GatewayResult> {
    let mut opened = open(solver, request).await?;
    let service = service(request, &opened.services())?;
    let scope = Scope::Services(vec![service.clone()]);
    let given = request.given.clone();
    let planned = pipeline::plan(
        &opened.source,
        &scope,
        given,
        &mut opened.context,
        &mut NoImages,
    )
    .await?;
    let (plan, _) = planned.accept(&opened.source)?;
    let source = &opened.source;
    let args = arguments(source, request);
    let (secrets, ssh) = mounts(&plan, source);
    let text = text(
        &service,
        [
            ("build arguments", &args),
            ("secrets", &secrets),
            ("ssh", &ssh),
        ],
    );
    let sources = [base64(source.text.as_bytes())];
    let json = json!({ "name": service, "args": args, "secrets": secrets, "ssh": ssh, "sources": sources });
    result(&json, text)
}

/// The build arguments of the file with their values in this build.
fn arguments(source: &Source, request: &Request) -> Vec<Value> {
    let (spec, _) = parse(source);
    let argument = |(name, default): (
        &layercake_planner::spec::Text,
        &layercake_planner::spec::Text,
    )| {
        let value = request
            .given
            .build_args
            .get(&name.value)
            .unwrap_or(&default.value);
        json!({ "name": name.value, "value": value, "location": location(source, name.span) })
    };
    spec.args.iter().map(argument).collect()
}

/// The secrets and the SSH agents that the stages ask for.
fn mounts(plan: &Plan, source: &Source) -> (Vec<Value>, Vec<Value>) {
    let (mut secrets, mut ssh) = (Vec::new(), Vec::new());
    for (_, stage) in plan.stages() {
        let Work::Run(step) = &stage.work else {
            continue;
        };
        let asked = |name: &str, optional: bool| json!({ "name": name, "required": !optional, "location": location(source, stage.span) });
        secrets.extend(
            step.secrets()
                .iter()
                .map(|secret| asked(&secret.id, secret.optional)),
        );
        ssh.extend(
            step.ssh()
                .iter()
                .map(|agent| asked(&agent.id, agent.optional)),
        );
    }
    (secrets, ssh)
}

fn location(source: &Source, span: Span) -> Value {
    json!({ "sourceIndex": 0, "ranges": [range_json(&range(source, span))] })
}

fn text(service: &str, parts: [(&str, &Vec<Value>); 3]) -> String {
    let mut lines = vec![format!("service: {service}")];
    for (title, entries) in parts.into_iter().filter(|(_, entries)| !entries.is_empty()) {
        lines.push(format!("{title}:"));
        lines.extend(entries.iter().map(|entry| {
            let of = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
            format!("  {} {}", of("name"), of("value"))
                .trim_end()
                .to_owned()
        }));
    }
    lines.join("\n") + "\n"
}
