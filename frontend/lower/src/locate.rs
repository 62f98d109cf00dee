//! Vertices tied to their lines in the file.

use buildkit_llb::{Annotate, Range, SourceMap};
use layercake_planner::source::{Source, Span};

/// The file, and where its lines start.
pub(crate) struct Locator {
    map: SourceMap,
    line_starts: Vec<usize>,
}

impl Locator {
    pub(crate) fn new(source: &Source) -> Self {
        let breaks = source
            .text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        Self {
            map: SourceMap::new(&source.name, "YAML", source.text.as_bytes()),
            line_starts,
        }
    }

    /// Ties a vertex to the line of `span`.
    pub(crate) fn tie<T: Annotate>(&self, vertex: T, span: Span) -> T {
        let first = self.line(span.start);
        let last = self.line(span.end.max(span.start + 1) - 1);
        vertex.located(&self.map, [Range::lines(first, last)])
    }

    fn line(&self, offset: usize) -> u32 {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        u32::try_from(line.max(1)).unwrap_or(u32::MAX)
    }
}
