//! What BuildKit knows of images: digests and configurations, looked up all at once.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use buildkit_llb::{caps, normalize_reference};
use futures::future::try_join_all;
use layercake_lower::Abilities;
use layercake_planner::explain::Labelled;
use layercake_planner::facts::{Facts, ImageFact, Platform};
use layercake_planner::plan::Plan;
use layercake_solve::{Capabilities, ImageRequest, ResolveMode, Solver};

use serde_json::Value;

use crate::explain::{Earlier, decode};
use crate::pipeline::Images;
use crate::records::beside;
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
        let request = request(reference, self.platform, self.mode)?;
        let answer = self.solver.resolve_image(&request).await;
        let image = answer.with_context(|| {
            format!("the image `{reference}` of layercake.yaml cannot be looked up")
        })?;
        let config = serde_json::from_slice(&image.config)
            .with_context(|| format!("the configuration of the image `{reference}` is not JSON"))?;
        check_platform(reference, &config, self.platform)?;
        Ok(ImageFact {
            digest: image.digest,
            config,
        })
    }
}

/// What asks for an image's configuration, by a name as people write it.
pub fn request(
    reference: &str,
    platform: &Platform,
    mode: ResolveMode,
) -> anyhow::Result<ImageRequest> {
    Ok(ImageRequest {
        reference: normalize_reference(reference)?,
        platform: Some(to_wire(platform)),
        mode,
        log_name: format!("[internal] load metadata for {reference}"),
    })
}

/// The records to compare a plan with that an image bears, or that are kept beside a cache of this reference.
pub async fn image_records(
    solver: &impl Solver,
    reference: &str,
    plan: &Plan,
    mode: ResolveMode,
) -> anyhow::Result<Earlier> {
    let earlier = |against: &str, found: Labelled| Earlier {
        against: against.to_owned(),
        records: found.for_plan(plan),
    };
    let error = match labelled(solver, reference, &plan.platform, mode).await {
        Ok(found) => return Ok(earlier(reference, found)),
        Err(error) => error,
    };
    let Some(image) = beside(reference) else {
        return Err(error);
    };
    match labelled(solver, &image, &plan.platform, mode).await {
        Ok(found) => Ok(earlier(&image, found)),
        Err(other) => bail!(
            "{error:#}\n  nor does a cache have records beside it: {other:#}\n  way out: name an image that \
             `layercake build` made, or a cache that it exported by --cache-to type=registry"
        ),
    }
}

/// What the label of an image holds.
pub async fn labelled(
    solver: &impl Solver,
    reference: &str,
    platform: &Platform,
    mode: ResolveMode,
) -> anyhow::Result<Labelled> {
    let request = request(reference, platform, mode)?;
    let answer = solver.resolve_image(&request).await;
    let image = answer.with_context(|| format!("the image `{reference}` cannot be looked up"))?;
    let config = serde_json::from_slice(&image.config)
        .with_context(|| format!("the configuration of the image `{reference}` is not JSON"))?;
    decode(reference, &config)
}

/// Refuses an image of another platform: a registry hands out an image's only platform, whichever is asked for.
fn check_platform(reference: &str, config: &Value, platform: &Platform) -> anyhow::Result<()> {
    let of = |field: &str| config[field].as_str().unwrap_or_default().to_owned();
    let (os, architecture) = (of("os"), of("architecture"));
    if architecture.is_empty() || (os == platform.os && architecture == platform.architecture) {
        return Ok(());
    }
    bail!(
        "the image `{reference}` is for {os}/{architecture}, not for {platform}; use another base, or --platform"
    )
}

/// What a daemon of these capabilities can do with a plan.
pub fn abilities(capabilities: &Capabilities) -> Abilities {
    Abilities {
        merge: capabilities.has_llb(caps::MERGE) && capabilities.has_llb(caps::DIFF),
        symbolic_modes: capabilities.has_llb(SYMBOLIC_MODES),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_image_of_another_platform_is_refused() {
        let config = json!({ "os": "linux", "architecture": "amd64" });
        let platform = |architecture: &str| Platform {
            architecture: architecture.into(),
            ..Platform::default()
        };
        assert!(check_platform("a:1", &config, &platform("amd64")).is_ok());
        let error = check_platform("a:1", &config, &platform("arm64")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("is for linux/amd64, not for linux/arm64"),
            "{error}"
        );
    }
}
