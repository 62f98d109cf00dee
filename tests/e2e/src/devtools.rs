//! Chromium by its DevTools pipe: commands go in, answers and events come out, each a line of JSON that ends in a zero.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The browser reads commands from 3 and answers on 4; nothing that hangs may hang the tests.
const START: [&str; 4] = [
    "120",
    "sh",
    "-c",
    "exec chromium \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1",
];

/// A browser with one tab.
#[derive(Debug)]
pub struct DevTools {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last: u64,
    session: Option<String>,
    events: Vec<Value>,
    _profile: TempDir,
}

impl DevTools {
    /// Starts a browser with a profile of its own, and opens an empty tab.
    pub fn start() -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let mut command = Command::new("timeout");
        command
            .args(START)
            .args([
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--hide-scrollbars",
                "--disable-background-networking",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().context("could not start timeout")?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("the browser has no output")?;
        let mut browser = Self {
            child,
            input,
            output: BufReader::new(output),
            last: 0,
            session: None,
            events: Vec::new(),
            _profile: profile,
        };
        let tab = browser.call("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": tab["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach)?;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        Ok(browser)
    }

    /// Has the browser do something, and returns what comes of it.
    pub fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.last += 1;
        let mut command = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let input = self.input.as_mut().context("the browser was closed")?;
        let sent = write!(input, "{command}\0").and_then(|()| input.flush());
        sent.context("no chromium could be started; `cargo xtask test` installs it")?;
        loop {
            let message = self.read()?;
            if message["id"] != json!(self.last) {
                self.events.push(message);
            } else if let Some(error) = message.get("error") {
                bail!("{method} failed: {error}");
            } else {
                return Ok(message["result"].clone());
            }
        }
    }

    /// Waits until an event of this name comes.
    pub fn wait_for(&mut self, method: &str) -> Result<()> {
        while !self.events.iter().any(|event| event["method"] == method) {
            let message = self.read()?;
            self.events.push(message);
        }
        Ok(())
    }

    /// What came so far that nobody asked for.
    pub fn events(&self) -> &[Value] {
        &self.events
    }

    fn read(&mut self) -> Result<Value> {
        let mut message = Vec::new();
        self.output.read_until(0, &mut message)?;
        if message.pop() != Some(0) {
            bail!(
                "chromium is not there or went away; `cargo xtask test` installs it: {:?}",
                self.child.try_wait()
            );
        }
        Ok(serde_json::from_slice(&message)?)
    }
}

impl Drop for DevTools {
    fn drop(&mut self) {
        // A browser that nobody can talk to any more ends.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
