//! The daemon's side of a session: it calls the client through the stream that the client opened.

use buildkit_proto::moby::buildkit::v1::BytesMessage;
use futures::StreamExt;
use futures::stream::BoxStream;
use hyper_util::rt::TokioIo;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};

/// A session that a client has attached.
pub struct DaemonSession {
    pub headers: MetadataMap,
    pub channel: Channel,
}

impl DaemonSession {
    pub fn open(
        request: Request<Streaming<BytesMessage>>,
    ) -> (Self, BoxStream<'static, Result<BytesMessage, Status>>) {
        let headers = request.metadata().clone();
        let mut incoming = request.into_inner();
        let (ours, pumped) = tokio::io::duplex(1 << 20);
        let (mut from, mut to) = tokio::io::split(pumped);
        let (sender, receiver) = tokio::sync::mpsc::channel(16);
        tokio::spawn(async move {
            while let Ok(Some(message)) = incoming.message().await {
                if to.write_all(&message.data).await.is_err() {
                    break;
                }
            }
        });
        tokio::spawn(async move {
            let mut buffer = vec![0; 32 << 10];
            while let Ok(count @ 1..) = from.read(&mut buffer).await {
                let message = BytesMessage {
                    data: buffer[..count].to_vec(),
                };
                if sender.send(Ok(message)).await.is_err() {
                    break;
                }
            }
        });
        let mut ours = Some(TokioIo::new(ours));
        let connector = tower::service_fn(move |_| {
            let stream = ours
                .take()
                .ok_or_else(|| io::Error::other("the session has ended"));
            async move { stream }
        });
        let channel =
            Endpoint::from_static("http://localhost").connect_with_connector_lazy(connector);
        (
            Self { headers, channel },
            ReceiverStream::new(receiver).boxed(),
        )
    }

    /// The methods that the client has said it serves.
    pub fn methods(&self) -> Vec<String> {
        let methods = self.headers.get_all("x-docker-expose-session-grpc-method");
        methods
            .iter()
            .map(|method| method.to_str().unwrap().to_owned())
            .collect()
    }
}
