//! The gateway: what a frontend, or a client that drives its own build, asks of the daemon.
//!
//! A [`Bridge`] has two doors. [`Bridge::stdio`] is for the process that BuildKit starts as a frontend;
//! [`Client::gateway`](crate::Client::gateway) is for a client. Behind either it is the same: resolve images, solve,
//! look into results, and [`finish`](Bridge::finish) once. What the pipeline needs of it is the trait [`Solver`].

mod capabilities;
mod result;
mod solver;
mod stdio;

pub use capabilities::Capabilities;
pub use result::{GatewayResult, Refs, SolvedRef};
pub use solver::{FileStat, ImageRequest, ResolveMode, ResolvedImage, Solver, SubSolve};

use crate::control::CacheOption;
use crate::definition::for_wire;
use crate::dial::{self, MESSAGE_LIMIT};
use crate::events::Warning;
use crate::failure::Failure;
use buildkit_proto::moby::buildkit::v1::frontend as wire;
use buildkit_proto::pb;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::{InterceptedService, Interceptor};
use tonic::transport::Channel;
use tonic::{Request, Status};
use wire::llb_bridge_client::LlbBridgeClient;

const BUILD_ID: &str = "buildkit-controlapi-buildid";
const PING_TIMEOUT: Duration = Duration::from_secs(15);

/// A connection to the gateway of one build. Clones share it.
#[derive(Debug, Clone)]
pub struct Bridge {
    client: LlbBridgeClient<InterceptedService<Channel, BuildId>>,
}

/// Says which build a call on a shared connection belongs to; a frontend's own connection needs no saying.
#[derive(Debug, Clone)]
struct BuildId(Option<MetadataValue<Ascii>>);

impl Interceptor for BuildId {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(id) = &self.0 {
            request.metadata_mut().insert(BUILD_ID, id.clone());
        }
        Ok(request)
    }
}

impl Bridge {
    /// The bridge of a frontend that BuildKit has started: HTTP/2 over standard input and output. Nothing else in
    /// the process may read the one or write to the other.
    pub fn stdio() -> std::io::Result<Self> {
        Ok(Self::over(stdio::stream()?))
    }

    /// The bridge of a frontend over a stream that is already open.
    pub fn over<S>(stream: S) -> Self
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        Self::new(dial::over(stream), BuildId(None))
    }

    pub(crate) fn of_build(channel: Channel, reference: &str) -> Result<Self, Failure> {
        let id = reference
            .parse()
            .map_err(|_| Failure::invalid(format!("`{reference}` can't be a build's id")))?;
        Ok(Self::new(channel, BuildId(Some(id))))
    }

    fn new(channel: Channel, id: BuildId) -> Self {
        let client = LlbBridgeClient::with_interceptor(channel, id)
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT);
        Self { client }
    }

    /// Ends the build with a result or an error. Call it once; a frontend exits after it.
    pub async fn finish(&self, outcome: Result<GatewayResult, Failure>) -> Result<(), Failure> {
        let request = match outcome {
            Ok(result) => wire::ReturnRequest {
                result: Some(result.into_wire()),
                error: None,
            },
            Err(failure) => wire::ReturnRequest {
                result: None,
                error: Some(failure.to_rpc()),
            },
        };
        self.client.clone().r#return(request).await?;
        Ok(())
    }
}

impl Solver for Bridge {
    async fn ping(&self) -> Result<Capabilities, Failure> {
        let mut client = self.client.clone();
        match tokio::time::timeout(PING_TIMEOUT, client.ping(wire::PingRequest {})).await {
            Ok(response) => Ok(Capabilities::from(response?.into_inner())),
            Err(_) => Err(Failure::new(
                tonic::Code::Unavailable,
                "BuildKit didn't answer the frontend within 15 seconds; see the daemon's log",
            )),
        }
    }

    async fn resolve_image(&self, request: &ImageRequest) -> Result<ResolvedImage, Failure> {
        let response = self
            .client
            .clone()
            .resolve_image_config(request.to_wire())
            .await?
            .into_inner();
        Ok(ResolvedImage {
            reference: if response.r#ref.is_empty() {
                request.reference.clone()
            } else {
                response.r#ref
            },
            digest: response.digest,
            config: response.config,
        })
    }

    async fn solve(
        &self,
        definition: pb::Definition,
        cache_imports: &[CacheOption],
        evaluate: bool,
    ) -> Result<SolvedRef, Failure> {
        let request = wire::SolveRequest {
            definition: Some(for_wire(definition)),
            cache_imports: solver::imports_to_wire(cache_imports),
            evaluate,
            allow_result_return: true,
            allow_result_array_ref: true,
            ..Default::default()
        };
        let response = self.client.clone().solve(request).await?.into_inner();
        match GatewayResult::from_wire(response)?.refs {
            Refs::Single(solved) => Ok(solved),
            Refs::PerPlatform(_) => Err(Failure::new(
                tonic::Code::Internal,
                "BuildKit answered one definition with several results; this is a bug in the daemon",
            )),
        }
    }

    async fn solve_frontend(&self, request: &SubSolve) -> Result<GatewayResult, Failure> {
        let response = self
            .client
            .clone()
            .solve(request.to_wire())
            .await?
            .into_inner();
        GatewayResult::from_wire(response)
    }

    async fn evaluate(&self, solved: &SolvedRef) -> Result<(), Failure> {
        self.client
            .clone()
            .evaluate(wire::EvaluateRequest {
                r#ref: solved.id.clone(),
            })
            .await?;
        Ok(())
    }

    async fn read_file(
        &self,
        solved: &SolvedRef,
        path: &str,
        range: Option<Range<u64>>,
    ) -> Result<Vec<u8>, Failure> {
        let range = range.map(solver::range_to_wire).transpose()?;
        let request = wire::ReadFileRequest {
            r#ref: solved.id.clone(),
            file_path: path.to_owned(),
            range,
            mount_index: 0,
        };
        Ok(self
            .client
            .clone()
            .read_file(request)
            .await?
            .into_inner()
            .data)
    }

    async fn read_dir(
        &self,
        solved: &SolvedRef,
        path: &str,
        pattern: Option<&str>,
    ) -> Result<Vec<FileStat>, Failure> {
        let request = wire::ReadDirRequest {
            r#ref: solved.id.clone(),
            dir_path: path.to_owned(),
            include_pattern: pattern.unwrap_or_default().to_owned(),
            mount_index: 0,
        };
        let entries = self
            .client
            .clone()
            .read_dir(request)
            .await?
            .into_inner()
            .entries;
        Ok(entries.into_iter().map(FileStat::from).collect())
    }

    async fn stat_file(&self, solved: &SolvedRef, path: &str) -> Result<FileStat, Failure> {
        let request = wire::StatFileRequest {
            r#ref: solved.id.clone(),
            path: path.to_owned(),
            mount_index: 0,
        };
        let stat = self
            .client
            .clone()
            .stat_file(request)
            .await?
            .into_inner()
            .stat;
        Ok(FileStat::from(stat.unwrap_or_default()))
    }

    async fn warn(&self, warning: &Warning) -> Result<(), Failure> {
        self.client.clone().warn(warning.to_wire()).await?;
        Ok(())
    }

    async fn inputs(&self) -> Result<BTreeMap<String, pb::Definition>, Failure> {
        let response = self.client.clone().inputs(wire::InputsRequest {}).await?;
        Ok(response.into_inner().definitions.into_iter().collect())
    }
}
