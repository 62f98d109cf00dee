//! Just enough of HTTP to ask the services on loopback how they are.

use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// How long a service on the same machine may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The body of `path` on a loopback port; any status but 200 is an error.
pub fn get(port: u16, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    parse(&answer).ok_or_else(|| {
        let status = answer.lines().next().unwrap_or("nothing").to_owned();
        Error::new(ErrorKind::InvalidData, status)
    })
}

fn parse(answer: &str) -> Option<String> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.lines().next()?.split(' ').nth(1)?;
    (status == "200").then(|| body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_200_has_a_body() {
        let ok = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello";
        assert_eq!(parse(ok).as_deref(), Some("hello"));
        assert_eq!(parse("HTTP/1.1 404 Not Found\r\n\r\nno"), None);
        assert_eq!(parse("SSH-2.0-OpenSSH\r\n"), None);
    }
}
