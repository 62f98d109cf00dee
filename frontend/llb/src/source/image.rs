//! Images in registries.

use super::{Attrs, normalize_reference};
use crate::attributes::{Annotate, Attributes};
use crate::{LlbError, Output, Platform, caps};

/// How the daemon looks for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResolveMode {
    /// In the registry, as the daemon is configured.
    #[default]
    Default,
    /// Always in the registry, even if the daemon has the image.
    Pull,
    /// Among the daemon's own images first.
    Local,
}

/// An image in a registry, under construction; begun by [`Source::image`](super::Source::image).
#[derive(Debug, Clone)]
pub struct Image {
    reference: String,
    platform: Option<Platform>,
    resolve_mode: ResolveMode,
    internal: bool,
    layer_limit: Option<u32>,
    checksum: Option<String>,
    attributes: Attributes,
}

impl Image {
    pub(super) fn new(reference: String) -> Self {
        Self {
            reference,
            platform: None,
            resolve_mode: ResolveMode::Default,
            internal: false,
            layer_limit: None,
            checksum: None,
            attributes: Attributes::new(),
        }
    }

    /// Takes the image for this platform; otherwise for the daemon's own.
    #[must_use]
    pub fn platform(mut self, platform: impl Into<Option<Platform>>) -> Self {
        self.platform = platform.into();
        self
    }

    /// How the daemon looks for the image.
    #[must_use]
    pub fn resolve_mode(mut self, mode: ResolveMode) -> Self {
        self.resolve_mode = mode;
        self
    }

    /// Keeps the image out of the user's view of disk usage, as a tool of the build.
    #[must_use]
    pub fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    /// Uses only this many of the lowest layers.
    #[must_use]
    pub fn layer_limit(mut self, limit: u32) -> Self {
        self.layer_limit = Some(limit);
        self
    }

    /// Fails unless the manifest has this digest.
    #[must_use]
    pub fn checksum(mut self, digest: impl Into<String>) -> Self {
        self.checksum = Some(digest.into());
        self
    }

    /// The image's filesystem.
    pub fn build(self) -> Result<Output, LlbError> {
        let reference = normalize_reference(&self.reference)?;
        let mut attrs = Attrs::new(self.attributes);
        attrs.require(caps::SOURCE_IMAGE);
        match self.resolve_mode {
            ResolveMode::Default => {}
            ResolveMode::Local => attrs.set("image.resolvemode", "local"),
            ResolveMode::Pull => {
                attrs.set("image.resolvemode", "pull");
                attrs.require(caps::SOURCE_IMAGE_RESOLVE_MODE);
            }
        }
        if self.internal {
            attrs.set("image.recordtype", "internal");
        }
        let limit = self.layer_limit.map(|limit| limit.to_string());
        attrs.set_some(
            "image.layerlimit",
            limit,
            Some(caps::SOURCE_IMAGE_LAYER_LIMIT),
        );
        attrs.set_some(
            "image.checksum",
            self.checksum,
            Some(caps::SOURCE_IMAGE_CHECKSUM),
        );
        Ok(attrs.into_output(format!("docker-image://{reference}"), self.platform))
    }
}

impl Annotate for Image {
    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }
}
