//! The only writer: data to stdout, everything else to stderr.

use std::env;
use std::io::{self, Write};

use console::Term;
use layercake_planner::diagnostic::Diagnostic;
use layercake_planner::render::{Style, render};
use layercake_planner::source::Source;

use crate::settings::UsageError;

/// The width where there is no terminal.
const WIDTH: usize = 100;

/// Writes what the program has to say.
#[derive(Clone, Debug)]
pub struct Printer {
    terminal: bool,
    stdout: Style,
    stderr: Style,
}

#[expect(
    clippy::unused_self,
    reason = "only who was given the printer may write"
)]
impl Printer {
    /// As the terminals and `NO_COLOR` have it.
    pub fn new() -> Self {
        Self {
            terminal: Term::stderr().is_term(),
            stdout: style(&Term::stdout()),
            stderr: style(&Term::stderr()),
        }
    }

    /// Whether stderr is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether stderr takes colours.
    pub fn color(&self) -> bool {
        self.stderr.color
    }

    /// Writes data to stdout.
    pub fn data(&self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes.as_ref())?;
        out.flush()
    }

    /// Writes data to stdout that no terminal can show.
    pub fn binary(&self, bytes: impl AsRef<[u8]>, way: &str) -> anyhow::Result<()> {
        if Term::stdout().is_term() {
            let what = "stdout is a terminal, which shows no binary data";
            return Err(UsageError::new(format!("{what}; {way}")).into());
        }
        Ok(self.data(bytes)?)
    }

    /// Writes a value to stdout, as JSON that people can read too.
    pub fn json(&self, value: &impl serde::Serialize) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        Ok(self.data(text)?)
    }

    /// Writes diagnostics to stdout, where they are what was asked for.
    pub fn findings(&self, source: &Source, found: &[Diagnostic]) -> io::Result<()> {
        self.data(render(source, found, self.stdout))
    }

    /// Writes diagnostics to stderr.
    pub fn diagnostics(&self, source: &Source, found: &[Diagnostic]) {
        self.note(render(source, found, self.stderr).trim_end_matches('\n'));
    }

    /// Writes lines to stderr; when nobody reads them, that is no error.
    pub fn note(&self, text: &str) {
        if !text.is_empty() {
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }

    /// Asks for a yes on the terminal; where there is none, the answer is no.
    pub fn ask(&self, question: &str) -> io::Result<bool> {
        if !self.terminal {
            return Ok(false);
        }
        let mut terminal = Term::stderr();
        write!(terminal, "{question} [y/N] ")?;
        let answer = terminal.read_line()?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }

    /// Writes an error that is not about a place in a file.
    pub fn error(&self, error: &anyhow::Error) {
        let label = console::style("error")
            .red()
            .bold()
            .force_styling(self.stderr.color);
        self.note(&format!("{label}: {error:#}"));
    }
}

fn style(terminal: &Term) -> Style {
    let color = terminal.is_term() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let width = terminal
        .size_checked()
        .map_or(WIDTH, |(_, columns)| usize::from(columns));
    Style { color, width }
}
