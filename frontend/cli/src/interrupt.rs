//! Ctrl-C and SIGTERM: what runs is dropped, and with it what the daemon does for it.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

/// Somebody asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted; what was built so far stays in the daemon's cache")]
pub struct Interrupted;

/// Runs `work` until it is done or somebody asks to stop.
pub async fn interruptible<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        done = work => done,
        _ = interrupt.recv() => Err(Interrupted.into()),
        _ = terminate.recv() => Err(Interrupted.into()),
    }
}
