//! Daemons that outlive the command that starts them.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::run;

/// How often a condition is looked at again.
const TICK: Duration = Duration::from_millis(50);

/// How long a daemon may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process that can be found again: its id, and the moment it started (in the
/// kernel's ticks since boot), since ids are used again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Process {
    /// The process id.
    pub pid: u32,
    started: u64,
}

impl Process {
    /// Starts `command` detached, in a process group of its own so that Ctrl-C does
    /// not reach it, with its output in `log`.
    pub fn spawn(command: &mut Command, log: &Path) -> Result<Self> {
        let output = run::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start {}", command.get_program().display()))?;
        let pid = child.id();
        let Some((_, started)) = stat(pid) else {
            bail!("process {pid} ended at once; {}", run::tail(log));
        };
        Ok(Self { pid, started })
    }

    /// Whether the process still runs. One that ended and was not reaped does not.
    pub fn is_alive(&self) -> bool {
        stat(self.pid).is_some_and(|(state, started)| state != 'Z' && started == self.started)
    }

    /// Asks the process to end, insists after a while, and returns when it is gone.
    pub fn stop(&self) -> Result<()> {
        self.signal(Signal::TERM)?;
        if !wait_until(PATIENCE, || !self.is_alive()) {
            self.kill()?;
        }
        Ok(())
    }

    /// Kills the process and returns when it is gone.
    pub fn kill(&self) -> Result<()> {
        self.signal(Signal::KILL)?;
        if !wait_until(PATIENCE, || !self.is_alive()) {
            bail!("process {} does not go away, even when killed", self.pid);
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        match pid {
            Some(pid) if self.is_alive() => {
                kill_process(pid, signal).with_context(|| format!("could not signal {}", self.pid))
            }
            _ => Ok(()),
        }
    }
}

/// Looks at `condition` until it holds; false if it did not within `limit`.
pub fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(TICK);
    }
}

/// The state letter and start time of a process, from `/proc/PID/stat`.
fn stat(pid: u32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, and may hold anything.
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    let started = fields.nth(18)?.parse().ok()?;
    Some((state, started))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_stopped_and_known_to_be_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sleep");
        let process = Process::spawn(command.arg("600"), &folder.path().join("log")).unwrap();
        assert!(process.is_alive());
        let impostor = Process {
            started: process.started + 1,
            ..process.clone()
        };
        assert!(
            !impostor.is_alive(),
            "another start time is another process"
        );
        process.stop().unwrap();
        assert!(!process.is_alive());
        process.stop().unwrap();
    }
}
