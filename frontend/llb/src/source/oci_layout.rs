//! Images in OCI layouts that the client's session serves.

use super::Attrs;
use crate::attributes::{Annotate, Attributes};
use crate::{LlbError, Output, Platform, caps};

/// An image in an OCI layout, under construction; begun by [`Source::oci_layout`](super::Source::oci_layout).
#[derive(Debug, Clone)]
pub struct OciLayout {
    reference: String,
    platform: Option<Platform>,
    session_id: Option<String>,
    store_id: Option<String>,
    layer_limit: Option<u32>,
    attributes: Attributes,
}

impl OciLayout {
    pub(super) fn new(reference: String) -> Self {
        Self {
            reference,
            platform: None,
            session_id: None,
            store_id: None,
            layer_limit: None,
            attributes: Attributes::new(),
        }
    }

    /// Takes the image for this platform; otherwise for the daemon's own.
    #[must_use]
    pub fn platform(mut self, platform: impl Into<Option<Platform>>) -> Self {
        self.platform = platform.into();
        self
    }

    /// Takes the layout from this session of the client.
    #[must_use]
    pub fn session_id(mut self, id: impl Into<String>) -> Self {
        self.session_id = Some(id.into());
        self
    }

    /// The name under which the session serves the layout; otherwise the reference's repository.
    #[must_use]
    pub fn store_id(mut self, id: impl Into<String>) -> Self {
        self.store_id = Some(id.into());
        self
    }

    /// Uses only this many of the lowest layers.
    #[must_use]
    pub fn layer_limit(mut self, limit: u32) -> Self {
        self.layer_limit = Some(limit);
        self
    }

    /// The image's filesystem.
    pub fn build(self) -> Result<Output, LlbError> {
        if self.reference.is_empty() {
            return Err(LlbError::Empty {
                what: "the reference of an OCI layout",
            });
        }
        let mut attrs = Attrs::new(self.attributes);
        attrs.require(caps::SOURCE_OCI_LAYOUT);
        attrs.set_some("oci.session", self.session_id, None);
        attrs.set_some("oci.store", self.store_id, None);
        attrs.set_some(
            "oci.layerlimit",
            self.layer_limit.map(|limit| limit.to_string()),
            None,
        );
        Ok(attrs.into_output(format!("oci-layout://{}", self.reference), self.platform))
    }
}

impl Annotate for OciLayout {
    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }
}
