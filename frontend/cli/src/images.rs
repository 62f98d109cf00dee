//! What BuildKit knows of images: digests and configurations, looked up all at once.

use std::collections::BTreeSet;

use anyhow::Context;
use buildkit_llb::{caps, normalize_reference};
use futures::future::try_join_all;
use layercake_lower::Abilities;
use layercake_planner::facts::{Facts, ImageFact, Platform};
use layercake_solve::{Capabilities, ImageRequest, ResolveMode, Solver};

use crate::pipeline::Images;
use crate::settings::to_wire;

/// What tells that copies can set modes by symbols. They have a capability of their own, which no daemon announces;
/// symbolic links came one release later.
const SYMBOLIC_MODES: &str = "file.symlink.create";

/// Images as the daemon's registries have them.
#[derive(Debug)]
pub struct GatewayImages<'s, S> {
    /// Who is asked.
    pub solver: &'s S,
    /// For which platform.
    pub platform: &'s Platform,
    /// Where images are looked up.
    pub mode: ResolveMode,
}

impl<S: Solver> Images for GatewayImages<'_, S> {
    async fn learn(
        &mut self,
        references: &BTreeSet<String>,
        facts: &mut Facts,
    ) -> anyhow::Result<()> {
        let asked = references.iter().map(|reference| self.ask(reference));
        let found = try_join_all(asked).await?;
        facts.images.extend(references.iter().cloned().zip(found));
        Ok(())
    }
}

impl<S: Solver> GatewayImages<'_, S> {
    async fn ask(&self, reference: &str) -> anyhow::Result<ImageFact> {
        let request = ImageRequest {
            reference: normalize_reference(reference)?,
            platform: Some(to_wire(self.platform)),
            mode: self.mode,
            log_name: format!("[internal] load metadata for {reference}"),
        };
        let answer = self.solver.resolve_image(&request).await;
        let image = answer.with_context(|| {
            format!("the image `{reference}` of layercake.yaml cannot be looked up")
        })?;
        let config = serde_json::from_slice(&image.config)
            .with_context(|| format!("the configuration of the image `{reference}` is not JSON"))?;
        Ok(ImageFact {
            digest: image.digest,
            config,
        })
    }
}

/// What a daemon of these capabilities can do with a plan.
pub fn abilities(capabilities: &Capabilities) -> Abilities {
    Abilities {
        merge: capabilities.has_llb(caps::MERGE) && capabilities.has_llb(caps::DIFF),
        symbolic_modes: capabilities.has_llb(SYMBOLIC_MODES),
    }
}
