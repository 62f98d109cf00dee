//! The stages made so far: each is made once, and comes after what it depends on.

use std::collections::{BTreeSet, HashMap};

use crate::graph::{Edge, Graph};
use crate::model::{BaseIx, Model, StageIx};
use crate::plan::work::Work;
use crate::plan::{Key, Root, Stage, StageId, Yields};

/// The stages made so far, and the graph of them.
#[derive(Default)]
pub(super) struct Drawn {
    pub(super) graph: Graph,
    pub(super) stages: Vec<Stage>,
    known: HashMap<Identity, StageId>,
}

/// What tells two instances of a stage apart.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub(super) stage: StageIx,
    /// A wheel is two stages of the plan: the one that builds and the one that installs.
    pub(super) builds: bool,
    pub(super) root: Root,
    /// What a tool does on no root depends on the tool as on a base.
    pub(super) tool: Option<BaseIx>,
    pub(super) reads: Vec<StageId>,
}

impl Drawn {
    /// The instance of that identity, made if there is none yet.
    pub(super) fn once(
        &mut self,
        identity: Identity,
        make: impl FnOnce(&Identity) -> Stage,
    ) -> StageId {
        if let Some(id) = self.known.get(&identity) {
            return *id;
        }
        let id = self.push(make(&identity));
        self.known.insert(identity, id);
        id
    }

    /// Adds a stage.
    pub(super) fn push(&mut self, stage: Stage) -> StageId {
        let needs = match &stage.root {
            Root::Scratch => [].as_slice(),
            Root::Base { needs, .. } => needs,
        };
        let needs = needs.iter().map(|id| (*id, Edge::Needs));
        let reads = stage.work.reads().into_iter().map(|id| (id, Edge::Reads));
        let id = self.graph.add(needs.chain(reads));
        self.stages.push(stage);
        id
    }
}

/// A stage with this identity.
pub(super) fn new_stage(
    model: &Model,
    identity: &Identity,
    kind: &'static str,
    work: Work,
    yields: Yields,
) -> Stage {
    let stage = &model.stages[identity.stage.0];
    Stage {
        id: stage.name.clone(),
        name: stage.name.clone(),
        span: stage.span,
        kind,
        root: identity.root.clone(),
        work,
        yields,
        expensive: stage.expensive,
        services: BTreeSet::new(),
        key: Key::default(),
    }
}
