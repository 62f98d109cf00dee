//! What a build returns: results and metadata.

use crate::definition::for_wire;
use crate::failure::Failure;
use buildkit_proto::moby::buildkit::v1::frontend as wire;
use buildkit_proto::pb;
use std::collections::BTreeMap;
use wire::result::Result as WireRefs;

/// A solved filesystem, which lives on the daemon as long as the build.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SolvedRef {
    /// The daemon's name for it; empty for an empty filesystem.
    pub id: String,
    /// How it was made, where the daemon tells.
    pub definition: Option<pb::Definition>,
}

/// One filesystem, or one for each platform.
#[derive(Debug, Clone, PartialEq)]
pub enum Refs {
    /// One.
    Single(SolvedRef),
    /// By the platform's id, such as `linux/amd64`.
    PerPlatform(BTreeMap<String, SolvedRef>),
}

/// What a build returns, and what a frontend that was asked to solve returned.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayResult {
    /// The filesystems.
    pub refs: Refs,
    /// The image's config and more, by key.
    pub metadata: BTreeMap<String, Vec<u8>>,
}

impl GatewayResult {
    /// A result of one filesystem.
    pub fn of(solved: SolvedRef) -> Self {
        Self {
            refs: Refs::Single(solved),
            metadata: BTreeMap::new(),
        }
    }

    /// A result with a filesystem for each platform. Metadata that belongs to one of them goes under
    /// `key/<platform id>`.
    pub fn per_platform<I>(results: I) -> Self
    where
        I: IntoIterator<Item = (pb::Platform, SolvedRef)>,
    {
        let mut refs = BTreeMap::new();
        let mut platforms = Vec::new();
        for (platform, solved) in results {
            let id = platform_id(&platform);
            platforms.push(serde_json::json!({ "ID": id, "Platform": platform_json(&platform) }));
            refs.insert(id, solved);
        }
        let platforms = serde_json::json!({ "Platforms": platforms }).to_string();
        let metadata = BTreeMap::from([("refs.platforms".to_owned(), platforms.into_bytes())]);
        Self {
            refs: Refs::PerPlatform(refs),
            metadata,
        }
    }

    /// Adds a value, such as `containerimage.config`.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    pub(super) fn into_wire(self) -> wire::Result {
        let refs = match self.refs {
            Refs::Single(solved) => WireRefs::Ref(solved.into_wire()),
            Refs::PerPlatform(refs) => WireRefs::Refs(wire::RefMap {
                refs: refs
                    .into_iter()
                    .map(|(id, solved)| (id, solved.into_wire()))
                    .collect(),
            }),
        };
        wire::Result {
            metadata: self.metadata.into_iter().collect(),
            result: Some(refs),
            ..Default::default()
        }
    }

    pub(super) fn from_wire(response: wire::SolveResponse) -> Result<Self, Failure> {
        let by_id = |id| SolvedRef {
            id,
            definition: None,
        };
        let Some(result) = response.result else {
            return Ok(Self::of(by_id(response.r#ref)));
        };
        if !result.attestations.is_empty() {
            return Err(Failure::new(
                tonic::Code::Unimplemented,
                "the frontend returned attestations, which can't be passed on; ask for them in the outer build instead",
            ));
        }
        let refs = match result.result {
            None => Refs::Single(SolvedRef::default()),
            Some(WireRefs::Ref(solved)) => Refs::Single(solved.into()),
            Some(WireRefs::RefDeprecated(id)) => Refs::Single(by_id(id)),
            Some(WireRefs::Refs(map)) => Refs::PerPlatform(
                map.refs
                    .into_iter()
                    .map(|(id, solved)| (id, solved.into()))
                    .collect(),
            ),
            Some(WireRefs::RefsDeprecated(map)) => Refs::PerPlatform(
                map.refs
                    .into_iter()
                    .map(|(platform, id)| (platform, by_id(id)))
                    .collect(),
            ),
        };
        Ok(Self {
            refs,
            metadata: result.metadata.into_iter().collect(),
        })
    }
}

impl SolvedRef {
    fn into_wire(self) -> wire::Ref {
        wire::Ref {
            id: self.id,
            def: self.definition.map(for_wire),
        }
    }
}

impl From<wire::Ref> for SolvedRef {
    fn from(solved: wire::Ref) -> Self {
        Self {
            id: solved.id,
            definition: solved.def,
        }
    }
}

/// `os/architecture` and, where there is one, `/variant`.
fn platform_id(platform: &pb::Platform) -> String {
    let mut id = format!("{}/{}", platform.os, platform.architecture);
    if !platform.variant.is_empty() {
        id = format!("{id}/{}", platform.variant);
    }
    id
}

fn platform_json(platform: &pb::Platform) -> serde_json::Value {
    let mut json = serde_json::json!({ "architecture": platform.architecture, "os": platform.os });
    if !platform.variant.is_empty() {
        json["variant"] = platform.variant.clone().into();
    }
    if !platform.os_version.is_empty() {
        json["os.version"] = platform.os_version.clone().into();
    }
    if !platform.os_features.is_empty() {
        json["os.features"] = platform.os_features.clone().into();
    }
    json
}

#[cfg(test)]
mod tests {
    use super::{GatewayResult, SolvedRef, WireRefs, pb, wire};

    #[test]
    fn several_platforms_are_listed_in_the_metadata() {
        let platform = |architecture: &str, variant: &str| pb::Platform {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
            ..Default::default()
        };
        let result = GatewayResult::per_platform([
            (platform("amd64", ""), SolvedRef::default()),
            (platform("arm", "v7"), SolvedRef::default()),
        ]);
        let listed = String::from_utf8(result.metadata["refs.platforms"].clone()).expect("text");
        assert_eq!(
            listed,
            r#"{"Platforms":[{"ID":"linux/amd64","Platform":{"architecture":"amd64","os":"linux"}},{"ID":"linux/arm/v7","Platform":{"architecture":"arm","os":"linux","variant":"v7"}}]}"#
        );
        let Some(WireRefs::Refs(map)) = result.into_wire().result else {
            panic!("one ref")
        };
        assert!(map.refs.contains_key("linux/arm/v7"));
    }

    #[test]
    fn old_and_new_answers_are_read() {
        let solved = |id: &str| SolvedRef {
            id: id.to_owned(),
            definition: None,
        };
        let old = wire::SolveResponse {
            r#ref: "a".to_owned(),
            result: None,
        };
        assert_eq!(
            GatewayResult::from_wire(old),
            Ok(GatewayResult::of(solved("a")))
        );
        let deprecated = wire::Result {
            result: Some(WireRefs::RefDeprecated("b".to_owned())),
            ..Default::default()
        };
        let response = wire::SolveResponse {
            r#ref: String::new(),
            result: Some(deprecated),
        };
        assert_eq!(
            GatewayResult::from_wire(response),
            Ok(GatewayResult::of(solved("b")))
        );
        let empty = wire::SolveResponse {
            r#ref: String::new(),
            result: Some(wire::Result::default()),
        };
        assert_eq!(
            GatewayResult::from_wire(empty),
            Ok(GatewayResult::of(solved("")))
        );
    }

    #[test]
    fn attestations_are_refused_and_not_dropped() {
        let result = wire::Result {
            attestations: [("x".to_owned(), wire::Attestations::default())].into(),
            ..Default::default()
        };
        let response = wire::SolveResponse {
            r#ref: String::new(),
            result: Some(result),
        };
        assert!(GatewayResult::from_wire(response).is_err());
    }
}
