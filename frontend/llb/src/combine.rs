//! Combining filesystems without copying: merge lays several over each other, diff takes what one changed in another.

use buildkit_proto::pb;

use crate::attributes::{Annotate, Attributes};
use crate::output::{Inputs, Vertex};
use crate::{Output, caps};

/// Filesystems laid over each other, later ones on top, under construction. Layers of the result do not depend on
/// each other, so that a change in one input leaves the others' as they are.
#[derive(Debug, Clone)]
pub struct Merge {
    inputs: Vec<Output>,
    attributes: Attributes,
}

impl Merge {
    /// Merges these filesystems; empty ones (`None`) have no effect.
    pub fn of<T: Into<Option<Output>>>(inputs: impl IntoIterator<Item = T>) -> Self {
        let inputs = inputs.into_iter().filter_map(Into::into).collect();
        Self {
            inputs,
            attributes: Attributes::new(),
        }
    }

    /// The merged filesystem: `None` if nothing was to be merged, and the input itself if it was only one. Operations
    /// on it inherit the platform of the first input.
    pub fn build(mut self) -> Option<Output> {
        if self.inputs.len() < 2 {
            return self.inputs.pop();
        }
        self.attributes.add_cap(caps::MERGE);
        let platform = self.inputs[0].platform().cloned();
        let mut inputs = Inputs::default();
        let merged = self
            .inputs
            .iter()
            .map(|input| pb::MergeInput {
                input: inputs.push(Some(input)),
            })
            .collect();
        let op = pb::op::Op::Merge(pb::MergeOp { inputs: merged });
        Some(Output::new(
            Vertex::new(op, &inputs, None, self.attributes),
            0,
            platform,
        ))
    }
}

impl Annotate for Merge {
    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }
}

/// The difference between two filesystems, under construction: merged onto the lower one it gives the upper one.
#[derive(Debug, Clone)]
pub struct Diff {
    lower: Option<Output>,
    upper: Option<Output>,
    attributes: Attributes,
}

impl Diff {
    /// What has to change in `lower` to make it `upper`; `None` is an empty filesystem.
    pub fn between(lower: impl Into<Option<Output>>, upper: impl Into<Option<Output>>) -> Self {
        Self {
            lower: lower.into(),
            upper: upper.into(),
            attributes: Attributes::new(),
        }
    }

    /// The changed files; if `lower` is empty, `upper` itself. Operations on it inherit the platform of `lower`.
    pub fn build(mut self) -> Option<Output> {
        let Some(lower) = self.lower else {
            return self.upper;
        };
        self.attributes.add_cap(caps::DIFF);
        let mut inputs = Inputs::default();
        let op = pb::op::Op::Diff(pb::DiffOp {
            lower: Some(pb::LowerDiffInput {
                input: inputs.push(Some(&lower)),
            }),
            upper: Some(pb::UpperDiffInput {
                input: inputs.push(self.upper.as_ref()),
            }),
        });
        Some(Output::new(
            Vertex::new(op, &inputs, None, self.attributes),
            0,
            lower.platform().cloned(),
        ))
    }
}

impl Annotate for Diff {
    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }
}
