//! What follows from a stage's kind: where it is made, what it runs on, what it leaves, and its work.

use std::collections::HashMap;

use super::drawn::Identity;
use crate::model::{BaseIx, Kind, Model, Npm, Run, StageIx};
use crate::plan::order::runs_elsewhere;
use crate::plan::work::{CopyFrom, CopyStep, Mounted, Python, RunStep, Work};
use crate::plan::{StageId, Yields};

/// Whether a member of an image on `base` is made in an image on a base of its own, which no other layer joins.
pub(super) fn is_made_elsewhere(model: &Model, ix: StageIx, base: BaseIx) -> bool {
    runs_elsewhere(model, ix, base) && yields(&model.stages[ix.0].kind) == Yields::Tree
}

/// The base that a stage of an image on `base` is built on.
pub(super) fn own_base(model: &Model, ix: StageIx, base: BaseIx) -> BaseIx {
    model.stages[ix.0].on.unwrap_or(base)
}

/// The image whose programs do the work of a stage that runs on nothing.
pub(super) fn tool(kind: &Kind, base: BaseIx) -> Option<BaseIx> {
    match kind {
        Kind::Conda(conda) => Some(conda.tool.unwrap_or(base)),
        Kind::Unpack(unpack) => unpack.zip.then_some(base),
        _ => None,
    }
}

/// Whether it runs on a base; all others run on nothing.
pub(super) fn runs_on_a_root(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Apt(_) | Kind::Pip(_) | Kind::Wheel(_) | Kind::Npm(_) | Kind::Run(_)
    )
}

/// What becomes of what it wrote.
pub(super) fn yields(kind: &Kind) -> Yields {
    match kind {
        Kind::Run(run) if !run.outputs.is_empty() => Yields::Tree,
        Kind::Npm(Npm::Project { .. }) => Yields::Tree,
        kind if runs_on_a_root(kind) => Yields::Difference,
        _ => Yields::Tree,
    }
}

/// What an instance does.
pub(super) fn work_of(
    model: &Model,
    base: BaseIx,
    conda: Option<StageIx>,
    identity: &Identity,
) -> Work {
    let kind = &model.stages[identity.stage.0].kind;
    let conda = conda.map(|ix| &model.stages[ix.0].kind);
    let python = |named: &Option<String>| match (named, conda) {
        (Some(path), _) => Python::At(path.clone()),
        (None, Some(Kind::Conda(conda))) => {
            Python::At(crate::path::join(&conda.prefix, "bin/python"))
        }
        _ => Python::OfRoot,
    };
    let read: HashMap<StageIx, StageId> = kind
        .sources()
        .into_iter()
        .zip(identity.reads.clone())
        .collect();
    let source = |from| CopyFrom::of(from, |stage| read[&stage]);
    match kind {
        Kind::Conda(conda) => Work::Conda {
            conda: conda.clone(),
            tool: identity.tool.unwrap_or(base),
        },
        Kind::Apt(apt) => Work::Apt(apt.clone()),
        Kind::Pip(pip) => Work::Pip {
            python: python(&pip.python),
            pip: pip.clone(),
        },
        Kind::Wheel(wheel) => Work::InstallWheel {
            wheel: identity.reads[0],
            python: python(&wheel.python),
            deps: wheel.deps,
        },
        Kind::Npm(npm) => Work::Npm(npm.clone()),
        Kind::Fetch(fetch) => Work::Fetch(fetch.clone()),
        Kind::Unpack(unpack) => Work::Unpack {
            unpack: unpack.clone(),
            tool: identity.tool,
        },
        Kind::Copy(items) => {
            let steps = items.iter().map(|item| CopyStep {
                from: source(&item.from),
                to: item.to.clone(),
                into: item.into,
                mode: item.mode.clone(),
                owner: item.owner.clone(),
            });
            Work::Copy(steps.collect())
        }
        Kind::Files(files) => Work::Files(files.clone()),
        Kind::Run(run) => {
            let mounted = run.inputs.iter().map(|input| Mounted {
                from: source(&input.from),
                to: input.to.clone(),
            });
            Work::Run(RunStep {
                mounted: mounted.collect(),
                run: Run {
                    inputs: Vec::new(),
                    ..run.clone()
                },
            })
        }
        Kind::Image(take) => Work::Take(take.clone()),
    }
}
