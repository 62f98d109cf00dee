//! What the stages of a plan are called, and for whom they are.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::{Plan, Root, Stage};

/// Every stage learns the services that it is built for.
pub(super) fn mark_services(plan: &mut Plan) {
    for service in &plan.services {
        let mut open = service.layers.clone();
        open.extend(service.finish);
        while let Some(id) = open.pop() {
            let services = &mut plan.stages[id.index()].services;
            if services.insert(service.name.clone()) {
                open.extend(plan.graph.before(id).into_iter().map(|(id, _)| id));
            }
        }
    }
}

/// Instances of one stage are told apart by what they run on; where that is not enough, by a service that
/// they are for; and should that leave two alike, by a number.
pub(super) fn name_instances(plan: &mut Plan) {
    let mut count: HashMap<(&str, &str), usize> = HashMap::new();
    for stage in &plan.stages {
        *count.entry((&stage.name, stage.kind)).or_default() += 1;
    }
    let named = |stage: &Stage| match stage.kind {
        "finish" | "link" | "scripts" | "sdist" => stage.id.clone(),
        "install" => format!("{}@{}", stage.name, root_name(plan, stage)),
        kind if count[&(stage.name.as_str(), kind)] == 1 => stage.name.clone(),
        _ => format!("{}@{}", stage.name, root_name(plan, stage)),
    };
    let mut ids: Vec<String> = plan.stages.iter().map(named).collect();
    tell_apart(&mut ids, |at, id| {
        let service = plan.stages[at].services.first();
        service.map_or(id.to_owned(), |service| format!("{id}:{service}"))
    });
    let mut taken = HashSet::new();
    for (stage, mut id) in plan.stages.iter_mut().zip(ids) {
        let length = id.len();
        for number in 2.. {
            if taken.insert(id.clone()) {
                break;
            }
            id.truncate(length);
            let _ = write!(id, "~{number}");
        }
        stage.id = id;
    }
}

/// Gives another name to each that is not alone with its own.
fn tell_apart(ids: &mut [String], other: impl Fn(usize, &str) -> String) {
    let mut count: HashMap<String, usize> = HashMap::new();
    for id in &*ids {
        *count.entry(id.clone()).or_default() += 1;
    }
    for (at, id) in ids.iter_mut().enumerate() {
        if count[id.as_str()] > 1 {
            *id = other(at, id);
        }
    }
}

/// `python`, `micromamba+conda-env`: a base, and what is on it.
fn root_name(plan: &Plan, stage: &Stage) -> String {
    match &stage.root {
        Root::Base { base, needs } => {
            let base = plan.base(*base).name.as_str();
            let needs = needs.iter().map(|id| plan.stage(*id).name.as_str());
            let mut names: Vec<_> = [base].into_iter().chain(needs).collect();
            names.dedup(); // A locked environment is several stages of one name.
            names.join("+")
        }
        Root::Scratch => {
            let tools = stage.work.images();
            let tool = tools.first().map(|tool| plan.base(*tool).name.as_str());
            tool.unwrap_or("scratch").to_owned()
        }
    }
}
