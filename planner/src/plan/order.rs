//! In which order a service's stages run and are merged.

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

/// What an image on `base` has: the stages listed and all they need, each after what it needs or lies over;
/// among those free to choose, what rarely changes and is large first, then by name.
///
/// So neither the order of the file nor that of a service's list decides anything, and a puller has the
/// large layers below and the often changed ones on top.
///
/// # Errors
/// The stages that wait for each other, where an interpreter closes a circle that the file does not show.
pub(super) fn members(
    model: &Model,
    base: BaseIx,
    listed: &[StageIx],
) -> Result<Members, Vec<StageIx>> {
    let all = with_needs(model, base, listed);
    let conda: Vec<_> = all
        .iter()
        .copied()
        .filter(|ix| matches!(model.stages[ix.0].kind, Kind::Conda(_)))
        .collect();
    let mut waiting: HashMap<StageIx, usize> = HashMap::with_capacity(all.len());
    let mut freed: HashMap<StageIx, Vec<StageIx>> = HashMap::new();
    for stage in &all {
        let below: BTreeSet<_> = below(model, *stage, &conda)
            .filter(|to| all.contains(to))
            .collect();
        waiting.insert(*stage, below.len());
        for to in below {
            freed.entry(to).or_default().push(*stage);
        }
    }
    let ranked = |stage: StageIx| {
        Reverse((
            rank(&model.stages[stage.0].kind),
            &model.stages[stage.0].name,
            stage,
        ))
    };
    let mut ready: BinaryHeap<_> = all
        .iter()
        .filter(|stage| waiting[*stage] == 0)
        .map(|stage| ranked(*stage))
        .collect();
    let mut ordered = Vec::with_capacity(all.len());
    while let Some(Reverse((_, _, stage))) = ready.pop() {
        ordered.push(stage);
        waiting.remove(&stage);
        for next in freed.remove(&stage).unwrap_or_default() {
            if let Some(count) = waiting.get_mut(&next) {
                *count -= 1;
                if *count == 0 {
                    ready.push(ranked(next));
                }
            }
        }
    }
    if !waiting.is_empty() {
        return Err(all
            .into_iter()
            .filter(|stage| waiting.contains_key(stage))
            .collect());
    }
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

/// Whether a stage runs on a base of its own, so that what it needs there is not part of the image.
pub(super) fn runs_elsewhere(model: &Model, ix: StageIx, base: BaseIx) -> bool {
    let stage = &model.stages[ix.0];
    let own_root = matches!(stage.kind, Kind::Run(_) | Kind::Npm(_));
    own_root && stage.on.is_some_and(|on| on != base)
}

/// The stages listed and all that they need to run on.
fn with_needs(model: &Model, base: BaseIx, listed: &[StageIx]) -> BTreeSet<StageIx> {
    let mut members = BTreeSet::new();
    let mut open = listed.to_vec();
    while let Some(stage) = open.pop() {
        if members.insert(stage) && !runs_elsewhere(model, stage, base) {
            open.extend(&model.stages[stage.0].needs);
        }
    }
    members
}

/// The stages that `stage` lies over: those it needs, those it says, and its interpreter.
fn below(model: &Model, stage: StageIx, conda: &[StageIx]) -> impl Iterator<Item = StageIx> {
    let this = &model.stages[stage.0];
    let interpreter = interpreter(model, stage, conda).ok().flatten();
    this.needs
        .iter()
        .chain(&this.after)
        .copied()
        .chain(interpreter)
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
