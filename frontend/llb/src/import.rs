//! Definitions made by others, taken into a graph: a named context, or the result of another frontend.

use std::collections::BTreeMap;
use std::sync::Arc;

use buildkit_proto::pb;
use prost::Message;

use crate::output::Vertex;
use crate::source_map::Location;
use crate::{Definition, Digest, LlbError, Output, Platform, Range, SourceMap};

impl Output {
    /// The output that a definition stands for, with all operations under it as they are; `None` if the definition
    /// is that of an empty filesystem. Operations must follow their inputs, as all clients write them.
    pub fn import(definition: &pb::Definition) -> Result<Option<Self>, LlbError> {
        let Some((last, operations)) = definition.def.split_last() else {
            return Ok(None);
        };
        let mut locations = locations(definition.source.as_ref())?;
        let mut known = Known::default();
        for bytes in operations {
            let op = decode(bytes)?;
            let digest = Digest::of(bytes);
            let dependencies = op
                .inputs
                .iter()
                .map(|input| known.output(input))
                .collect::<Result<_, _>>()?;
            let vertex = Arc::new(Vertex {
                bytes: bytes.clone(),
                dependencies,
                metadata: definition
                    .metadata
                    .get(digest.as_str())
                    .cloned()
                    .unwrap_or_default(),
                locations: locations.remove(digest.as_str()).unwrap_or_default(),
                digest: digest.clone(),
            });
            known
                .0
                .insert(digest.into(), (vertex, op.platform.map(Platform::from_pb)));
        }
        match decode(last)? {
            pb::Op {
                inputs, op: None, ..
            } if inputs.len() == 1 => known.output(&inputs[0]).map(Some),
            _ => Err(invalid("its last operation does not name one output")),
        }
    }
}

/// The operations imported so far, by digest.
#[derive(Default)]
struct Known(BTreeMap<String, (Arc<Vertex>, Option<Platform>)>);

impl Known {
    fn output(&self, input: &pb::Input) -> Result<Output, LlbError> {
        let (vertex, platform) = self.0.get(&input.digest).ok_or_else(|| {
            invalid(format!(
                "operation {} is used before it appears",
                input.digest
            ))
        })?;
        let index = usize::try_from(input.index).map_err(|_| {
            invalid(format!(
                "operation {} has no output {}",
                input.digest, input.index
            ))
        })?;
        Ok(Output::new(Arc::clone(vertex), index, platform.clone()))
    }
}

/// The locations of all operations, by digest.
fn locations(source: Option<&pb::Source>) -> Result<BTreeMap<&str, Vec<Location>>, LlbError> {
    let Some(source) = source else {
        return Ok(BTreeMap::new());
    };
    let maps: Vec<SourceMap> = source.infos.iter().map(source_map).collect();
    let locate = |location: &pb::Location| {
        let map = usize::try_from(location.source_index)
            .ok()
            .and_then(|index| maps.get(index));
        let map =
            map.ok_or_else(|| invalid(format!("it has no source file {}", location.source_index)))?;
        let ranges = location.ranges.iter().map(Range::from_pb).collect();
        Ok(Location {
            map: map.clone(),
            ranges,
        })
    };
    let all = source.locations.iter();
    all.map(|(digest, list)| {
        Ok((
            digest.as_str(),
            list.locations
                .iter()
                .map(locate)
                .collect::<Result<_, _>>()?,
        ))
    })
    .collect()
}

fn source_map(info: &pb::SourceInfo) -> SourceMap {
    let map = SourceMap::new(&info.filename, &info.language, info.data.as_slice());
    match &info.definition {
        Some(definition) => map.read_from(Definition::from(definition.clone())),
        None => map,
    }
}

fn decode(bytes: &[u8]) -> Result<pb::Op, LlbError> {
    pb::Op::decode(bytes).map_err(|error| invalid(error.to_string()))
}

fn invalid(cause: impl Into<String>) -> LlbError {
    LlbError::InvalidDefinition {
        cause: cause.into(),
    }
}
