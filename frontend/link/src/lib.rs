//! Links the packages of one group into a conda environment.
//!
//! A locked conda stage is built group by group, each on nothing and in a command of its own. This is what that
//! command runs: it reads a [`Group`], unpacks the archives that lie beside it, and links them by rattler, which is
//! what pixi installs with: prefixes are replaced, entry points written, records left under `conda-meta`. Wheels are
//! installed by uv's installer. It has no network, and it neither makes menu entries nor runs the scripts of packages.
//!
//! What it writes depends on the group alone: no time of day, no place of a cache, no order of a hash map is in it.
//!
//! - [`Group`]: what to link, as JSON.
//! - [`link`]: links it, and tells which [`Clobber`]s it found.
//! - [`LinkError`]: the package, the file and the cause.

mod clobber;
mod error;
mod group;
mod link;
mod place;
mod times;
mod unpack;
mod wheel;

pub use clobber::Clobber;
pub use error::{LinkError, Problem, is_disk_full};
pub use group::{Group, Package, Python, Wheel};
pub use link::link;
