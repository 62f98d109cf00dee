//! The graph under one output, written down for the daemon.

use std::collections::{BTreeMap, HashSet};

use buildkit_proto::pb;

use crate::attributes::merge_metadata;
use crate::output::Vertex;
use crate::source_map::Collector;
use crate::{Digest, Output, caps, encode};

/// All operations that an output stands on, inputs before their users and each once, with what was said about them.
///
/// Two graphs built in the same way give equal definitions, byte for byte.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Definition {
    pb: pb::Definition,
    digests: Vec<Digest>,
}

impl Definition {
    /// The definition of an output; that of an empty filesystem (`None`) is empty.
    pub fn of<'a>(output: impl Into<Option<&'a Output>>) -> Self {
        let Some(output) = output.into() else {
            return Self::default();
        };
        let mut writer = Writer::default();
        visit(output.vertex(), |vertex| writer.add(vertex));
        writer.finish(output)
    }

    /// The definition in its wire type. Operations without a location have no entry among the locations: prost
    /// would write one without a value, and a daemon that then fails to run the operation dies of it.
    pub fn pb(&self) -> &pb::Definition {
        &self.pb
    }

    /// The definition in its wire type, as [`Definition::pb`] has it.
    pub fn into_pb(self) -> pb::Definition {
        self.pb
    }

    /// The definition's bytes, as `buildctl` reads them. They are always the same for one graph.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode::definition(&self.pb)
    }

    /// The digests of all operations, inputs before their users.
    pub fn digests(&self) -> &[Digest] {
        &self.digests
    }

    /// The digest of the operation whose output this defines; none for an empty filesystem.
    pub fn head(&self) -> Option<&Digest> {
        self.digests.last()
    }
}

impl From<pb::Definition> for Definition {
    /// A definition of another client, as it is. [`Output::import`] takes it into a graph.
    fn from(mut pb: pb::Definition) -> Self {
        if let Some(source) = &mut pb.source {
            source
                .locations
                .retain(|_, list| !list.locations.is_empty());
        }
        let operations = pb
            .def
            .split_last()
            .map_or(&[][..], |(_, operations)| operations);
        let digests = operations.iter().map(|bytes| Digest::of(bytes)).collect();
        Self { pb, digests }
    }
}

/// Visits every vertex under `root`, inputs first. A loop rather than a recursion: chains can be long.
fn visit<'a>(root: &'a Vertex, mut enter: impl FnMut(&'a Vertex)) {
    let mut visited: HashSet<*const Vertex> = HashSet::new();
    let mut path = vec![(root, 0)];
    while let Some((vertex, next)) = path.last_mut() {
        if let Some(dependency) = vertex.dependencies.get(*next) {
            *next += 1;
            let dependency = dependency.vertex();
            if !visited.contains(&std::ptr::from_ref(dependency)) {
                path.push((dependency, 0));
            }
        } else {
            visited.insert(std::ptr::from_ref(*vertex));
            enter(vertex);
            path.pop();
        }
    }
}

/// A definition being written. Equal operations are written once; what was said about each of them is merged.
#[derive(Default)]
struct Writer {
    ops: Vec<Vec<u8>>,
    digests: Vec<Digest>,
    metadata: BTreeMap<String, pb::OpMetadata>,
    sources: Collector,
}

impl Writer {
    fn add(&mut self, vertex: &Vertex) {
        let digest = vertex.digest.as_str();
        self.sources.add(digest, &vertex.locations);
        if let Some(known) = self.metadata.get_mut(digest) {
            merge_metadata(known, &vertex.metadata);
        } else {
            self.metadata
                .insert(digest.to_owned(), vertex.metadata.clone());
            self.digests.push(vertex.digest.clone());
            self.ops.push(vertex.bytes.clone());
        }
    }

    /// Adds the last operation, which only names the output, and the capabilities that the whole needs.
    fn finish(mut self, output: &Output) -> Definition {
        let last = encode::op(&pb::Op {
            inputs: vec![output.to_input()],
            ..pb::Op::default()
        });
        let caps = self.caps().map(|cap| (cap.to_owned(), true)).collect();
        let metadata = pb::OpMetadata {
            caps,
            ..pb::OpMetadata::default()
        };
        self.metadata.insert(Digest::of(&last).into(), metadata);
        self.ops.push(last);
        let pb = pb::Definition {
            def: self.ops,
            metadata: self.metadata,
            source: Some(self.sources.finish()),
        };
        Definition {
            pb,
            digests: self.digests,
        }
    }

    fn caps(&self) -> impl Iterator<Item = &'static str> {
        let any = |has: fn(&pb::OpMetadata) -> bool| self.metadata.values().any(has);
        [
            (true, caps::CONSTRAINTS),
            (true, caps::PLATFORM),
            (
                any(|metadata| metadata.ignore_cache),
                caps::META_IGNORE_CACHE,
            ),
            (
                any(|metadata| !metadata.description.is_empty()),
                caps::META_DESCRIPTION,
            ),
            (
                any(|metadata| metadata.export_cache.is_some()),
                caps::META_EXPORT_CACHE,
            ),
        ]
        .into_iter()
        .filter_map(|(needed, cap)| needed.then_some(cap))
    }
}
