//! The crate against a fake daemon, over in-memory streams.

mod bridge;
mod client;
mod fake;
