//! Two stages of one image that write one path without an order between them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::work::{CopyFrom, Work};
use super::{Plan, Service, StageId};
use crate::diagnostic::Diagnostic;
use crate::facts::PathFact;
use crate::model::{Fetch, Input, Model};
use crate::path::join;

/// All conflicts of all services.
pub(super) fn find(plan: &Plan, model: &Model) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut written = HashMap::new();
    for service in &plan.services {
        for (path, a, b) in in_service(plan, service, &mut written) {
            let pair = (plan.stage(a).name.clone(), plan.stage(b).name.clone());
            if !ordered(model, &pair.0, &pair.1) && seen.insert(pair) {
                found.push(conflict(plan, &path, a, b));
            }
        }
    }
    found
}

type Written = HashMap<StageId, Vec<String>>;

fn in_service(
    plan: &Plan,
    service: &Service,
    written: &mut Written,
) -> Vec<(String, StageId, StageId)> {
    let mut writers: BTreeMap<&str, StageId> = BTreeMap::new();
    let mut pairs = Vec::new();
    for id in &service.layers {
        written
            .entry(*id)
            .or_insert_with(|| writes(&plan.stage(*id).work));
    }
    for id in &service.layers {
        for path in &written[id] {
            if let Some(other) = writers.insert(path, *id) {
                pairs.push((path.clone(), other, *id));
            }
        }
    }
    pairs
}

/// The paths that a stage is known to write.
fn writes(work: &Work) -> Vec<String> {
    match work {
        Work::Conda { conda, .. } => vec![conda.prefix.clone()],
        Work::Files(files) => files.iter().map(|file| file.path.clone()).collect(),
        Work::Fetch(Fetch::Url {
            to, unpack: false, ..
        }) => vec![to.clone()],
        Work::Take(take) => take.paths.iter().map(|path| path.to.clone()).collect(),
        Work::Copy(steps) => steps
            .iter()
            .flat_map(|step| match &step.from {
                CopyFrom::Context(input) => copied(input, &step.to, step.into),
                CopyFrom::Stage { .. } => Vec::new(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn copied(input: &Input, to: &str, into: bool) -> Vec<String> {
    match &input.fact {
        Some(PathFact::File(_)) if into => {
            vec![join(
                to,
                input.need.path.rsplit('/').next().unwrap_or_default(),
            )]
        }
        Some(PathFact::File(_)) => vec![to.to_owned()],
        Some(PathFact::Folder(files)) => files.keys().map(|name| join(to, name)).collect(),
        _ => Vec::new(),
    }
}

/// Whether the file says which of two stages lies over the other.
fn ordered(model: &Model, a: &str, b: &str) -> bool {
    let reaches = |from: &str, to: &str| {
        let mut open = vec![from.to_owned()];
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if name == to {
                return true;
            }
            let Some(stage) = model.stages.iter().find(|stage| stage.name == name) else {
                continue;
            };
            if seen.insert(name) {
                let next = stage.needs.iter().chain(&stage.after);
                open.extend(next.map(|ix| model.stages[ix.0].name.clone()));
            }
        }
        false
    };
    reaches(a, b) || reaches(b, a)
}

fn conflict(plan: &Plan, path: &str, a: StageId, b: StageId) -> Diagnostic {
    let (a, b) = (plan.stage(a), plan.stage(b));
    let message = format!("`{}` and `{}` both write `{path}`", a.name, b.name);
    Diagnostic::error("write-conflict", b.span, message)
        .also(a.span, format!("`{}` writes it too", a.name))
        .help(format!(
            "say which lies on top: `after: [{}]` in `{}`, or the other way round",
            a.name, b.name
        ))
}
