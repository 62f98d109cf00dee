//! The user's SSH agent, for builds that fetch with it.
//!
//! A build may list keys and sign. Anything else that it asks of the agent (adding and removing keys, locking it) is
//! refused here, as BuildKit's own clients do.

use buildkit_proto::moby::sshforward::v1 as wire;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use wire::ssh_server::Ssh;

pub(super) const METHODS: &[&str] = &[
    "/moby.sshforward.v1.SSH/CheckAgent",
    "/moby.sshforward.v1.SSH/ForwardAgent",
];

const DEFAULT_ID: &str = "default";
const REQUEST_IDENTITIES: u8 = 11;
const SIGN_REQUEST: u8 = 13;
const FAILURE: &[u8] = &[0, 0, 0, 1, 5];
const LARGEST_MESSAGE: usize = 256 << 10;

/// The sockets of agents, by id.
pub(super) struct Agents(pub(super) BTreeMap<String, PathBuf>);

impl Agents {
    fn socket(&self, id: &str) -> Result<&PathBuf, Status> {
        let id = if id.is_empty() { DEFAULT_ID } else { id };
        self.0
            .get(id)
            .ok_or_else(|| Status::not_found(format!("no SSH agent `{id}` was given")))
    }
}

#[tonic::async_trait]
impl Ssh for Agents {
    type ForwardAgentStream = BoxStream<'static, Result<wire::BytesMessage, Status>>;

    async fn check_agent(
        &self,
        request: Request<wire::CheckAgentRequest>,
    ) -> Result<Response<wire::CheckAgentResponse>, Status> {
        self.socket(&request.into_inner().id)?;
        Ok(Response::new(wire::CheckAgentResponse {}))
    }

    async fn forward_agent(
        &self,
        request: Request<Streaming<wire::BytesMessage>>,
    ) -> Result<Response<Self::ForwardAgentStream>, Status> {
        let id = request
            .metadata()
            .get("buildkit.ssh.id")
            .and_then(|id| id.to_str().ok())
            .unwrap_or(DEFAULT_ID);
        let socket = self.socket(id)?;
        let agent = UnixStream::connect(socket).await.map_err(|error| {
            Status::unavailable(format!(
                "the SSH agent at {} doesn't answer: {error}",
                socket.display()
            ))
        })?;
        let (answers, to_send) = mpsc::channel(16);
        tokio::spawn(relay(request.into_inner(), agent, answers));
        Ok(Response::new(ReceiverStream::new(to_send).boxed()))
    }
}

type Answers = mpsc::Sender<Result<wire::BytesMessage, Status>>;

/// Takes the build's messages apart, asks the agent what may be asked, and answers in order.
async fn relay(mut asked: Streaming<wire::BytesMessage>, mut agent: UnixStream, answers: Answers) {
    let mut pending = Vec::new();
    while let Ok(Some(chunk)) = asked.message().await {
        pending.extend_from_slice(&chunk.data);
        loop {
            let answer = match next_message(&mut pending) {
                Ok(None) => break,
                Ok(Some(message)) => answer(&message, &mut agent).await,
                Err(status) => Err(status),
            };
            let failed = answer.is_err();
            if answers
                .send(answer.map(|data| wire::BytesMessage { data }))
                .await
                .is_err()
                || failed
            {
                return;
            }
        }
    }
}

/// Takes the first whole message, its length in front, from what has come.
fn next_message(pending: &mut Vec<u8>) -> Result<Option<Vec<u8>>, Status> {
    let Some(length) = pending.first_chunk::<4>() else {
        return Ok(None);
    };
    let end = 4 + u32::from_be_bytes(*length) as usize;
    if end > LARGEST_MESSAGE {
        return Err(Status::invalid_argument(
            "a message to the SSH agent is longer than any agent takes",
        ));
    }
    if pending.len() < end {
        return Ok(None);
    }
    Ok(Some(pending.drain(..end).collect()))
}

async fn answer(message: &[u8], agent: &mut UnixStream) -> Result<Vec<u8>, Status> {
    if !matches!(message.get(4), Some(&(REQUEST_IDENTITIES | SIGN_REQUEST))) {
        return Ok(FAILURE.to_vec());
    }
    let lost =
        |error: std::io::Error| Status::unavailable(format!("the SSH agent went away: {error}"));
    agent.write_all(message).await.map_err(lost)?;
    let mut length = [0; 4];
    agent.read_exact(&mut length).await.map_err(lost)?;
    let size = u32::from_be_bytes(length) as usize;
    if size > LARGEST_MESSAGE {
        return Err(Status::internal(
            "the SSH agent's answer is longer than any agent gives",
        ));
    }
    let mut answer = length.to_vec();
    answer.resize(4 + size, 0);
    agent.read_exact(&mut answer[4..]).await.map_err(lost)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::{FAILURE, LARGEST_MESSAGE, answer, next_message};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixStream;

    #[test]
    fn messages_are_put_together() {
        let mut pending = vec![0, 0, 0, 2, 11];
        assert_eq!(next_message(&mut pending).expect("no error"), None);
        pending.extend([7, 0, 0]);
        assert_eq!(
            next_message(&mut pending).expect("no error"),
            Some(vec![0, 0, 0, 2, 11, 7])
        );
        assert_eq!(pending, [0, 0]);
        let mut endless = u32::try_from(LARGEST_MESSAGE)
            .expect("it fits")
            .to_be_bytes()
            .to_vec();
        assert!(next_message(&mut endless).is_err());
    }

    #[tokio::test]
    async fn listing_reaches_the_agent_and_removing_does_not() {
        let (mut ours, mut agent) = UnixStream::pair().expect("a pair");
        agent.write_all(&[0, 0, 0, 1, 12]).await.expect("room");
        assert_eq!(
            answer(&[0, 0, 0, 1, 11], &mut ours).await.expect("keys"),
            [0, 0, 0, 1, 12]
        );
        assert_eq!(
            answer(&[0, 0, 0, 1, 19], &mut ours)
                .await
                .expect("a refusal"),
            FAILURE
        );
        drop(ours);
        let mut seen = Vec::new();
        agent
            .read_to_end(&mut seen)
            .await
            .expect("what the agent was asked");
        assert_eq!(seen, [0, 0, 0, 1, 11]);
    }
}
