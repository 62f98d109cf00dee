//! Source maps: which lines of which file an operation comes from, so that BuildKit's errors can show them.

use std::sync::Arc;

use buildkit_proto::pb;

use crate::Definition;

/// A source file that operations come from; cheap to clone.
#[derive(Debug, Clone)]
pub struct SourceMap(Arc<File>);

#[derive(Debug)]
struct File {
    filename: String,
    language: String,
    data: Vec<u8>,
    definition: Option<Definition>,
}

impl SourceMap {
    /// A file by its name, its language as GitHub's linguist names it (`YAML`, `Dockerfile`) and its content.
    pub fn new(
        filename: impl Into<String>,
        language: impl Into<String>,
        data: impl Into<Vec<u8>>,
    ) -> Self {
        Self(Arc::new(File {
            filename: filename.into(),
            language: language.into(),
            data: data.into(),
            definition: None,
        }))
    }

    /// The same file, with the definition that it was read from.
    #[must_use]
    pub fn read_from(&self, definition: Definition) -> Self {
        let File {
            filename,
            language,
            data,
            ..
        } = &*self.0;
        Self(Arc::new(File {
            filename: filename.clone(),
            language: language.clone(),
            data: data.clone(),
            definition: Some(definition),
        }))
    }

    /// Whether both are one file, so that a definition carries it once.
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.filename == other.0.filename
                && self.0.language == other.0.language
                && self.0.data == other.0.data
                && match (&self.0.definition, &other.0.definition) {
                    (Some(a), Some(b)) => a.head() == b.head(),
                    _ => true,
                })
    }

    pub(crate) fn to_pb(&self) -> pb::SourceInfo {
        pb::SourceInfo {
            filename: self.0.filename.clone(),
            data: self.0.data.clone(),
            definition: self
                .0
                .definition
                .as_ref()
                .map(|definition| definition.pb().clone()),
            language: self.0.language.clone(),
        }
    }
}

/// A stretch of a source file: lines from 1, characters from 0, as BuildKit counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// Line and character of the start.
    pub start: (u32, u32),
    /// Line and character of the end.
    pub end: (u32, u32),
}

impl Range {
    /// Whole lines, the last one included.
    pub fn lines(first: u32, last: u32) -> Self {
        Self {
            start: (first, 0),
            end: (last, 0),
        }
    }

    /// The range as another client wrote it; what is negative there becomes 0.
    pub(crate) fn from_pb(range: &pb::Range) -> Self {
        let position = |position: Option<pb::Position>| {
            let position = position.unwrap_or_default();
            let unsigned = |number: i32| u32::try_from(number).unwrap_or(0);
            (unsigned(position.line), unsigned(position.character))
        };
        Self {
            start: position(range.start),
            end: position(range.end),
        }
    }

    pub(crate) fn to_pb(self) -> pb::Range {
        pb::Range {
            start: Some(position(self.start)),
            end: Some(position(self.end)),
        }
    }
}

fn position((line, character): (u32, u32)) -> pb::Position {
    pb::Position {
        line: saturate(line),
        character: saturate(character),
    }
}

/// Positions are signed on the wire; no file has two thousand million lines.
fn saturate(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// Ranges of one source file.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) map: SourceMap,
    pub(crate) ranges: Vec<Range>,
}

/// Gathers the locations of a definition's vertices, each file once.
#[derive(Default)]
pub(crate) struct Collector {
    maps: Vec<SourceMap>,
    source: pb::Source,
}

impl Collector {
    /// Adds the locations of a vertex, if it has any.
    pub(crate) fn add(&mut self, digest: &str, locations: &[Location]) {
        if locations.is_empty() {
            return;
        }
        let found: Vec<_> = locations
            .iter()
            .map(|location| self.locate(location))
            .collect();
        let known = self.source.locations.entry(digest.to_owned());
        known.or_default().locations.extend(found);
    }

    pub(crate) fn finish(self) -> pb::Source {
        self.source
    }

    fn locate(&mut self, location: &Location) -> pb::Location {
        let known = self
            .maps
            .iter()
            .position(|map| map.is_same_file(&location.map));
        let index = known.unwrap_or_else(|| {
            self.maps.push(location.map.clone());
            self.source.infos.push(location.map.to_pb());
            self.maps.len() - 1
        });
        pb::Location {
            source_index: i32::try_from(index).expect("a definition has few source files"),
            ranges: location.ranges.iter().map(|range| range.to_pb()).collect(),
        }
    }
}
