//! What must hold of every plan; each test that makes one asks.

use std::collections::HashSet;

use super::{Plan, Root, StageId, Yields};
use crate::graph::Edge;
use crate::model::BaseIx;

impl Plan {
    /// Checks every invariant.
    ///
    /// # Errors
    /// The first that does not hold, in words.
    pub fn verify(&self) -> Result<(), String> {
        if self.graph.has_circle() {
            return Err("the graph has a circle".into());
        }
        let mut names = HashSet::new();
        for (id, stage) in self.stages() {
            self.verify_edges(id)?;
            if let Root::Base { base, needs } = &stage.root {
                self.verify_layers(&stage.id, *base, needs)?;
            }
            if stage.services.is_empty() {
                return Err(format!("`{}` is for no service", stage.id));
            }
            if stage.yields == Yields::Difference && stage.root == Root::Scratch {
                return Err(format!("`{}` differs from nothing", stage.id));
            }
            if !names.insert(&stage.id) {
                return Err(format!("two stages are named `{}`", stage.id));
            }
        }
        self.services.iter().try_for_each(|service| {
            self.verify_layers(&service.name, service.base, &service.layers)
        })
    }

    /// Layers can be merged: none is there to be read only, none differs from another base, and each lies above
    /// all that it stands on.
    fn verify_layers(&self, of: &str, base: BaseIx, layers: &[StageId]) -> Result<(), String> {
        if let [one] = layers
            && self.stage(*one).leaves_root_on(base)
        {
            return Ok(());
        }
        let mut below = HashSet::new();
        for id in layers {
            let stage = self.stage(*id);
            if stage.yields == Yields::Artifact {
                return Err(format!("`{of}` has the artifact `{}`", stage.id));
            }
            if let Root::Base { base: own, needs } = &stage.root
                && (stage.yields == Yields::Difference || *own == base)
            {
                if *own != base {
                    return Err(format!(
                        "`{}` differs from another base than `{of}` has",
                        stage.id
                    ));
                }
                if let Some(missing) = needs.iter().find(|id| !below.contains(*id)) {
                    let missing = &self.stage(*missing).id;
                    return Err(format!("`{of}` has `{}` not above `{missing}`", stage.id));
                }
            }
            if !below.insert(*id) {
                return Err(format!("`{of}` has `{}` twice", stage.id));
            }
        }
        Ok(())
    }

    /// The graph's edges are what the stages refer to, and lead back only.
    fn verify_edges(&self, id: StageId) -> Result<(), String> {
        let stage = self.stage(id);
        let needs = match &stage.root {
            Root::Scratch => Vec::new(),
            Root::Base { needs, .. } => needs.clone(),
        };
        let needs = needs.into_iter().map(|id| (id, Edge::Needs));
        let expected: Vec<_> = needs
            .chain(stage.work.reads().into_iter().map(|id| (id, Edge::Reads)))
            .collect();
        let edges = self.before(id);
        if edges != expected {
            return Err(format!(
                "the edges of `{}` are not what it refers to",
                stage.id
            ));
        }
        match edges.iter().find(|(before, _)| *before >= id) {
            Some((late, _)) => Err(format!(
                "`{}` comes before `{}`, which it needs",
                stage.id,
                self.stage(*late).id
            )),
            None => Ok(()),
        }
    }
}
