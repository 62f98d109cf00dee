//! What the end-to-end tests stand on: the product as people use it, on a real BuildKit.
//!
//! A test takes a [`Workspace`], which is a private copy of an example, edits it, builds it through a [`Door`] and
//! looks at the [`Outcome`], which says of each stage whether it ran. Nothing of the product is linked in: the tests
//! see the two programs, the frontend image, and what BuildKit tells any client.
//!
//! `cargo xtask test` sets everything up and runs them. By hand, `eval "$(cargo xtask engine env)"` gives the daemon;
//! [`Engine::given`] says what else has to be set. A test never skips itself: what is missing fails it.
//!
//! The daemon may be new or have seen the tests before, so edits that must run something hold a [`mark`] that was never
//! built before.

mod browser;
mod build;
mod channel;
mod clx;
mod conda;
mod container;
mod devtools;
mod engine;
mod expect;
mod mark;
mod nginx;
mod outcome;
mod process;
mod progress;
mod registry;
mod report;
mod run;
mod site;
mod workspace;

pub use browser::{Browser, Print, Stop, Theme};
pub use build::{Build, Door};
pub use channel::{Channel, Packed};
pub use clx::{CLX, Clx};
pub use conda::CondaLock;
pub use container::Container;
pub use engine::{Engine, PrivateEngine};
pub use expect::{Check, Edit, Expectations};
pub use mark::{mark, number};
pub use outcome::{Outcome, State};
pub use registry::{Guarded, Registry};
pub use run::Running;
pub use site::Site;
pub use workspace::Workspace;
