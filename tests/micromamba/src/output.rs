//! The only writer. Whoever reads may go away; that is no reason to fail.

use std::io::Write as _;

/// Prints a line on stdout.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a line on stderr.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
