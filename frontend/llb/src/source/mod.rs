//! Sources: the operations without inputs, which bring files into the graph.

use std::collections::BTreeMap;

use buildkit_proto::pb;

use crate::attributes::Attributes;
use crate::output::{Inputs, Vertex};
use crate::{Output, Platform};

mod git;
mod git_remote;
mod http;
mod image;
mod local;
mod oci_layout;
mod reference;

pub use git::Git;
pub use http::{Http, PgpSignature};
pub use image::{Image, ResolveMode};
pub use local::{Differ, Local};
pub use oci_layout::OciLayout;
pub use reference::normalize as normalize_reference;

/// Where every source begins: `Source::image("alpine:3.20")`.
#[derive(Debug)]
pub enum Source {}

impl Source {
    /// An image in a registry. Its reference is completed as Docker does (`alpine` is
    /// `docker.io/library/alpine:latest`).
    pub fn image(reference: impl Into<String>) -> Image {
        Image::new(reference.into())
    }

    /// A directory on the client's side, by the name under which the client's session serves it.
    pub fn local(name: impl Into<String>) -> Local {
        Local::new(name.into())
    }

    /// A file from a web server.
    pub fn http(url: impl Into<String>) -> Http {
        Http::new(url.into())
    }

    /// A git repository at a branch, tag or commit. The default branch is the empty reference.
    pub fn git(remote: impl Into<String>, reference: impl Into<String>) -> Git {
        Git::new(remote.into(), reference.into())
    }

    /// An image in an OCI layout that the client's session serves.
    pub fn oci_layout(reference: impl Into<String>) -> OciLayout {
        OciLayout::new(reference.into())
    }
}

/// The attributes of a source, and the capabilities that they require.
#[derive(Debug, Clone, Default)]
struct Attrs {
    values: BTreeMap<String, String>,
    attributes: Attributes,
}

impl Attrs {
    fn new(attributes: Attributes) -> Self {
        Self {
            values: BTreeMap::new(),
            attributes,
        }
    }

    fn set(&mut self, key: &str, value: impl Into<String>) {
        self.values.insert(key.to_owned(), value.into());
    }

    /// Sets an attribute that only daemons with `cap` understand, unless its value is absent.
    fn set_some(&mut self, key: &str, value: Option<impl Into<String>>, cap: Option<&str>) {
        let Some(value) = value else { return };
        self.set(key, value);
        if let Some(cap) = cap {
            self.require(cap);
        }
    }

    fn require(&mut self, cap: &str) {
        self.attributes.add_cap(cap);
    }

    fn into_output(self, identifier: String, platform: Option<Platform>) -> Output {
        let op = pb::op::Op::Source(pb::SourceOp {
            identifier,
            attrs: self.values,
        });
        let vertex = Vertex::new(op, &Inputs::default(), platform.as_ref(), self.attributes);
        Output::new(vertex, 0, platform)
    }
}
