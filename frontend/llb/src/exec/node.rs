//! A finished command and its outputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::output::Vertex;
use crate::{Digest, LlbError, Output, Platform};

/// A command that was built, with one output for its root and one for each writable mount.
#[derive(Debug, Clone)]
pub struct ExecNode {
    pub(super) vertex: Arc<Vertex>,
    pub(super) outputs: BTreeMap<String, MountOutput>,
}

/// What a mount leaves behind.
#[derive(Debug, Clone)]
pub(super) enum MountOutput {
    Some {
        index: usize,
        platform: Option<Platform>,
    },
    None {
        cause: &'static str,
    },
}

impl ExecNode {
    /// The digest of the operation, by which BuildKit reports on it.
    pub fn digest(&self) -> &Digest {
        &self.vertex.digest
    }

    /// The root as the command leaves it.
    pub fn root_output(&self) -> Result<Output, LlbError> {
        self.output("/")
    }

    /// The mount at `dest` as the command leaves it. Its paths are those of the mounted source, also where a
    /// selector showed the command only a part of it.
    pub fn output(&self, dest: &str) -> Result<Output, LlbError> {
        let cause = match self.outputs.get(dest) {
            Some(MountOutput::Some { index, platform }) => {
                return Ok(Output::new(
                    Arc::clone(&self.vertex),
                    *index,
                    platform.clone(),
                ));
            }
            Some(MountOutput::None { cause }) => cause,
            None => "nothing is mounted there",
        };
        Err(LlbError::NoOutput {
            dest: dest.to_owned(),
            cause,
        })
    }
}
