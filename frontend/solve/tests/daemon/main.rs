//! The crate against a fake daemon, over in-memory streams.

#![expect(clippy::unwrap_used, reason = "a test may end where it fails")]

mod bridge;
mod client;
mod fake;
