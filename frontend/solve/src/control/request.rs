//! What to solve, and where the result goes.

use crate::definition::for_wire;
use crate::failure::Failure;
use buildkit_proto::moby::buildkit::v1 as wire;
use buildkit_proto::pb;
use std::collections::BTreeMap;

/// A build to run. With neither a definition nor a frontend it waits for a client to drive it through its
/// [`Bridge`](crate::Bridge).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SolveRequest {
    /// The build's id, by which its events and its bridge are found; [`new_id`](crate::new_id) makes one.
    pub reference: String,
    /// What to solve, if it isn't a frontend's to say.
    pub definition: Option<pb::Definition>,
    /// `dockerfile.v0` or `gateway.v0`, or nothing.
    pub frontend: String,
    /// Options of the frontend.
    pub frontend_attributes: BTreeMap<String, String>,
    /// Definitions that the frontend takes as inputs, by name.
    pub frontend_inputs: BTreeMap<String, pb::Definition>,
    /// Where the result goes; nowhere, if empty. A session's outputs are numbered like these.
    pub exporters: Vec<Exporter>,
    /// Where cache is imported from. A frontend, or a build that is driven by a client, has to pass these on in
    /// its own solves.
    pub cache_imports: Vec<CacheOption>,
    /// Where cache is exported to.
    pub cache_exports: Vec<CacheOption>,
    /// The id of the session that the build may use.
    pub session: String,
    /// What the build is allowed, such as `network.host`.
    pub entitlements: Vec<String>,
    /// Whether to keep the build out of the daemon's history.
    pub internal: bool,
}

/// Where a result goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exporter {
    /// `image`, `oci`, `docker`, `tar`, `local`, or `moby` in a Docker engine.
    pub kind: String,
    /// Such as `name`, `push` or `dest`.
    pub attributes: BTreeMap<String, String>,
}

/// Where cache comes from or goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheOption {
    /// `registry`, `inline`, `gha`, `s3` or `azblob`. `local` is refused: a session has no content store to serve it.
    pub kind: String,
    /// Such as `ref` and `mode`.
    pub attributes: BTreeMap<String, String>,
}

/// What the exporters said, such as `containerimage.digest`, and the result's metadata under `frontend.`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SolveResponse {
    /// Values by key.
    pub values: BTreeMap<String, String>,
}

impl SolveResponse {
    /// The digest of the exported image's manifest or index, if an image was exported.
    pub fn image_digest(&self) -> Option<&str> {
        self.values.get("containerimage.digest").map(String::as_str)
    }
}

impl SolveRequest {
    /// Refuses what the session can't serve, before the daemon fails on it in its own words.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let local = |option: &&CacheOption| option.kind == "local";
        match self
            .cache_imports
            .iter()
            .chain(&self.cache_exports)
            .find(local)
        {
            None => Ok(()),
            Some(_) => Err(Failure::invalid(
                "cache of the type `local` is not supported; use a registry, and type=registry",
            )),
        }
    }

    /// The first exporter goes into the deprecated fields too, for daemons that know no others, and the cache imports
    /// into the option in which frontends look for them.
    pub(crate) fn to_wire(&self) -> wire::SolveRequest {
        let mut attributes = self.frontend_attributes.clone();
        if !self.cache_imports.is_empty() && !self.frontend.is_empty() {
            attributes
                .entry("cache-imports".to_owned())
                .or_insert_with(|| imports_json(&self.cache_imports));
        }
        let first = self.exporters.first().cloned().unwrap_or_default();
        wire::SolveRequest {
            r#ref: self.reference.clone(),
            definition: self.definition.clone().map(for_wire),
            exporter_deprecated: first.kind,
            exporter_attrs_deprecated: first.attributes.into_iter().collect(),
            session: self.session.clone(),
            frontend: self.frontend.clone(),
            frontend_attrs: attributes.into_iter().collect(),
            cache: Some(wire::CacheOptions {
                exports: self
                    .cache_exports
                    .iter()
                    .map(CacheOption::to_wire)
                    .collect(),
                imports: self
                    .cache_imports
                    .iter()
                    .map(CacheOption::to_wire)
                    .collect(),
                ..Default::default()
            }),
            entitlements: self.entitlements.clone(),
            frontend_inputs: self
                .frontend_inputs
                .clone()
                .into_iter()
                .map(|(name, input)| (name, for_wire(input)))
                .collect(),
            internal: self.internal,
            exporters: self
                .exporters
                .iter()
                .map(|exporter| wire::Exporter {
                    r#type: exporter.kind.clone(),
                    attrs: exporter.attributes.clone().into_iter().collect(),
                })
                .collect(),
            ..Default::default()
        }
    }
}

impl CacheOption {
    fn to_wire(&self) -> wire::CacheOptionsEntry {
        wire::CacheOptionsEntry {
            r#type: self.kind.clone(),
            attrs: self.attributes.clone().into_iter().collect(),
        }
    }
}

/// The value of the frontend option `cache-imports`.
fn imports_json(imports: &[CacheOption]) -> String {
    let entry = |import: &CacheOption| serde_json::json!({ "Type": import.kind, "Attrs": import.attributes });
    serde_json::Value::Array(imports.iter().map(entry).collect()).to_string()
}

impl From<wire::SolveResponse> for SolveResponse {
    fn from(response: wire::SolveResponse) -> Self {
        Self {
            values: response.exporter_response.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CacheOption, Exporter, SolveRequest};
    use std::collections::BTreeMap;

    fn attributes(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn old_daemons_see_the_first_exporter() {
        let exporter = |kind: &str| Exporter {
            kind: kind.to_owned(),
            attributes: attributes(&[("name", kind)]),
        };
        let request = SolveRequest {
            exporters: vec![exporter("image"), exporter("oci")],
            ..Default::default()
        };
        let wire = request.to_wire();
        assert_eq!(wire.exporter_deprecated, "image");
        assert_eq!(wire.exporter_attrs_deprecated["name"], "image");
        let kinds: Vec<_> = wire
            .exporters
            .iter()
            .map(|exporter| exporter.r#type.as_str())
            .collect();
        assert_eq!(kinds, ["image", "oci"]);
    }

    #[test]
    fn local_cache_is_refused() {
        let local = CacheOption {
            kind: "local".to_owned(),
            ..Default::default()
        };
        let request = SolveRequest {
            cache_exports: vec![local],
            ..Default::default()
        };
        let failure = request.check().expect_err("a refusal");
        assert!(failure.message().contains("type=registry"), "{failure}");
        assert_eq!(SolveRequest::default().check(), Ok(()));
    }

    #[test]
    fn cache_imports_reach_a_frontend() {
        let import = CacheOption {
            kind: "registry".to_owned(),
            attributes: attributes(&[("ref", "r/c")]),
        };
        let mut request = SolveRequest {
            cache_imports: vec![import],
            ..Default::default()
        };
        assert!(request.to_wire().frontend_attrs.is_empty());
        request.frontend = "gateway.v0".to_owned();
        let wire = request.to_wire();
        assert_eq!(
            wire.frontend_attrs["cache-imports"],
            r#"[{"Type":"registry","Attrs":{"ref":"r/c"}}]"#
        );
        assert_eq!(
            wire.cache.expect("cache options").imports[0].attrs["ref"],
            "r/c"
        );
    }
}
