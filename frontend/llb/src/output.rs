//! Vertices of the graph and the outputs that tie them together.

use std::hash::{Hash, Hasher};
use std::mem;
use std::sync::Arc;

use buildkit_proto::pb;

use crate::attributes::Attributes;
use crate::source_map::Location;
use crate::{Digest, Platform, encode};

/// One output of one operation: a filesystem that others can build on, copy from or mount. Cheap to clone; two are
/// equal when they name the same output of operations with equal bytes.
///
/// An empty filesystem (scratch) is `None` where an `Option<Output>` is taken.
#[derive(Debug, Clone)]
pub struct Output {
    vertex: Arc<Vertex>,
    index: usize,
    platform: Option<Platform>,
}

impl Output {
    pub(crate) fn new(vertex: Arc<Vertex>, index: usize, platform: Option<Platform>) -> Self {
        Self {
            vertex,
            index,
            platform,
        }
    }

    /// The digest of the operation, by which BuildKit reports on it.
    pub fn digest(&self) -> &Digest {
        &self.vertex.digest
    }

    /// Which of the operation's outputs this is.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The platform that operations on this output inherit.
    pub fn platform(&self) -> Option<&Platform> {
        self.platform.as_ref()
    }

    pub(crate) fn vertex(&self) -> &Vertex {
        &self.vertex
    }

    pub(crate) fn to_input(&self) -> pb::Input {
        let index = i64::try_from(self.index).expect("an operation has few outputs");
        pb::Input {
            digest: self.vertex.digest.as_str().to_owned(),
            index,
        }
    }
}

impl PartialEq for Output {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && self.vertex.digest == other.vertex.digest
    }
}

impl Eq for Output {}

impl Hash for Output {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.vertex.digest.hash(state);
        self.index.hash(state);
    }
}

/// An encoded operation with what it stands on.
#[derive(Debug)]
pub(crate) struct Vertex {
    pub(crate) digest: Digest,
    pub(crate) bytes: Vec<u8>,
    /// The outputs that it stands on, in the order in which Go's client visits them.
    pub(crate) dependencies: Vec<Output>,
    pub(crate) metadata: pb::OpMetadata,
    pub(crate) locations: Vec<Location>,
}

impl Vertex {
    /// Encodes an operation that visits its inputs in the order in which it names them.
    pub(crate) fn new(
        op: pb::op::Op,
        inputs: &Inputs,
        platform: Option<&Platform>,
        attributes: Attributes,
    ) -> Arc<Self> {
        let dependencies = inputs.outputs.clone();
        Self::with_dependencies(op, inputs, dependencies, platform, attributes)
    }

    /// Encodes an operation that visits its inputs in an order of their own.
    pub(crate) fn with_dependencies(
        op: pb::op::Op,
        inputs: &Inputs,
        dependencies: Vec<Output>,
        platform: Option<&Platform>,
        attributes: Attributes,
    ) -> Arc<Self> {
        let bytes = encode::op(&pb::Op {
            inputs: inputs.outputs.iter().map(Output::to_input).collect(),
            platform: platform.map(Platform::to_pb),
            constraints: Some(pb::WorkerConstraints {
                filter: attributes.filters,
            }),
            op: Some(op),
        });
        Arc::new(Self {
            digest: Digest::of(&bytes),
            bytes,
            dependencies,
            metadata: attributes.metadata,
            locations: attributes.locations,
        })
    }
}

impl Drop for Vertex {
    /// Takes long chains apart in a loop: dropping them one inside the other would overflow the stack.
    fn drop(&mut self) {
        let mut pending = mem::take(&mut self.dependencies);
        while let Some(output) = pending.pop() {
            if let Some(mut vertex) = Arc::into_inner(output.vertex) {
                pending.append(&mut vertex.dependencies);
            }
        }
    }
}

/// The inputs of an operation under construction.
#[derive(Default)]
pub(crate) struct Inputs {
    outputs: Vec<Output>,
}

impl Inputs {
    /// Stands for an empty filesystem where an input's index is expected.
    pub(crate) const SCRATCH: i64 = -1;

    /// Adds an input and gives its index; an equal one is not added twice.
    pub(crate) fn share(&mut self, output: Option<&Output>) -> i64 {
        let known = output.and_then(|output| self.outputs.iter().position(|other| other == output));
        known.map_or_else(|| self.push(output), index)
    }

    /// Adds an input and gives its index.
    pub(crate) fn push(&mut self, output: Option<&Output>) -> i64 {
        let Some(output) = output else {
            return Self::SCRATCH;
        };
        self.outputs.push(output.clone());
        index(self.outputs.len() - 1)
    }

    pub(crate) fn len(&self) -> usize {
        self.outputs.len()
    }
}

/// A position in a list as the wire has it.
pub(crate) fn index(position: usize) -> i64 {
    i64::try_from(position).expect("lists in memory are shorter than i64::MAX")
}
