//! Chromium, to see pages as people do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// The width and height of screenshots, in pixels.
const WINDOW: &str = "--window-size=1280,2000";

/// What the viewer prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// A page, as the browser has it after it was loaded.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The document, as the browser understood it.
    pub document: String,
    /// What the page had the browser say on the console: errors, warnings.
    pub console: Vec<String>,
}

/// Loads a page from a file.
pub fn look(page: &Path) -> Result<Seen> {
    let (document, said) = chromium(page, &["--dump-dom".to_owned()])?;
    let console = said.lines().filter(|line| line.contains(":CONSOLE"));
    Ok(Seen {
        document,
        console: console.map(str::to_owned).collect(),
    })
}

/// Keeps a picture of a page under `target/pages`, and returns where.
pub fn screenshot(page: &Path, theme: Theme, name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pages");
    fs::create_dir_all(&folder)?;
    let picture = fs::canonicalize(folder)?.join(name).with_extension("png");
    let _ = fs::remove_file(&picture);
    let scheme = match theme {
        Theme::Dark => 0,
        Theme::Light => 1,
    };
    let flags = [
        format!("--screenshot={}", picture.display()),
        format!("--blink-settings=preferredColorScheme={scheme}"),
        "--hide-scrollbars".to_owned(),
        WINDOW.to_owned(),
    ];
    chromium(page, &flags)?;
    ensure!(
        picture.is_file(),
        "no picture was made of {}",
        page.display()
    );
    Ok(picture)
}

/// Runs the browser with a profile of its own; returns its stdout and stderr.
fn chromium(page: &Path, flags: &[String]) -> Result<(String, String)> {
    let profile = tempfile::tempdir()?;
    let mut command = Command::new("chromium");
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .args([
            "--no-first-run",
            "--disable-background-networking",
            "--enable-logging=stderr",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(flags)
        .arg(format!("file://{}", fs::canonicalize(page)?.display()));
    let output = command.stdin(Stdio::null()).output();
    let output = output.context("no chromium could be started; `cargo xtask test` installs it")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        output.status.success(),
        "chromium failed ({}):\n{said}",
        output.status
    );
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), said))
}
