//! Builds BuildKit's LLB, the graph of operations that a BuildKit daemon solves.
//!
//! The central type is [`Output`]: one output of one operation, an immutable value that is cheap to clone. Every
//! operation has a builder that takes outputs and ends in `build()`:
//!
//! - [`Source`]: images, local directories, http files, git repositories, OCI layouts.
//! - [`Exec`]: commands, with everything that can be mounted into them ([`Mount`]).
//! - [`FileOps`]: mkdir, mkfile, copy, rm and symlink, without running anything.
//! - [`Merge`] and [`Diff`]: filesystems laid over each other, and the difference of two.
//! - [`Output::import`]: whole graphs that another client made.
//!
//! [`Annotate`] says of any of them how it is shown, cached, and where in the source it comes from ([`SourceMap`]).
//! [`Definition::of`] writes the graph under an output down for the daemon, and [`dump`] makes it readable again. An
//! empty filesystem, called scratch, is `None` wherever an `Option<Output>` is taken.
//!
//! ```
//! use buildkit_llb::{Annotate, Definition, Exec, Platform, Source};
//!
//! let base = Source::image("alpine:3.20").platform("linux/amd64".parse::<Platform>()?).build()?;
//! let exec = Exec::new(["/bin/sh", "-c", "echo hello > /greeting"]).root(base).named("greet").build()?;
//! let definition = Definition::of(&exec.root_output()?);
//! assert_eq!(definition.head(), Some(exec.digest()));
//! # Ok::<(), buildkit_llb::LlbError>(())
//! ```
//!
//! **Invariant:** the bytes equal those of Go's `client/llb` for the same graph, so that both clients name one vertex
//! by one digest; the same graph always gives the same bytes; nothing here reads a clock, a file or the environment.

mod attributes;
pub mod caps;
mod combine;
mod definition;
mod digest;
pub mod dump;
pub mod encode;
mod error;
mod exec;
mod file;
mod import;
mod output;
mod platform;
mod source;
mod source_map;

pub use attributes::{Annotate, Attributes};
pub use combine::{Diff, Merge};
pub use definition::Definition;
pub use digest::Digest;
pub use error::LlbError;
pub use exec::{
    BindMount, CacheMount, ContentCache, Exec, ExecNode, Mount, Network, ProxyEnv, SecretMount,
    Security, Sharing, SshMount, TmpfsMount,
};
pub use file::{CopyMode, CopyOptions, FileOps, Mkdir, Mkfile, Owner, Rm, Symlink, User};
pub use output::Output;
pub use platform::Platform;
pub use source::{
    Differ, Git, Http, Image, Local, OciLayout, PgpSignature, ResolveMode, Source,
    normalize_reference,
};
pub use source_map::{Range, SourceMap};
