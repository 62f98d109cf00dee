//! In which order stages are merged, and which of them are in an image.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use crate::model::{BaseIx, Kind, Model, StageIx};

/// The stages of one image, in the order in which they are merged.
pub(super) struct Members {
    /// The stages.
    pub ordered: Vec<StageIx>,
    /// The place of each.
    pub place: HashMap<StageIx, usize>,
    /// Those that bring an interpreter.
    pub conda: Vec<StageIx>,
}

impl Members {
    /// Whether a stage is one of them.
    pub(super) fn has(&self, ix: StageIx) -> bool {
        self.place.contains_key(&ix)
    }
}

/// The stages of one image in order: each after what it needs, reads or lies over, and after its interpreter.
///
/// # Errors
/// The circle, where an interpreter closes one that the file does not show.
pub(super) fn members(model: &Model, all: &BTreeSet<StageIx>) -> Result<Members, Vec<StageIx>> {
    let conda: Vec<_> = all
        .iter()
        .copied()
        .filter(|ix| matches!(model.stages[ix.0].kind, Kind::Conda(_)))
        .collect();
    let ordered = sorted(model, all, |stage| {
        let this = &model.stages[stage.0];
        let mut below = this.needs.clone();
        below.extend(&this.after);
        below.extend(this.kind.sources());
        below.extend(interpreter(model, stage, &conda).ok().flatten());
        below
    })?;
    let place = ordered
        .iter()
        .enumerate()
        .map(|(at, ix)| (*ix, at))
        .collect();
    Ok(Members {
        ordered,
        place,
        conda,
    })
}

/// The stages, each after those of them that `below` names; among those free to choose, what rarely changes
/// and is large first, then by name.
///
/// So neither the order of the file nor that of a service's list decides anything, and a puller has the
/// large layers below and the often changed ones on top.
///
/// # Errors
/// The stages of a circle, each after the one that it waits for.
pub(super) fn sorted(
    model: &Model,
    stages: &BTreeSet<StageIx>,
    below: impl Fn(StageIx) -> Vec<StageIx>,
) -> Result<Vec<StageIx>, Vec<StageIx>> {
    let mut waits: HashMap<StageIx, BTreeSet<StageIx>> = HashMap::with_capacity(stages.len());
    let mut frees: HashMap<StageIx, Vec<StageIx>> = HashMap::new();
    for stage in stages {
        let mut on: BTreeSet<_> = below(*stage).into_iter().collect();
        on.retain(|to| stages.contains(to));
        for to in &on {
            frees.entry(*to).or_default().push(*stage);
        }
        waits.insert(*stage, on);
    }
    let ranked = |stage: StageIx| {
        let this = &model.stages[stage.0];
        Reverse((rank(&this.kind), &this.name, stage))
    };
    let free = stages.iter().filter(|stage| waits[*stage].is_empty());
    let mut ready: BinaryHeap<_> = free.map(|stage| ranked(*stage)).collect();
    let mut ordered = Vec::with_capacity(stages.len());
    while let Some(Reverse((_, _, stage))) = ready.pop() {
        ordered.push(stage);
        waits.remove(&stage);
        for next in frees.remove(&stage).unwrap_or_default() {
            if let Some(on) = waits.get_mut(&next) {
                on.remove(&stage);
                if on.is_empty() {
                    ready.push(ranked(next));
                }
            }
        }
    }
    match waits.keys().min() {
        None => Ok(ordered),
        Some(stuck) => Err(circle(*stuck, &waits)),
    }
}

/// Follows what each stage waits for until one comes again.
fn circle(start: StageIx, waits: &HashMap<StageIx, BTreeSet<StageIx>>) -> Vec<StageIx> {
    let mut path = vec![start];
    while let Some(next) = waits.get(&path[path.len() - 1]).and_then(BTreeSet::first) {
        if let Some(from) = path.iter().position(|on| on == next) {
            path.drain(..from);
            break;
        }
        path.push(*next);
    }
    path.reverse();
    path
}

/// Whether a stage runs on a base of its own, so that what it needs there is not part of the image.
pub(super) fn runs_elsewhere(model: &Model, ix: StageIx, base: BaseIx) -> bool {
    let stage = &model.stages[ix.0];
    let own_root = matches!(stage.kind, Kind::Run(_) | Kind::Npm(_));
    own_root && stage.on.is_some_and(|on| on != base)
}

/// What an image on `base` has: the stages listed and all that they need to run on.
pub(super) fn with_needs(model: &Model, base: BaseIx, listed: &[StageIx]) -> BTreeSet<StageIx> {
    let mut members = BTreeSet::new();
    let mut open = listed.to_vec();
    while let Some(stage) = open.pop() {
        if members.insert(stage) && !runs_elsewhere(model, stage, base) {
            open.extend(&model.stages[stage.0].needs);
        }
    }
    members
}

/// The conda stage whose Python `stage` installs for: the one that it needs, else the only one there is.
///
/// # Errors
/// The candidates, where there are several.
pub(super) fn interpreter(
    model: &Model,
    stage: StageIx,
    conda: &[StageIx],
) -> Result<Option<StageIx>, Vec<StageIx>> {
    let this = &model.stages[stage.0];
    let named = match &this.kind {
        Kind::Pip(pip) => &pip.python,
        Kind::Wheel(wheel) => &wheel.python,
        _ => return Ok(None),
    };
    if named.is_some() {
        return Ok(None);
    }
    let needed: Vec<_> = this
        .needs
        .iter()
        .copied()
        .filter(|ix| conda.contains(ix))
        .collect();
    match if needed.is_empty() { conda } else { &needed } {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several => Err(several.to_vec()),
    }
}

/// Low changes rarely and is large.
fn rank(kind: &Kind) -> u8 {
    match kind {
        Kind::Conda(_) => 0,
        Kind::Apt(_) => 1,
        Kind::Image(_) | Kind::Fetch(_) => 2,
        Kind::Unpack(_) => 3,
        Kind::Npm(_) => 4,
        Kind::Pip(_) => 5,
        Kind::Run(_) => 6,
        Kind::Files(_) | Kind::Copy(_) => 7,
        Kind::Wheel(_) => 8,
    }
}
