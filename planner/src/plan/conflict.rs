//! Two stages of one image that write one path without an order between them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::work::{CopyFrom, Work};
use super::{Plan, StageId};
use crate::diagnostic::Diagnostic;
use crate::facts::PathFact;
use crate::findings::Findings;
use crate::model::{Fetch, Input, Model, StageIx};
use crate::path::join;

/// All conflicts of all images: the layers of each, lowest first.
pub(super) fn find(plan: &Plan, model: &Model, images: &[Vec<StageId>]) -> Vec<Diagnostic> {
    let named = model.stages.iter().enumerate();
    let named = named.map(|(at, stage)| (stage.name.as_str(), StageIx(at)));
    let index: HashMap<&str, StageIx> = named.collect();
    let mut found = Findings::default();
    let mut written = HashMap::new();
    for layers in images {
        let image = Image::new(plan, model, layers, &index);
        let mut told = BTreeSet::new();
        for (path, below, above) in twice_written(plan, layers, &mut written) {
            if told.insert((below, above)) && !image.is_over(above, below) {
                let subject = format!("{}+{}", plan.stage(below).name, plan.stage(above).name);
                found.push_about(subject, conflict(plan, &path, below, above));
            }
        }
    }
    found.into_diagnostics()
}

/// What each stage writes, found out once.
type Written = HashMap<StageId, Vec<String>>;

/// Paths that two layers write, with the lower and the upper of these.
fn twice_written(
    plan: &Plan,
    layers: &[StageId],
    written: &mut Written,
) -> Vec<(String, StageId, StageId)> {
    let mut writers: BTreeMap<&str, StageId> = BTreeMap::new();
    let mut pairs = Vec::new();
    for id in layers {
        written
            .entry(*id)
            .or_insert_with(|| writes(&plan.stage(*id).work));
    }
    for id in layers {
        for path in &written[id] {
            match writers.insert(path, *id) {
                Some(below) if below != *id => pairs.push((path.clone(), below, *id)),
                _ => {}
            }
        }
    }
    pairs
}

/// The paths that a stage is known to write.
fn writes(work: &Work) -> Vec<String> {
    match work {
        Work::Conda { conda, .. } => vec![conda.prefix.clone()],
        Work::Link(step) => vec![step.prefix.clone()],
        Work::Files(files) => files.iter().map(|file| file.path.clone()).collect(),
        Work::Fetch(Fetch::Url {
            to, unpack: false, ..
        }) => vec![to.clone()],
        Work::Take(take) => take.paths.iter().map(|path| path.to.clone()).collect(),
        Work::Copy(steps) => steps
            .iter()
            .flat_map(|step| match &step.from {
                CopyFrom::Context(input) => copied(input, &step.to),
                CopyFrom::Stage { .. } => Vec::new(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn copied(input: &Input, to: &str) -> Vec<String> {
    match input.fact.as_deref() {
        Some(PathFact::File(_)) => vec![to.to_owned()],
        Some(PathFact::Folder(files)) => files.keys().map(|name| join(to, name)).collect(),
        _ => Vec::new(),
    }
}

/// The stages of one image, to ask which lies over which.
struct Image<'a> {
    model: &'a Model,
    /// Their places, from the lowest.
    place: HashMap<StageIx, usize>,
    stages: HashMap<StageId, StageIx>,
}

impl<'a> Image<'a> {
    fn new(
        plan: &Plan,
        model: &'a Model,
        layers: &[StageId],
        index: &HashMap<&str, StageIx>,
    ) -> Self {
        let known = |id: &StageId| Some((*id, *index.get(plan.stage(*id).name.as_str())?));
        let stages: HashMap<_, _> = layers.iter().filter_map(known).collect();
        let places = layers.iter().enumerate();
        let place = places.filter_map(|(at, id)| Some((*stages.get(id)?, at)));
        Self {
            model,
            place: place.collect(),
            stages,
        }
    }

    /// Whether the file says that `above` lies over `below`, by stages of this image.
    fn is_over(&self, above: StageId, below: StageId) -> bool {
        let (Some(above), Some(below)) = (self.stages.get(&above), self.stages.get(&below)) else {
            return false;
        };
        let floor = self.place.get(below);
        let mut open = vec![*above];
        let mut seen = HashSet::new();
        while let Some(next) = open.pop() {
            if next == *below {
                return true;
            }
            if self.place.get(&next) > floor && seen.insert(next) {
                let stage = &self.model.stages[next.0];
                open.extend(stage.needs.iter().chain(&stage.after));
            }
        }
        false
    }
}

fn conflict(plan: &Plan, path: &str, below: StageId, above: StageId) -> Diagnostic {
    let (below, above) = (plan.stage(below), plan.stage(above));
    let message = format!("`{}` and `{}` both write `{path}`", below.name, above.name);
    Diagnostic::error("write-conflict", above.span, message)
        .also(below.span, format!("`{}` writes it too", below.name))
        .help(format!(
            "say which lies on top: `after: [{}]` in `{}`, or the other way round",
            below.name, above.name
        ))
}
