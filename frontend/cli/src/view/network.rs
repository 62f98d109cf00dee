//! A plan as nodes and lines, for whichever language it is drawn in.

use std::collections::BTreeSet;

use layercake_planner::model::BaseIx;
use layercake_planner::plan::{Edge, Plan, Root};

/// What a node stands for; languages draw them in different shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A base image.
    Base,
    /// A stage.
    Stage,
    /// A stage that must not run by surprise.
    Expensive,
    /// A service.
    Service,
}

/// A node; its identity is its place in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it stands for.
    pub kind: NodeKind,
    /// Its lines of text.
    pub lines: Vec<String>,
}

/// A line from one node to another, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// What comes first.
    pub from: usize,
    /// What stands on it.
    pub to: usize,
    /// Whether only files are read, which is drawn dashed.
    pub reads: bool,
}

/// Nodes and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The nodes: bases, stages in the plan's order, services.
    pub nodes: Vec<Node>,
    /// The lines, sorted.
    pub lines: Vec<Line>,
}

impl Network {
    /// What a plan looks like. A base is joined to what stands directly on it.
    pub fn of(plan: &Plan) -> Self {
        let bases = plan
            .bases
            .iter()
            .map(|base| node(NodeKind::Base, [&base.name, &base.reference]));
        let stages = plan.stages().map(|(_, stage)| {
            let kind = if stage.expensive {
                NodeKind::Expensive
            } else {
                NodeKind::Stage
            };
            node(kind, [&stage.id, stage.kind])
        });
        let services = plan
            .services
            .iter()
            .map(|service| node(NodeKind::Service, [&service.name, ""]));
        Self {
            nodes: bases.chain(stages).chain(services).collect(),
            lines: lines(plan).into_iter().collect(),
        }
    }
}

fn node(kind: NodeKind, texts: [&str; 2]) -> Node {
    let mut lines: Vec<_> = texts
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect();
    lines.dedup();
    Node { kind, lines }
}

fn lines(plan: &Plan) -> BTreeSet<Line> {
    let first_stage = plan.bases.len();
    let first_service = first_stage + plan.stages().len();
    let of_base = |index: BaseIx| {
        plan.bases
            .iter()
            .position(|base| std::ptr::eq(base, plan.base(index)))
            .unwrap_or(0)
    };
    let mut lines = BTreeSet::new();
    for (id, stage) in plan.stages() {
        let to = first_stage + id.index();
        for (before, edge) in plan.before(id) {
            lines.insert(Line {
                from: first_stage + before.index(),
                to,
                reads: edge == Edge::Reads,
            });
        }
        match &stage.root {
            Root::Base { base, needs } if needs.is_empty() => {
                lines.insert(Line {
                    from: of_base(*base),
                    to,
                    reads: false,
                });
            }
            _ => {}
        }
        for image in stage.work.images() {
            lines.insert(Line {
                from: of_base(image),
                to,
                reads: true,
            });
        }
    }
    for (at, service) in plan.services.iter().enumerate() {
        let to = first_service + at;
        let below: Vec<usize> = match service.finish {
            Some(finish) => vec![first_stage + finish.index()],
            None => (service.layers.iter().map(|id| first_stage + id.index()))
                .chain([of_base(service.base)])
                .collect(),
        };
        lines.extend(below.into_iter().map(|from| Line {
            from,
            to,
            reads: false,
        }));
    }
    lines
}
