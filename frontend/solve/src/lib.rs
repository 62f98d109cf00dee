//! Everything between a definition and BuildKit.
//!
//! - [`Address`] says where BuildKit is, and [`Client`] is the connection: it solves a [`SolveRequest`], follows its
//!   [`Event`]s and looks after the cache.
//! - [`Session`] is what the client lends the daemon meanwhile: directories, logins, secrets, an SSH agent, and places
//!   for the result.
//! - [`Bridge`] is the gateway, from inside a frontend or from a client that drives its own build; the pipeline sees it
//!   as a [`Solver`]. [`FrontendOptions`] are what BuildKit tells a frontend.
//! - [`Timeline`] folds events to what is known now, and [`Report`] to what became of each stage.
//! - [`Failure`] is what goes wrong, with the source lines that it points at.
//!
//! ```no_run
//! # async fn example(definition: buildkit_proto::pb::Definition) -> Result<(), Box<dyn std::error::Error>> {
//! use layercake_solve::{Address, Client, Session, SolveRequest, new_id};
//!
//! let address = Address::discover(|name| std::env::var(name).ok())?;
//! let client = Client::connect(&address).await?;
//! let session = client.attach(Session::new("my-project").directory("context", ".")).await?;
//! let request = SolveRequest {
//!     reference: new_id(),
//!     definition: Some(definition),
//!     session: session.id().to_owned(),
//!     ..SolveRequest::default()
//! };
//! client.solve(&request).await?;
//! # Ok(())
//! # }
//! ```
//!
//! **Invariant:** nothing here prints, knows a stage's kind or reads layercake.yaml.

mod address;
mod bridge;
mod control;
mod definition;
mod dial;
pub mod events;
mod failure;
mod id;
mod options;
mod report;
mod session;

pub use address::{Address, AddressError, Tls};
pub use bridge::{
    Bridge, Capabilities, FileStat, GatewayResult, ImageRequest, Refs, ResolveMode, ResolvedImage,
    SolvedRef, Solver, SubSolve,
};
pub use control::{
    BuildRecord, CacheOption, CacheRecord, Client, DaemonInfo, Exporter, PruneOptions,
    SolveRequest, SolveResponse, Worker,
};
pub use dial::ConnectError;
pub use events::{Event, Timeline};
pub use failure::{FailedSource, Failure};
pub use id::new_id;
pub use options::{Environment, FrontendOptions, NetworkMode, OptionError, Ulimit};
pub use report::{
    CauseReport, Expected, ExpectedStage, Foretold, Mismatch, PredictionReport, REPORT_VERSION,
    Report, ServiceReport, StageReport, StageState,
};
pub use session::{Attached, Destination, Login, LoginError, Secret, Session, SessionError, login};
