//! Why a plan cannot be lowered.

use buildkit_llb::LlbError;
use layercake_planner::model::Base;
use thiserror::Error;

/// Why a plan cannot be lowered.
#[derive(Debug, Error)]
pub enum LowerError {
    /// An image's digest and configuration are not known.
    #[error(
        "the image `{reference}` of `{name}` was not resolved; a daemon must be asked for its digest and configuration"
    )]
    Unresolved {
        /// The base's name.
        name: String,
        /// Its reference.
        reference: String,
    },
    /// A base has triggers that only Dockerfiles run.
    #[error(
        "the image `{reference}` has ONBUILD triggers, which only a Dockerfile runs; write what they do as stages, or use another base"
    )]
    OnBuild {
        /// The base's reference.
        reference: String,
    },
    /// An image configuration is not a JSON object.
    #[error("the configuration of an image is not what OCI or Docker write: {0}")]
    Config(&'static str),
    /// A value that BuildKit has no way to express.
    #[error("stage `{stage}`: {source}")]
    Stage {
        /// The stage.
        stage: String,
        /// What is wrong with it.
        source: LlbError,
    },
    /// A stage without a layer is no image.
    #[error("stage `{stage}` writes nothing, so there is nothing to publish")]
    Nothing {
        /// The stage.
        stage: String,
    },
    /// The context or a base cannot be expressed.
    #[error(transparent)]
    Llb(#[from] LlbError),
}

impl LowerError {
    pub(crate) fn unresolved(base: &Base) -> Self {
        Self::Unresolved {
            name: base.name.clone(),
            reference: base.reference.clone(),
        }
    }
}
