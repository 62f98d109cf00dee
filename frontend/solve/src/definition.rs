//! Definitions, made fit for the wire.

use buildkit_proto::pb::Definition;

/// Leaves out the source locations of vertices that have none. Rust's protobuf writes such a map entry without its
/// value, Go's reads that as a nil pointer, and buildkitd (seen with 0.32.2) crashes on it when the vertex fails.
pub(crate) fn for_wire(mut definition: Definition) -> Definition {
    if let Some(source) = &mut definition.source {
        source
            .locations
            .retain(|_, locations| !locations.locations.is_empty());
    }
    definition
}

#[cfg(test)]
mod tests {
    use super::for_wire;
    use buildkit_proto::pb::{Definition, Location, Locations, Source};

    #[test]
    fn only_locations_that_say_something_are_sent() {
        let somewhere = Locations {
            locations: vec![Location::default()],
        };
        let locations = [
            ("a".to_owned(), Locations::default()),
            ("b".to_owned(), somewhere),
        ]
        .into();
        let source = Source {
            locations,
            ..Default::default()
        };
        let sent = for_wire(Definition {
            source: Some(source),
            ..Default::default()
        });
        let kept: Vec<_> = sent
            .source
            .expect("a source")
            .locations
            .into_keys()
            .collect();
        assert_eq!(kept, ["b"]);
    }
}
