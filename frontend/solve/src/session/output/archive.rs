//! An archive, chunk by chunk.

use buildkit_proto::moby::filesync::v1::BytesMessage;
use bytes::Bytes;
use prost::Message;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

/// Writes beside the file first, so that what is there under its name is always complete.
pub(super) async fn to_file(received: Streaming<Bytes>, path: PathBuf) -> Result<(), Status> {
    let unwritable = |path: &Path, error: &io::Error| {
        Status::failed_precondition(format!("{} can't be written: {error}", path.display()))
    };
    let mut partial = path.clone().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let file = File::create(&partial).map_err(|error| unwritable(&partial, &error))?;
    match to_writer(received, file).await {
        Ok(file) => {
            drop(file);
            fs::rename(&partial, &path).map_err(|error| unwritable(&path, &error))
        }
        Err(status) => {
            // What failed matters more than a file that can't be removed.
            let _ = fs::remove_file(&partial);
            Err(status)
        }
    }
}

/// Writes all that comes, and flushes.
pub(super) async fn to_writer<W>(mut received: Streaming<Bytes>, mut writer: W) -> Result<W, Status>
where
    W: Write + Send + 'static,
{
    let (chunks, mut to_write) = mpsc::channel::<Vec<u8>>(8);
    let writing = tokio::task::spawn_blocking(move || {
        while let Some(chunk) = to_write.blocking_recv() {
            writer.write_all(&chunk)?;
        }
        writer.flush()?;
        io::Result::Ok(writer)
    });
    while let Some(message) = received.message().await? {
        let chunk = BytesMessage::decode(message)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        if chunks.send(chunk.data).await.is_err() {
            break;
        }
    }
    drop(chunks);
    let written = writing
        .await
        .map_err(|error| Status::internal(error.to_string()))?;
    written.map_err(|error| {
        Status::failed_precondition(format!("the archive can't be written: {error}"))
    })
}
