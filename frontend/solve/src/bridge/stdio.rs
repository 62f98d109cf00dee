//! Standard input and output as one stream.
//!
//! BuildKit gives a frontend pipes. They are driven by the event loop, so that the process can end while a read is
//! waiting; where they aren't pipes, tokio's threads stand in.

use crate::dial::Stream;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use tokio::net::unix::pipe;

pub(super) fn stream() -> io::Result<Box<dyn Stream>> {
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    Ok(
        match (
            pipe::Receiver::from_file(input),
            pipe::Sender::from_file(output),
        ) {
            (Ok(input), Ok(output)) => Box::new(tokio::io::join(input, output)),
            _ => Box::new(tokio::io::join(tokio::io::stdin(), tokio::io::stdout())),
        },
    )
}
