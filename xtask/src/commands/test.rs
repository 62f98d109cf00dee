//! `cargo xtask test`: every test, from unit tests to a real BuildKit, set-up included.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::engine::up;
use crate::engine::browser;
use crate::product;
use crate::run;
use crate::step::{note, print, step};
use crate::workspace;

/// Sets up, runs all tests, and prints how many passed and failed.
pub fn run(only: &[String]) -> Result<()> {
    let engine = up()?;
    browser()?;
    product::example_assets()?;
    let binary = product::binary()?;
    product::frontend_image(&engine, &binary)?;
    let tally = step("Run the tests", || {
        let mut cargo = run::cargo();
        cargo
            .args(["test", "--workspace", "--locked", "--no-fail-fast"])
            .args(only)
            .envs(engine.env()?)
            .env("LAYERCAKE_BIN", &binary)
            .env("LAYERCAKE_XTASK", std::env::current_exe()?)
            .current_dir(workspace::root());
        counted(&mut cargo)
    })?;
    print(&format!(
        "{} passed, {} failed\n",
        tally.passed, tally.failed
    ))?;
    if tally.ok {
        Ok(())
    } else {
        bail!("tests failed; their output is above")
    }
}

/// How many tests there were.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    ok: bool,
}

/// Runs cargo, passes its output on, and adds up the lines that close each crate's tests.
fn counted(cargo: &mut Command) -> Result<Tally> {
    let mut child = cargo
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("could not start cargo")?;
    let stdout = child.stdout.take().context("cargo has no output")?;
    let mut tally = Tally::default();
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        if let Some((passed, failed)) = closing(&line) {
            tally.passed += passed;
            tally.failed += failed;
        }
        note(&line);
    }
    tally.ok = child.wait()?.success();
    Ok(tally)
}

/// The counts of a line such as `test result: ok. 3 passed; 1 failed; ...`.
fn closing(line: &str) -> Option<(u64, u64)> {
    let rest = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |name: &str| {
        let part = rest.split("; ").find(|part| part.ends_with(name))?;
        part.split(' ').next()?.parse().ok()
    };
    Some((count("passed")?, count("failed")?))
}

#[cfg(test)]
mod tests {
    use super::closing;

    #[test]
    fn closing_lines_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s";
        assert_eq!(closing(line), Some((12, 3)));
        assert_eq!(closing("test a ... ok"), None);
    }
}
