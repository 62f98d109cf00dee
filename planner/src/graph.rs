//! The graph itself. petgraph stays behind this file: the rest of the crate speaks of [`StageId`]s.

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use petgraph::{Direction, algo};

/// A stage of a [`Plan`](crate::plan::Plan).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageId(u32);

impl StageId {
    /// Its place in [`Plan::stages`](crate::plan::Plan::stages).
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why one stage comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edge {
    /// It runs on top of the other's files.
    Needs,
    /// It reads files of the other's result.
    Reads,
}

/// Stages and the edges between them, from what is needed to what needs it. It only grows, and an edge can
/// only lead to the stage that was added last: so it has no circles, by construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    graph: DiGraph<(), Edge, u32>,
}

impl Graph {
    /// Adds a stage that has edges from `before`.
    pub(crate) fn add(&mut self, before: impl IntoIterator<Item = (StageId, Edge)>) -> StageId {
        let new = self.graph.add_node(());
        for (id, edge) in before {
            self.graph.add_edge(NodeIndex::new(id.index()), new, edge);
        }
        StageId(u32::try_from(new.index()).unwrap_or(u32::MAX))
    }

    /// What `id` depends on directly, in the order it was given.
    pub(crate) fn before(&self, id: StageId) -> Vec<(StageId, Edge)> {
        let mut edges: Vec<_> = self
            .graph
            .edges_directed(NodeIndex::new(id.index()), Direction::Incoming)
            .map(|edge| (edge.id(), stage_id(edge.source()), *edge.weight()))
            .collect();
        edges.sort();
        edges.into_iter().map(|(_, id, edge)| (id, edge)).collect()
    }

    /// What depends on `id` directly.
    pub(crate) fn after(&self, id: StageId) -> Vec<StageId> {
        let mut ids: Vec<_> = self
            .graph
            .neighbors(NodeIndex::new(id.index()))
            .map(stage_id)
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// Everything that depends on `id`, directly or not, and `id`.
    pub(crate) fn cascade(&self, id: StageId) -> Vec<StageId> {
        let mut seen = vec![false; self.graph.node_count()];
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            if !std::mem::replace(&mut seen[next.index()], true) {
                open.extend(self.after(next));
            }
        }
        let all = seen.iter().enumerate().filter(|(_, seen)| **seen);
        all.map(|(at, _)| stage_id(NodeIndex::new(at))).collect()
    }

    pub(crate) fn has_circle(&self) -> bool {
        algo::toposort(&self.graph, None).is_err() // Keeps its own stack.
    }
}

fn stage_id(index: NodeIndex<u32>) -> StageId {
    StageId(u32::try_from(index.index()).unwrap_or(u32::MAX))
}

/// The ids of the first `count` stages.
pub(crate) fn ids(count: usize) -> impl ExactSizeIterator<Item = StageId> {
    (0..u32::try_from(count).unwrap_or(u32::MAX) as usize).map(|at| stage_id(NodeIndex::new(at)))
}
