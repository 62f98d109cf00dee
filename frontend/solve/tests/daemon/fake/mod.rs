//! A small BuildKit, good enough to fail on purpose: the gateway and the control API over in-memory streams.

mod bridge;
mod control;
mod session;

pub use session::DaemonSession;

use buildkit_proto::moby::buildkit::v1::control_server::ControlServer;
use buildkit_proto::moby::buildkit::v1::frontend::ReturnRequest;
use buildkit_proto::moby::buildkit::v1::frontend::llb_bridge_server::LlbBridgeServer;
use futures::StreamExt;
use std::io;
use std::sync::{Arc, Mutex};
use tokio::io::DuplexStream;
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};
use tokio::task::JoinHandle;
use tonic::transport::Server;

pub const LIMIT: usize = 16 << 20;

/// The fake daemon. What happened in it can be looked at and waited for.
#[derive(Clone)]
pub struct Fake(Arc<State>);

pub struct State {
    /// What builds returned.
    returned: watch::Sender<Option<ReturnRequest>>,
    /// The build ids on the gateway's calls.
    build_ids: Mutex<Vec<String>>,
    /// How many hanging calls have begun, and how many of them were cancelled.
    begun: watch::Sender<usize>,
    cancelled: watch::Sender<usize>,
    /// Sessions that clients have attached.
    attached: mpsc::Sender<DaemonSession>,
    sessions: AsyncMutex<mpsc::Receiver<DaemonSession>>,
}

/// A daemon's side of a stream. Dropping it breaks the connection.
pub struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Fake {
    pub fn new() -> Self {
        let (attached, sessions) = mpsc::channel(4);
        Self(Arc::new(State {
            returned: watch::Sender::default(),
            build_ids: Mutex::default(),
            begun: watch::Sender::default(),
            cancelled: watch::Sender::default(),
            attached,
            sessions: AsyncMutex::new(sessions),
        }))
    }

    /// Connects to it.
    pub fn connect(&self) -> (DuplexStream, Connection) {
        let (client, server) = tokio::io::duplex(1 << 20);
        let (inner, outer) = tokio::io::duplex(1 << 20);
        let bridge = LlbBridgeServer::new(self.clone()).max_encoding_message_size(LIMIT);
        let router = Server::builder()
            .add_service(bridge)
            .add_service(ControlServer::new(self.clone()));
        let connections =
            futures::stream::iter([Ok::<_, io::Error>(inner)]).chain(futures::stream::pending());
        tokio::spawn(router.serve_with_incoming(connections));
        // The server's own task can't be ended from outside, the pump between it and the client can.
        let pump = tokio::spawn(async move {
            let (mut server, mut outer) = (server, outer);
            let _ = tokio::io::copy_bidirectional(&mut server, &mut outer).await;
        });
        (client, Connection(pump))
    }

    pub fn returned(&self) -> Option<ReturnRequest> {
        self.0.returned.borrow().clone()
    }

    pub fn build_ids(&self) -> Vec<String> {
        self.0.build_ids.lock().unwrap().clone()
    }

    pub async fn wait_until_begun(&self) {
        self.0
            .begun
            .subscribe()
            .wait_for(|count| *count > 0)
            .await
            .unwrap();
    }

    pub async fn wait_until_cancelled(&self) {
        self.0
            .cancelled
            .subscribe()
            .wait_for(|count| *count > 0)
            .await
            .unwrap();
    }

    pub async fn next_session(&self) -> DaemonSession {
        self.0.sessions.lock().await.recv().await.unwrap()
    }

    /// Never returns; notes when it is dropped.
    async fn hang<T>(&self) -> T {
        struct Guard(Fake);
        impl Drop for Guard {
            fn drop(&mut self) {
                self.0.0.cancelled.send_modify(|count| *count += 1);
            }
        }
        let _guard = Guard(self.clone());
        self.0.begun.send_modify(|count| *count += 1);
        std::future::pending().await
    }
}
