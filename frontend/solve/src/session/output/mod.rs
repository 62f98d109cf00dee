//! Places for results: BuildKit's FileSend service.
//!
//! One method receives two kinds of messages, and the exporter decides which: an archive comes as chunks of bytes, a
//! directory tree in fsutil's protocol. The generated servers know one kind each, so this one takes messages undecoded.

mod archive;
mod raw;
mod tree;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use raw::RawCodec;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, NamedService, StreamingService};
use tonic::{Request, Response, Status, Streaming};

pub(super) const METHODS: &[&str] = &["/moby.filesync.v1.FileSend/DiffCopy"];

/// Where the result of an exporter goes.
pub enum Destination {
    /// An archive (`oci`, `docker`, `tar`) to a file, which appears when it is complete.
    File(PathBuf),
    /// An archive to anything else, such as standard output. It can be written once.
    Writer(Box<dyn Write + Send>),
    /// A tree (`local`) into a directory, beside and over what is there.
    Directory(PathBuf),
}

impl fmt::Debug for Destination {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(out, "File({})", path.display()),
            Self::Writer(_) => out.write_str("Writer(…)"),
            Self::Directory(path) => write!(out, "Directory({})", path.display()),
        }
    }
}

type Answers = BoxStream<'static, Result<Bytes, Status>>;

/// The outputs of a session, by the exporter's index. Each is used once.
#[derive(Clone)]
pub(super) struct OutputService(Arc<Mutex<BTreeMap<usize, Destination>>>);

impl OutputService {
    pub(super) fn new(outputs: BTreeMap<usize, Destination>) -> Self {
        Self(Arc::new(Mutex::new(outputs)))
    }

    fn take(&self, headers: &MetadataMap) -> Result<Destination, Status> {
        let index = headers
            .get("buildkit-attachable-exporter-id")
            .and_then(|id| id.to_str().ok()?.parse().ok());
        let index: usize = index.unwrap_or(0);
        let output = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&index);
        output.ok_or_else(|| {
            Status::not_found(format!(
                "exporter {index} has no output, or has written it already"
            ))
        })
    }
}

/// One call.
struct DiffCopy(OutputService);

impl StreamingService<Bytes> for DiffCopy {
    type Response = Bytes;
    type ResponseStream = Answers;
    type Future = BoxFuture<'static, Result<Response<Answers>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let output = self.0.take(request.metadata());
        Box::pin(async move {
            let received = request.into_inner();
            match output? {
                Destination::File(path) => archive::to_file(received, path).await?,
                Destination::Writer(writer) => drop(archive::to_writer(received, writer).await?),
                Destination::Directory(path) => {
                    return Ok(Response::new(tree::receive(received, path)));
                }
            }
            Ok(Response::new(futures::stream::empty().boxed()))
        })
    }
}

impl Service<http::Request<Body>> for OutputService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            if METHODS.contains(&request.uri().path()) {
                return Ok(Grpc::new(RawCodec)
                    .streaming(DiffCopy(service), request)
                    .await);
            }
            Ok(Status::unimplemented("no such method").into_http())
        })
    }
}

impl NamedService for OutputService {
    const NAME: &'static str = "moby.filesync.v1.FileSend";
}
