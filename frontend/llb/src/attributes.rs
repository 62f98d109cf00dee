//! What can be said about any operation beside what it does: its name in progress, its place in the source, its
//! cache policy. None of it enters the operation's digest, except for worker filters.

use std::collections::BTreeMap;

use buildkit_proto::pb;

use crate::source_map::{Location, Range, SourceMap};

/// The description key under which clients look for a vertex's display name.
const CUSTOM_NAME: &str = "llb.customname";

/// Attributes of an operation, or a bundle of them to give to several (see [`Annotate::annotated`]).
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    pub(crate) metadata: pb::OpMetadata,
    pub(crate) filters: Vec<String>,
    pub(crate) locations: Vec<Location>,
}

impl Attributes {
    /// No attributes.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn add_cap(&mut self, cap: &str) {
        self.metadata.caps.insert(cap.to_owned(), true);
    }
}

/// Sets attributes on the builder of an operation.
pub trait Annotate: Sized {
    /// The attributes that the other methods change.
    fn attributes_mut(&mut self) -> &mut Attributes;

    /// Shows the operation under this name in progress.
    #[must_use]
    fn named(self, name: impl Into<String>) -> Self {
        self.described(CUSTOM_NAME, name)
    }

    /// Adds a description that BuildKit carries without reading it.
    #[must_use]
    fn described(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes_mut()
            .metadata
            .description
            .insert(key.into(), value.into());
        self
    }

    /// Groups the operation with others under one heading in progress. In a weak group it is shown there only when
    /// no other group claims it.
    #[must_use]
    fn progress_group(
        mut self,
        id: impl Into<String>,
        name: impl Into<String>,
        weak: bool,
    ) -> Self {
        self.attributes_mut().metadata.progress_group = Some(pb::ProgressGroup {
            id: id.into(),
            name: name.into(),
            weak,
        });
        self
    }

    /// Runs the operation even when its result is known. For a command this also empties its cache mounts.
    #[must_use]
    fn ignore_cache(mut self) -> Self {
        self.attributes_mut().metadata.ignore_cache = true;
        self
    }

    /// Always or never exports the result with the cache, whatever the build's cache mode says.
    #[must_use]
    fn export_cache(mut self, export: bool) -> Self {
        self.attributes_mut().metadata.export_cache = Some(pb::ExportCache { value: export });
        self
    }

    /// Requires a capability of the daemon beside those that the operation needs by itself.
    #[must_use]
    fn require_cap(mut self, cap: impl AsRef<str>) -> Self {
        self.attributes_mut().add_cap(cap.as_ref());
        self
    }

    /// Restricts the workers that may run the operation by a containerd filter. The filter is part of the digest.
    #[must_use]
    fn worker_filter(mut self, filter: impl Into<String>) -> Self {
        self.attributes_mut().filters.push(filter.into());
        self
    }

    /// Ties the operation to stretches of a source file.
    #[must_use]
    fn located(mut self, map: &SourceMap, ranges: impl IntoIterator<Item = Range>) -> Self {
        let location = Location {
            map: map.clone(),
            ranges: ranges.into_iter().collect(),
        };
        self.attributes_mut().locations.push(location);
        self
    }

    /// Adds a whole bundle of attributes; where both say something, the bundle wins.
    #[must_use]
    fn annotated(mut self, bundle: &Attributes) -> Self {
        let own = self.attributes_mut();
        merge_metadata(&mut own.metadata, &bundle.metadata);
        own.filters.extend_from_slice(&bundle.filters);
        own.locations.extend_from_slice(&bundle.locations);
        self
    }
}

impl Annotate for Attributes {
    fn attributes_mut(&mut self) -> &mut Attributes {
        self
    }
}

/// Lays `over` on top of `metadata`. Also what a definition does with equal operations that were described twice.
pub(crate) fn merge_metadata(metadata: &mut pb::OpMetadata, over: &pb::OpMetadata) {
    let pb::OpMetadata {
        ignore_cache,
        description,
        export_cache,
        caps,
        progress_group,
    } = over;
    metadata.ignore_cache |= ignore_cache;
    extend(&mut metadata.description, description);
    extend(&mut metadata.caps, caps);
    if export_cache.is_some() {
        metadata.export_cache = *export_cache;
    }
    if progress_group.is_some() {
        metadata.progress_group.clone_from(progress_group);
    }
}

fn extend<V: Clone>(map: &mut BTreeMap<String, V>, more: &BTreeMap<String, V>) {
    map.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_laid_on_top() {
        let file = SourceMap::new("layercake.yaml", "YAML", "");
        let bundle = Attributes::new()
            .named("bundle")
            .export_cache(true)
            .require_cap("b")
            .worker_filter("two")
            .located(&file, [Range::lines(2, 2)]);
        let attributes = Attributes::new()
            .named("own")
            .described("kept", "yes")
            .progress_group("id", "kept", false)
            .require_cap("a")
            .worker_filter("one")
            .located(&file, [Range::lines(1, 1)])
            .annotated(&bundle);

        let metadata = &attributes.metadata;
        assert_eq!(metadata.description[CUSTOM_NAME], "bundle");
        assert_eq!(metadata.description["kept"], "yes");
        assert_eq!(metadata.export_cache, Some(pb::ExportCache { value: true }));
        assert!(metadata.progress_group.is_some());
        assert!(metadata.caps.keys().eq(["a", "b"]));
        assert_eq!(attributes.filters, ["one", "two"]);
        assert_eq!(attributes.locations.len(), 2);
    }
}
