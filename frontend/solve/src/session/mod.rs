//! What a client lends the daemon while it builds.
//!
//! A session turns the connection round: the client is the gRPC server, inside a stream of the control API, and the
//! daemon calls it for files, logins, secrets, an SSH agent, and to hand over results. The services here are the ones
//! that BuildKit's own clients have, but for content stores (local cache, OCI layouts) and uploads.

mod auth;
mod health;
mod output;
mod secrets;
mod ssh;
mod sync;
mod tunnel;

pub use auth::{Login, LoginError, login};
pub use output::Destination;
pub use secrets::Secret;

use crate::dial::{CONNECTION_WINDOW, MESSAGE_LIMIT, STREAM_WINDOW};
use crate::failure::Failure;
use crate::id::new_id;
use auth::Logins;
use buildkit_proto::health::health_server::HealthServer;
use buildkit_proto::moby::buildkit::secrets::v1::secrets_server::SecretsServer;
use buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use buildkit_proto::moby::filesync::packet::file_sync_server::FileSyncServer;
use buildkit_proto::moby::filesync::v1::auth_server::AuthServer;
use buildkit_proto::moby::sshforward::v1::ssh_server::SshServer;
use output::OutputService;
use secrets::SecretStore;
use ssh::Agents;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use sync::Directories;
use tonic::transport::{Channel, Server};
use tunnel::Tunnel;

/// What will be lent; [`Client::attach`](crate::Client::attach) lends it.
#[derive(Debug, Default)]
pub struct Session {
    shared_key: String,
    directories: BTreeMap<String, PathBuf>,
    secrets: BTreeMap<String, Secret>,
    agents: BTreeMap<String, PathBuf>,
    outputs: BTreeMap<usize, Destination>,
}

/// A session that can't be.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A directory that isn't there, or isn't one.
    #[error("the directory `{path}`, lent to the build as `{name}`, can't be read: {cause}")]
    Directory {
        /// The name by which the build asks for it.
        name: String,
        /// The directory.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The daemon didn't take it.
    #[error(transparent)]
    Refused(#[from] Failure),
}

impl Session {
    /// A session with the logins of Docker's config, and nothing else yet. The daemon keeps what it was sent of a
    /// directory and asks only for the difference the next time, if the shared key is the same.
    pub fn new(shared_key: impl Into<String>) -> Self {
        Self {
            shared_key: shared_key.into(),
            ..Self::default()
        }
    }

    /// Lends a directory, for `local://name` in a definition.
    #[must_use]
    pub fn directory(mut self, name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        self.directories
            .insert(name.into(), path.as_ref().to_owned());
        self
    }

    /// Lends a secret.
    #[must_use]
    pub fn secret(mut self, id: impl Into<String>, secret: Secret) -> Self {
        self.secrets.insert(id.into(), secret);
        self
    }

    /// Lends the SSH agent behind a socket. The build can list its keys and sign with them, nothing more. The usual
    /// id is `default`.
    #[must_use]
    pub fn ssh_agent(mut self, id: impl Into<String>, socket: impl AsRef<Path>) -> Self {
        self.agents.insert(id.into(), socket.as_ref().to_owned());
        self
    }

    /// Says where the result of an exporter goes, by the exporter's index in the request.
    #[must_use]
    pub fn output(mut self, exporter: usize, output: Destination) -> Self {
        self.outputs.insert(exporter, output);
        self
    }

    /// Serves the session until what is returned is dropped.
    pub(crate) async fn attach(
        self,
        control: ControlClient<Channel>,
    ) -> Result<Attached, SessionError> {
        let id = new_id();
        let directories = Directories::open(self.directories)?;
        let mut methods = vec![health::METHODS, auth::METHODS];
        let mut router = Server::builder()
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .add_service(HealthServer::new(health::Healthy))
            .add_service(AuthServer::new(Logins::default()));
        if !directories.is_empty() {
            methods.push(sync::METHODS);
            router = router.add_service(
                FileSyncServer::new(directories).max_decoding_message_size(MESSAGE_LIMIT),
            );
        }
        if !self.secrets.is_empty() {
            methods.push(secrets::METHODS);
            router = router.add_service(SecretsServer::new(SecretStore(self.secrets)));
        }
        if !self.agents.is_empty() {
            methods.push(ssh::METHODS);
            router = router.add_service(SshServer::new(Agents(self.agents)));
        }
        if !self.outputs.is_empty() {
            methods.push(output::METHODS);
            router = router.add_service(OutputService::new(self.outputs));
        }
        let tunnel =
            Tunnel::open(control, &id, &self.shared_key, &methods.concat(), router).await?;
        Ok(Attached { id, tunnel })
    }
}

/// A session that the daemon has. Dropping it takes everything back.
#[derive(Debug)]
pub struct Attached {
    id: String,
    tunnel: Tunnel,
}

impl Attached {
    /// The session's id, for requests.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits until the daemon ends the session, as it does when it stops.
    pub async fn ended(&mut self) {
        self.tunnel.ended().await;
    }
}
