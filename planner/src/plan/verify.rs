//! What must hold of every plan; each test that makes one asks.

use super::{Plan, Root, StageId, Yields};
use crate::graph::Edge;

impl Plan {
    /// Checks every invariant.
    ///
    /// # Errors
    /// The first that does not hold, in words.
    pub fn verify(&self) -> Result<(), String> {
        if self.graph.has_circle() {
            return Err("the graph has a circle".into());
        }
        for (id, stage) in self.stages() {
            self.verify_edges(id)?;
            if stage.services.is_empty() {
                return Err(format!("`{}` is for no service", stage.id));
            }
            if stage.yields == Yields::Difference && stage.root == Root::Scratch {
                return Err(format!("`{}` differs from nothing", stage.id));
            }
        }
        let mut ids: Vec<_> = self.stages.iter().map(|stage| &stage.id).collect();
        ids.sort();
        if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("two stages are named `{}`", twice[0]));
        }
        self.services.iter().try_for_each(|service| {
            let artifact = service
                .layers
                .iter()
                .find(|id| self.stage(**id).yields == Yields::Artifact);
            match artifact {
                Some(id) => Err(format!(
                    "`{}` has the artifact `{}`",
                    service.name,
                    self.stage(*id).id
                )),
                None => Ok(()),
            }
        })
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
