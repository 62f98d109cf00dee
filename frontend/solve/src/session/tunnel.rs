//! A gRPC server inside a stream of a gRPC client.

use crate::failure::Failure;
use buildkit_proto::moby::buildkit::v1::BytesMessage;
use buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use futures::StreamExt;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{Ascii, AsciiMetadataKey, MetadataValue};
use tonic::transport::Channel;
use tonic::transport::server::Router;
use tonic::{Request, Streaming};

const BUFFER: usize = 256 << 10;
const CHUNK: usize = 32 << 10;

/// The tasks that keep a session going. Dropping it ends them, and with them the session.
#[derive(Debug)]
pub(super) struct Tunnel {
    pumps: JoinSet<()>,
    _server: OnDrop,
}

#[derive(Debug)]
struct OnDrop(AbortHandle);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Tunnel {
    /// Opens the stream, tells the daemon which methods there are, and serves them.
    pub(super) async fn open(
        mut control: ControlClient<Channel>,
        id: &str,
        shared_key: &str,
        methods: &[&str],
        router: Router,
    ) -> Result<Self, Failure> {
        let (outgoing, to_send) = mpsc::channel(16);
        let mut request = Request::new(ReceiverStream::new(to_send));
        let headers = request.metadata_mut();
        headers.insert("x-docker-expose-session-uuid", header(id)?);
        headers.insert("x-docker-expose-session-sharedkey", header(shared_key)?);
        for method in methods {
            let key = AsciiMetadataKey::from_static("x-docker-expose-session-grpc-method");
            headers.append(key, header(method)?);
        }
        let received = control.session(request).await?.into_inner();

        let (ours, daemons) = tokio::io::duplex(BUFFER);
        // The server would end with its last connection, so the stream of connections never does.
        let connections =
            futures::stream::iter([Ok::<_, io::Error>(daemons)]).chain(futures::stream::pending());
        let server = tokio::spawn(router.serve_with_incoming(connections));
        let (from_server, to_server) = tokio::io::split(ours);
        let mut pumps = JoinSet::new();
        pumps.spawn(pump_out(from_server, outgoing));
        pumps.spawn(pump_in(received, to_server));
        Ok(Self {
            pumps,
            _server: OnDrop(server.abort_handle()),
        })
    }

    /// Waits until either direction ends.
    pub(super) async fn ended(&mut self) {
        self.pumps.join_next().await;
    }
}

fn header(value: &str) -> Result<MetadataValue<Ascii>, Failure> {
    value
        .parse()
        .map_err(|_| Failure::invalid(format!("`{value}` can't be sent as a session's header")))
}

async fn pump_out(mut from: ReadHalf<DuplexStream>, to: mpsc::Sender<BytesMessage>) {
    let mut buffer = vec![0; CHUNK];
    while let Ok(count) = from.read(&mut buffer).await {
        let message = BytesMessage {
            data: buffer[..count].to_vec(),
        };
        if count == 0 || to.send(message).await.is_err() {
            break;
        }
    }
}

async fn pump_in(mut from: Streaming<BytesMessage>, mut to: WriteHalf<DuplexStream>) {
    while let Ok(Some(message)) = from.message().await {
        if to.write_all(&message.data).await.is_err() {
            break;
        }
    }
}
