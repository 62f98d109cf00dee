//! What a chore tells the person who waits for it. The only writer of the crate:
//! progress goes to stderr, results go to stdout.

use std::fmt::Display;
use std::io::Write as _;
use std::time::Instant;

use anyhow::Result;

/// Announces `name`, does the work, and prints how long it took.
pub fn step<T>(name: impl Display, work: impl FnOnce() -> Result<T>) -> Result<T> {
    note(&format!("==> {name}"));
    let start = Instant::now();
    let value = work()?;
    let seconds = start.elapsed().as_secs_f64();
    note(&format!("    {name}: done in {seconds:.1} s"));
    Ok(value)
}

/// Prints one line of progress on stderr. A closed stderr is no reason to fail.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Prints a result on stdout.
pub fn print(text: &str) -> Result<()> {
    Ok(write!(std::io::stdout().lock(), "{text}")?)
}
