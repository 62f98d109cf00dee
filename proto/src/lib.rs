//! BuildKit's wire types, under one name.
//!
//! Re-exports the maintained `bollard-buildkit-proto`: LLB ops ([`pb`]), the control API and the gateway
//! ([`moby::buildkit::v1`]), the session services ([`moby::filesync`], [`moby::sshforward`],
//! [`moby::buildkit::secrets`]), health checks ([`health`]) and file transfer packets ([`fsutil`]). What a newer
//! BuildKit adds and that crate lacks belongs here, and nothing else does.
pub use bollard_buildkit_proto::{fsutil, google, health, moby, pb};
