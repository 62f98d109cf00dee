//! Conda environments to exact packages: channels read, solved, described as `layercake.lock` has them.
//!
//! The central type is [`Conda`]: it holds how channels are reached ([`Access`]) and solves [`Request`]s
//! ([`Conda::solve`]) by the rattler crates. Nothing here depends on the machine it runs on: the
//! [virtual packages](mod@virtual_packages) are those that the stage sets, or documented defaults.

mod access;
mod channels;
mod checksum;
mod error;
mod files;
pub mod import;
pub mod pip;
mod record;
mod solve;
pub mod virtual_packages;

pub use access::Access;
pub use error::CondaError;
pub use files::Clobber;
pub use layercake_planner::lock::Request;
pub use pip::Pip;
pub use solve::{Conda, Solved, Update};
