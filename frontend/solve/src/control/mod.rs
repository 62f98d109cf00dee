//! The client of a BuildKit daemon: its control API.
//!
//! A [`Client`] asks the daemon what it is, solves definitions and frontends, follows a build's events and looks after
//! the cache. It also opens the two other ways in: [`Client::attach`] lends the daemon a [`Session`](crate::Session),
//! and [`Client::gateway`] gives a build of our own the same [`Bridge`] that a frontend gets.

mod cache;
mod history;
mod info;
mod request;

pub use cache::{CacheRecord, PruneOptions};
pub use history::BuildRecord;
pub use info::{DaemonInfo, Worker};
pub use request::{CacheOption, Exporter, SolveRequest, SolveResponse};

use crate::address::Address;
use crate::bridge::{Bridge, GatewayResult};
use crate::dial::{self, ConnectError, MESSAGE_LIMIT};
use crate::events::Event;
use crate::failure::{Failure, disconnection};
use crate::session::{Attached, Session, SessionError};
use buildkit_proto::moby::buildkit::v1 as wire;
use buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use futures::stream::BoxStream;
use futures::{StreamExt, TryFutureExt};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::time::timeout;
use tonic::Status;
use tonic::transport::Channel;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a solve may take to end after its build could not say that it has.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to a BuildKit daemon. Clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
}

impl Client {
    /// Connects, and makes sure that it is BuildKit that answers.
    pub async fn connect(address: &Address) -> Result<Self, ConnectError> {
        let (channel, complaints) = dial::channel(address).await?;
        let client = Self { channel };
        let cause = match timeout(CONNECT_TIMEOUT, client.request_info()).await {
            Ok(Ok(_)) => return Ok(client),
            Ok(Err(status)) => complaints
                .take()
                .or_else(|| disconnection(&status))
                .unwrap_or_else(|| status.message().to_owned()),
            Err(_) => "it doesn't answer".to_owned(),
        };
        Err(ConnectError::Unreachable {
            address: address.to_string(),
            cause,
        })
    }

    /// A client over a stream that is already open.
    pub fn over<S>(stream: S) -> Self
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        Self {
            channel: dial::over(stream),
        }
    }

    fn control(&self) -> ControlClient<Channel> {
        ControlClient::new(self.channel.clone())
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT)
    }

    /// The daemon's version. A daemon too old to tell (before 0.11) gives empty strings.
    pub async fn info(&self) -> Result<DaemonInfo, Failure> {
        Ok(self.request_info().await?)
    }

    async fn request_info(&self) -> Result<DaemonInfo, Status> {
        match self.control().info(wire::InfoRequest {}).await {
            Ok(response) => Ok(response
                .into_inner()
                .buildkit_version
                .unwrap_or_default()
                .into()),
            Err(status) if status.code() == tonic::Code::Unimplemented => Ok(DaemonInfo::default()),
            Err(status) => Err(status),
        }
    }

    /// The daemon's workers, with their labels and platforms.
    pub async fn workers(&self) -> Result<Vec<Worker>, Failure> {
        let response = self
            .control()
            .list_workers(wire::ListWorkersRequest::default())
            .await?;
        Ok(response
            .into_inner()
            .record
            .into_iter()
            .map(Worker::from)
            .collect())
    }

    /// Solves, and exports what the request asks for. Dropping the future cancels the build on the daemon.
    pub async fn solve(&self, request: &SolveRequest) -> Result<SolveResponse, Failure> {
        request.check()?;
        let response = self.control().solve(request.to_wire()).await?;
        Ok(SolveResponse::from(response.into_inner()))
    }

    /// The events of the build with this reference, from its beginning, until it ends or its first failure. Await it
    /// beside the solve and not before: an old daemon doesn't answer before there is a build.
    pub async fn events(
        &self,
        reference: &str,
    ) -> Result<BoxStream<'static, Result<Vec<Event>, Failure>>, Failure> {
        let request = wire::StatusRequest {
            r#ref: reference.to_owned(),
        };
        let updates = self.control().status(request).await?.into_inner();
        let events = futures::stream::try_unfold(updates, |mut updates| async move {
            let update = updates.message().await?;
            Ok(update.map(|update| (Event::from_wire(update), updates)))
        });
        Ok(events.boxed())
    }

    /// Lends the daemon a session, until what is returned is dropped.
    pub async fn attach(&self, session: Session) -> Result<Attached, SessionError> {
        session.attach(self.control()).await
    }

    /// The gateway of a build that [`solve`](Self::solve) has started with neither definition nor frontend.
    pub fn bridge(&self, reference: &str) -> Result<Bridge, Failure> {
        Bridge::of_build(self.channel.clone(), reference)
    }

    /// Runs a build of our own inside the daemon's: `build` gets the bridge and makes the result, which the daemon
    /// then exports as `request` says. The request must have neither definition nor frontend. An error of `build`
    /// becomes the build's. Dropping the future cancels the build on the daemon.
    pub async fn gateway<F, R>(
        &self,
        request: &SolveRequest,
        build: F,
    ) -> Result<SolveResponse, Failure>
    where
        F: FnOnce(Bridge) -> R,
        R: Future<Output = Result<GatewayResult, Failure>>,
    {
        let bridge = self.bridge(&request.reference)?;
        let own = OnceLock::new();
        let run = async {
            let outcome = build(bridge.clone()).await;
            if let Err(failure) = &outcome {
                own.get_or_init(|| failure.clone());
            }
            bridge.finish(outcome).await
        };
        let solve = self.solve(request);
        tokio::pin!(solve, run);
        let solved = tokio::select! {
            solved = &mut solve => solved,
            // The solve ends by itself once the build has returned; if that couldn't be told, perhaps not.
            ran = &mut run => match ran {
                Ok(()) => solve.await,
                Err(failure) => timeout(END_TIMEOUT, solve).await.unwrap_or(Err(failure)),
            },
        };
        // Of two failures the build's own says more, unless it is only that the solve's ended it.
        match own.get() {
            Some(failure) if !failure.is_cancelled() && !failure.is_disconnect() => {
                Err(failure.clone())
            }
            _ => solved,
        }
    }

    /// What the daemon's cache holds.
    pub async fn cache_records(&self) -> Result<Vec<CacheRecord>, Failure> {
        self.control()
            .disk_usage(wire::DiskUsageRequest::default())
            .map_ok(|response| {
                response
                    .into_inner()
                    .record
                    .into_iter()
                    .map(CacheRecord::from)
                    .collect()
            })
            .map_err(Failure::from)
            .await
    }

    /// The builds that the daemon remembers, those that run included, in no order.
    pub async fn history(&self) -> Result<Vec<BuildRecord>, Failure> {
        let request = wire::BuildHistoryRequest {
            early_exit: true,
            ..Default::default()
        };
        let mut events = self
            .control()
            .listen_build_history(request)
            .await?
            .into_inner();
        let mut builds = Vec::new();
        while let Some(event) = events.message().await? {
            builds.extend(event.record.map(BuildRecord::from));
        }
        Ok(builds)
    }

    /// Removes from the daemon's cache, and returns what was removed.
    pub async fn prune(&self, options: &PruneOptions) -> Result<Vec<CacheRecord>, Failure> {
        let mut removed = self.control().prune(options.to_wire()).await?.into_inner();
        let mut records = Vec::new();
        while let Some(record) = removed.message().await? {
            records.push(CacheRecord::from(record));
        }
        Ok(records)
    }
}
