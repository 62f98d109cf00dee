//! How long a program takes, and how much memory it takes at most.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// How often the memory is looked at. The kernel keeps the highest value, so only what is taken in the very last
/// moment is missed.
const TICK: Duration = Duration::from_millis(1);

/// What a run took.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Wall-clock time.
    pub seconds: f64,
    /// The most memory that was resident, in bytes.
    pub memory: u64,
}

/// Runs the command, whose output is dropped.
pub fn measure(command: &mut Command) -> Result<Usage> {
    let command = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("could not start {command:?}"))?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        memory = memory.max(peak(&fs::read_to_string(&status).unwrap_or_default()));
        thread::sleep(TICK);
    };
    ensure!(ended.success(), "{command:?} failed ({ended})");
    Ok(Usage {
        seconds: start.elapsed().as_secs_f64(),
        memory,
    })
}

/// The peak in `/proc/PID/status`, in bytes. A program that has just ended has none.
fn peak(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes =
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read() {
        assert_eq!(
            peak("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"),
            2 << 20
        );
        assert_eq!(peak("Name:\tx\nState:\tZ (zombie)\n"), 0);
    }

    #[test]
    fn failures_are_errors() {
        assert!(measure(&mut Command::new("false")).is_err());
        assert!(measure(&mut Command::new("true")).is_ok());
    }
}
