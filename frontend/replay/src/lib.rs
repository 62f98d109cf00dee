//! What a history of builds would have cost.
//!
//! Every commit is one build. A [`Tally`] is told, commit by commit, the key of each thing that a build does, and
//! counts a run where no earlier build had that key. Keys come from three accounts of the same commit:
//!
//! - [`planned`]: the stages of a plan, by their key records: what layercake runs;
//! - [`planned`] again, by a stage's own meaning alone: what nobody can do without;
//! - [`dockerfile`]: the steps of a Dockerfile in its own order, by BuildKit's rules: what the file without layercake
//!   runs.
//!
//! Files are seen through [`Files`], so that a history can be git's or one that was written down.
//!
//! **Invariant:** nothing here reads a file, a clock or git. Memory grows with what differs in a history, not with its
//! length times its size.

mod content;
pub mod dockerfile;
mod files;
pub mod planned;
mod tally;

pub use content::{Content, Memory};
pub use files::{Entry, Files, Kind};
pub use tally::{Cache, Key, Row, Tally};
