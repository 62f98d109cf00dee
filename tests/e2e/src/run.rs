//! Programs under way, whose lines can be waited for.

use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::{Outcome, process, report};

/// How long a build may take. Nothing here takes that long; without an end, a build that hangs would hang the tests.
const LIMIT: Duration = Duration::from_mins(15);

/// Programs that do one build together.
#[derive(Debug)]
pub struct Running {
    programs: Vec<Program>,
}

#[derive(Debug)]
struct Program {
    shown: String,
    child: Child,
    incoming: Receiver<String>,
    lines: Vec<String>,
    report: Option<PathBuf>,
}

impl Running {
    /// Starts the programs, each with the report that it is going to write.
    pub fn start(commands: Vec<(Command, Option<PathBuf>)>) -> Result<Self> {
        let programs = commands
            .into_iter()
            .map(|(command, report)| Program::start(command, report));
        Ok(Self {
            programs: programs.collect::<Result<_>>()?,
        })
    }

    /// Waits until a line is printed that fits.
    pub fn wait_for(&mut self, fits: impl Fn(&str) -> bool) -> Result<()> {
        let end = Instant::now() + LIMIT;
        for program in &mut self.programs {
            while let Some(line) = program.next(end)? {
                if fits(&line) {
                    return Ok(());
                }
            }
        }
        bail!(
            "the build ended without the line that was waited for:\n{}",
            self.finish()?.text
        )
    }

    /// Waits until all programs have ended.
    pub fn finish(&mut self) -> Result<Outcome> {
        let end = Instant::now() + LIMIT;
        let mut outcomes = self.programs.iter_mut().map(|program| program.finish(end));
        let first = outcomes
            .next()
            .context("a build is at least one program")??;
        outcomes.try_fold(first, |sum, outcome| Ok(sum.with(outcome?)))
    }
}

impl Program {
    fn start(mut command: Command, report: Option<PathBuf>) -> Result<Self> {
        let shown = process::shown(&command);
        let piped = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = piped
            .spawn()
            .with_context(|| format!("could not start {shown}"))?;
        let (sender, incoming) = channel();
        send_lines(child.stdout.take(), sender.clone());
        send_lines(child.stderr.take(), sender);
        Ok(Self {
            shown,
            child,
            incoming,
            lines: Vec::new(),
            report,
        })
    }

    /// The next line; none at the end of the output.
    fn next(&mut self, end: Instant) -> Result<Option<String>> {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
        match self
            .incoming
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            Ok(line) => {
                self.lines.push(line.clone());
                Ok(Some(line))
            }
            Err(Disconnected) => Ok(None),
            Err(Timeout) => {
                self.child.kill()?;
                bail!(
                    "{} did not end within {LIMIT:?}:\n{}",
                    self.shown,
                    self.lines.join("\n")
                )
            }
        }
    }

    fn finish(&mut self, end: Instant) -> Result<Outcome> {
        while self.next(end)?.is_some() {}
        let outcome = Outcome::of(&self.lines, self.child.wait()?.code())?;
        match &self.report {
            Some(path) if outcome.ok => report::check(path, outcome),
            _ => Ok(outcome),
        }
    }
}

fn send_lines(pipe: Option<impl Read + Send + 'static>, sender: Sender<String>) {
    let Some(pipe) = pipe else { return };
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            // Nobody listens any more once the test has failed.
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
}
