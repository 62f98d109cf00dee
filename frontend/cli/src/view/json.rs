//! A plan for programs. The form is versioned: a field is added at any time, and changed or removed never.

use layercake_planner::plan::{Edge, KeyRecord, Plan, Stage, StageId};
use serde::Serialize;

/// The version of the form.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanJson<'p> {
    version: u32,
    project: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_version: Option<&'p str>,
    platform: String,
    services: Vec<ServiceJson<'p>>,
    stages: Vec<StageJson<'p>>,
}

#[derive(Serialize)]
struct ServiceJson<'p> {
    name: &'p str,
    base: BaseJson<'p>,
    /// Lowest first.
    layers: Vec<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish: Option<&'p str>,
    tags: &'p [String],
}

#[derive(Serialize)]
struct BaseJson<'p> {
    name: &'p str,
    reference: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'p str>,
}

#[derive(Serialize)]
struct StageJson<'p> {
    id: &'p str,
    name: &'p str,
    kind: &'p str,
    services: Vec<&'p str>,
    needs: Vec<&'p str>,
    reads: Vec<&'p str>,
    expensive: bool,
    key: KeyJson<'p>,
}

#[derive(Serialize)]
struct KeyJson<'p> {
    digest: &'p str,
    record: &'p KeyRecord,
}

/// The plan as a value that serializes.
pub fn json(plan: &Plan) -> impl Serialize {
    PlanJson {
        version: VERSION,
        project: &plan.project,
        project_version: plan.version.as_deref(),
        platform: plan.platform.to_string(),
        services: plan
            .services
            .iter()
            .map(|service| service_json(plan, service))
            .collect(),
        stages: plan
            .stages()
            .map(|(id, stage)| stage_json(plan, id, stage))
            .collect(),
    }
}

fn service_json<'p>(
    plan: &'p Plan,
    service: &'p layercake_planner::plan::Service,
) -> ServiceJson<'p> {
    let base = plan.base(service.base);
    let name = |id: StageId| plan.stage(id).id.as_str();
    ServiceJson {
        name: &service.name,
        base: BaseJson {
            name: &base.name,
            reference: &base.reference,
            digest: base.image.as_ref().map(|image| image.digest.as_str()),
        },
        layers: service.layers.iter().copied().map(name).collect(),
        finish: service.finish.map(name),
        tags: &service.tags,
    }
}

fn stage_json<'p>(plan: &'p Plan, id: StageId, stage: &'p Stage) -> StageJson<'p> {
    let before = plan.before(id);
    let by = |edge: Edge| {
        before
            .iter()
            .filter(move |(_, kind)| *kind == edge)
            .map(|(id, _)| plan.stage(*id).id.as_str())
            .collect()
    };
    StageJson {
        id: &stage.id,
        name: &stage.name,
        kind: stage.kind,
        services: stage.services.iter().map(String::as_str).collect(),
        needs: by(Edge::Needs),
        reads: by(Edge::Reads),
        expensive: stage.expensive,
        key: KeyJson {
            digest: stage.key.digest(),
            record: &stage.key,
        },
    }
}
