//! What the daemon can do.

use crate::control::Worker;
use buildkit_proto::moby::buildkit::v1::apicaps::ApiCap;
use buildkit_proto::moby::buildkit::v1::frontend::PongResponse;
use std::collections::BTreeSet;

/// The capabilities of a daemon that are switched on, by their ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Capabilities {
    /// Of the gateway, such as `gateway.evaluate`.
    pub frontend: BTreeSet<String>,
    /// Of the solver, such as `mergeop`.
    pub llb: BTreeSet<String>,
    /// The workers, the default one first.
    pub workers: Vec<Worker>,
}

impl Capabilities {
    /// Whether the solver has the capability.
    pub fn has_llb(&self, id: &str) -> bool {
        self.llb.contains(id)
    }

    /// Whether the gateway has the capability.
    pub fn has_frontend(&self, id: &str) -> bool {
        self.frontend.contains(id)
    }
}

impl From<PongResponse> for Capabilities {
    fn from(pong: PongResponse) -> Self {
        Self {
            frontend: enabled(pong.frontend_api_caps),
            llb: enabled(pong.llb_caps),
            workers: pong.workers.into_iter().map(Worker::from).collect(),
        }
    }
}

fn enabled(capabilities: Vec<ApiCap>) -> BTreeSet<String> {
    capabilities
        .into_iter()
        .filter(|capability| capability.enabled)
        .map(|capability| capability.id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ApiCap, Capabilities, PongResponse};

    #[test]
    fn what_is_switched_off_is_missing() {
        let capability = |id: &str, enabled| ApiCap {
            id: id.to_owned(),
            enabled,
            ..Default::default()
        };
        let pong = PongResponse {
            llb_caps: vec![capability("mergeop", true), capability("diffop", false)],
            ..Default::default()
        };
        let capabilities = Capabilities::from(pong);
        assert!(capabilities.has_llb("mergeop"));
        assert!(!capabilities.has_llb("diffop"));
        assert!(!capabilities.has_frontend("mergeop"));
    }
}
