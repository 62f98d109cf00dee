//! The BuildKit inside a Docker engine, reached through the engine's API socket.
//!
//! A current engine speaks gRPC on the socket itself. An older one wants `POST /grpc` with an upgrade to h2c first.
//! Which of the two it is shows in the answer to the upgrade: 101 hands the connection over, anything else means that
//! gRPC goes to the socket directly.

use super::Stream;
use std::io;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const UPGRADE: &[u8] =
    b"POST /grpc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
const LONGEST_HEAD: usize = 8 << 10;

pub(super) async fn dial(socket: &Path) -> io::Result<Box<dyn Stream>> {
    let mut stream = UnixStream::connect(socket).await?;
    if upgrade(&mut stream).await? {
        return Ok(Box::new(stream));
    }
    Ok(Box::new(UnixStream::connect(socket).await?))
}

/// Asks for the upgrade and reads the answer's head, and not a byte more: what follows belongs to HTTP/2.
async fn upgrade(stream: &mut (impl Stream + ?Sized)) -> io::Result<bool> {
    stream.write_all(UPGRADE).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_HEAD {
            return Err(io::Error::other(
                "the Docker engine's answer has no end; is this its API socket?",
            ));
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(head.split(|byte| *byte == b' ').nth(1) == Some(b"101"))
}

#[cfg(test)]
mod tests {
    use super::upgrade;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[track_caller]
    fn check(answer: &'static [u8], expect: bool, left: &'static [u8]) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let (mut ours, mut engine) = tokio::io::duplex(1024);
            engine.write_all(answer).await.expect("room in the pipe");
            engine.shutdown().await.expect("an end");
            assert_eq!(upgrade(&mut ours).await.expect("an answer"), expect);
            let mut asked = vec![0; 10];
            engine.read_exact(&mut asked).await.expect("a request");
            assert_eq!(asked, b"POST /grpc");
            drop(engine);
            let mut rest = Vec::new();
            ours.read_to_end(&mut rest).await.expect("the rest");
            assert_eq!(rest, left);
        });
    }

    #[test]
    fn an_old_engine_hands_the_connection_over() {
        check(
            b"HTTP/1.1 101 UPGRADED\r\nUpgrade: h2c\r\n\r\nPRI",
            true,
            b"PRI",
        );
    }

    #[test]
    fn a_new_engine_does_not() {
        check(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            false,
            b"",
        );
        check(b"", false, b"");
    }
}
