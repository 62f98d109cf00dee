//! Directories of the client for the daemon: BuildKit's FileSync service.
//!
//! The daemon names a directory and says which of its files it wants; [`filter`] decides, [`follow`] adds what links
//! lead to, [`walk`] finds them in the order that the protocol demands, and [`send`] talks.

mod filter;
mod follow;
mod query;
mod send;
mod walk;

pub(super) use walk::go_mode;

use super::SessionError;
use buildkit_proto::fsutil::types::Packet;
use buildkit_proto::moby::filesync::packet::file_sync_server::FileSync;
use filter::Filter;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

pub(super) const METHODS: &[&str] = &["/moby.filesync.v1.FileSync/DiffCopy"];

/// The directories that are lent, by name, with links in their own paths resolved.
pub(super) struct Directories(BTreeMap<String, PathBuf>);

impl Directories {
    pub(super) fn open(directories: BTreeMap<String, PathBuf>) -> Result<Self, SessionError> {
        let open = |(name, path): (String, PathBuf)| match path.canonicalize().and_then(|real| {
            std::fs::read_dir(&real)?;
            Ok(real)
        }) {
            Ok(real) => Ok((name, real)),
            Err(cause) => Err(SessionError::Directory { name, path, cause }),
        };
        directories
            .into_iter()
            .map(open)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, headers: &MetadataMap) -> Result<PathBuf, Status> {
        let name = query::values(headers, "dir-name")?
            .unwrap_or_default()
            .into_iter()
            .next()
            .unwrap_or_default();
        let directory = self.0.get(&name);
        directory.cloned().ok_or_else(|| {
            Status::not_found(format!("no directory was lent to the build as `{name}`"))
        })
    }
}

#[tonic::async_trait]
impl FileSync for Directories {
    type DiffCopyStream = BoxStream<'static, Result<Packet, Status>>;
    type TarStreamStream = BoxStream<'static, Result<Packet, Status>>;

    async fn diff_copy(
        &self,
        request: Request<Streaming<Packet>>,
    ) -> Result<Response<Self::DiffCopyStream>, Status> {
        let root = self.find(request.metadata())?;
        let includes = query::values(request.metadata(), "include-patterns")?;
        let excludes = query::values(request.metadata(), "exclude-patterns")?;
        let follows = query::values(request.metadata(), "followpaths")?;
        let (filter, root) = tokio::task::spawn_blocking(move || {
            let filter = Filter::new(&root, includes, excludes, follows);
            (filter, root)
        })
        .await
        .map_err(|error| Status::internal(error.to_string()))?;
        let packets = send::send(root, filter?, request.into_inner());
        Ok(Response::new(ReceiverStream::new(packets).boxed()))
    }

    async fn tar_stream(
        &self,
        _: Request<Streaming<Packet>>,
    ) -> Result<Response<Self::TarStreamStream>, Status> {
        Err(Status::unimplemented(
            "directories are sent by DiffCopy only",
        ))
    }
}
