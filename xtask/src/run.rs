//! Child processes that run to their end: what they print goes to a log, and a
//! failure shows the log's last lines.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The lines of a log that an error shows.
const TAIL: usize = 25;

/// The cargo that started this program, without what it told this program of its own package: build scripts such as
/// ring's look at that, and would compile all that stands on them again.
pub fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    let told = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_CRATE_",
        "CARGO_BIN_",
    ];
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if told.iter().any(|prefix| text.starts_with(prefix)) || text == "CARGO_PRIMARY_PACKAGE" {
            cargo.env_remove(&name);
        }
    }
    cargo
}

/// Runs `command` with all its output in the file `log`.
pub fn logged(command: &mut Command, log: &Path) -> Result<()> {
    let file = create(log)?;
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("could not start {}", name(command)))?;
    if !status.success() {
        bail!("{} failed ({status}); {}", name(command), tail(log));
    }
    Ok(())
}

/// Runs `command` and returns what it printed on stdout.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("could not start {}", name(command)))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{} failed ({}): {}",
            name(command),
            output.status,
            stderr.trim()
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether `command` ends well; its output is dropped.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Finds a program on PATH or in the folders where Debian keeps daemons.
pub fn find_program(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Opens a log afresh, with the folders above it.
pub fn create(log: &Path) -> Result<File> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(log).with_context(|| format!("could not write {}", log.display()))
}

/// The log's path and last lines, as the end of an error.
pub fn tail(log: &Path) -> String {
    let mut lines = VecDeque::new();
    if let Ok(file) = File::open(log) {
        for line in BufReader::new(file).lines().map_while(Result::ok) {
            if lines.len() == TAIL {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }
    let title = format!("the end of {}:", log.display());
    lines.push_front(title);
    Vec::from(lines).join("\n  | ")
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let first = command.get_args().next().unwrap_or(OsStr::new(""));
    format!("{} {}", program.display(), first.display())
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_end_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("deep/log");
        let mut command = Command::new("sh");
        command.args(["-c", "seq 100; exit 3"]);
        let error = logged(&mut command, &log).unwrap_err().to_string();
        assert!(error.starts_with("sh -c failed"), "{error}");
        assert!(error.ends_with("  | 99\n  | 100"), "{error}");
        assert!(!error.contains("  | 75\n"), "{error}");
    }

    #[test]
    fn programs_are_found_where_debian_keeps_them() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program-anywhere").is_none());
    }
}
