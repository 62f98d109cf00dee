//! A connection to an [`Address`]: a socket, a child's pipes or a Docker engine, as one tonic channel.

mod docker;
mod pipes;

use crate::address::{Address, Tls};
use crate::failure::innermost;
use hyper_util::rt::TokioIo;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tower::service_fn;

/// The limit that BuildKit sets on a message.
pub(crate) const MESSAGE_LIMIT: usize = 16 << 20;

/// Flow-control windows large enough that a local transfer isn't paced by round trips.
pub(crate) const STREAM_WINDOW: u32 = 4 << 20;
/// The same for a whole connection.
pub(crate) const CONNECTION_WINDOW: u32 = 16 << 20;

/// Anything that bytes go through both ways.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing answers, or what answers isn't BuildKit.
    #[error(
        "no BuildKit at {address}: {cause}; set BUILDKIT_HOST to where it is, or start one there"
    )]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// What went wrong.
        cause: String,
    },
    /// A certificate or key can't be used.
    #[error("the TLS file {path} can't be used: {cause}; give it as PEM")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
}

/// What a connector last had to say, which tonic's own error leaves out.
#[derive(Clone, Default)]
pub(crate) struct Complaints(Arc<Mutex<String>>);

impl Complaints {
    pub(crate) fn put(&self, text: impl Into<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text.into();
    }

    pub(crate) fn take(&self) -> Option<String> {
        let text = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        (!text.trim().is_empty()).then(|| text.trim().to_owned())
    }
}

/// A channel to the address, and where its connector complains. Nothing is dialled before the first call, and a
/// connection that is lost is dialled again by the next call.
pub(crate) async fn channel(address: &Address) -> Result<(Channel, Complaints), ConnectError> {
    let complaints = Complaints::default();
    let endpoint = endpoint(address).await?;
    let (address, log) = (address.clone(), complaints.clone());
    let connector = service_fn(move |_| {
        let (address, log) = (address.clone(), log.clone());
        async move {
            let stream = dial(&address, &log).await;
            stream
                .map(TokioIo::new)
                .inspect_err(|error| log.put(error.to_string()))
        }
    });
    Ok((endpoint.connect_with_connector_lazy(connector), complaints))
}

/// A channel over one stream that is already open; when that is lost, so is the channel.
pub(crate) fn over(stream: impl Stream + 'static) -> Channel {
    let mut stream = Some(stream);
    plain_endpoint().connect_with_connector_lazy(service_fn(move |_| {
        let stream = stream
            .take()
            .ok_or_else(|| io::Error::other("the stream to BuildKit has ended"));
        async move { stream.map(TokioIo::new) }
    }))
}

async fn dial(address: &Address, complaints: &Complaints) -> io::Result<Box<dyn Stream>> {
    Ok(match address {
        Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
        Address::Tcp { host, port, .. } => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let stream = TcpStream::connect((host, *port)).await?;
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
        Address::Command { command, .. } => Box::new(pipes::start(command, complaints)?),
        Address::Docker(path) => docker::dial(path).await?,
    })
}

fn plain_endpoint() -> Endpoint {
    sized(Endpoint::from_static("http://localhost"))
}

fn sized(endpoint: Endpoint) -> Endpoint {
    endpoint
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
}

async fn endpoint(address: &Address) -> Result<Endpoint, ConnectError> {
    let Address::Tcp { host, port, tls } = address else {
        return Ok(plain_endpoint());
    };
    let unreachable = |cause: String| ConnectError::Unreachable {
        address: address.to_string(),
        cause,
    };
    let uri = |scheme| Endpoint::from_shared(format!("{scheme}://{host}:{port}"));
    let Some(tls) = tls else {
        return uri("http")
            .map(sized)
            .map_err(|error| unreachable(error.to_string()));
    };
    let config = tls_config(tls).await?;
    let endpoint = uri("https").and_then(|endpoint| endpoint.tls_config(config));
    endpoint
        .map(sized)
        .map_err(|error| unreachable(innermost(&error).to_string()))
}

async fn tls_config(tls: &Tls) -> Result<ClientTlsConfig, ConnectError> {
    let mut config =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(&tls.ca).await?));
    if let Some((certificate, key)) = &tls.identity {
        config = config.identity(Identity::from_pem(
            read(certificate).await?,
            read(key).await?,
        ));
    }
    Ok(match &tls.server_name {
        Some(name) => config.domain_name(name),
        None => config,
    })
}

async fn read(path: &Path) -> Result<Vec<u8>, ConnectError> {
    tokio::fs::read(path)
        .await
        .map_err(|error| ConnectError::Certificate {
            path: path.to_owned(),
            cause: error.to_string(),
        })
}
