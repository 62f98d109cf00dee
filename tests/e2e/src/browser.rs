//! Pages as people meet them: on the screen, by keyboard, in print.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::devtools::DevTools;
use crate::process;

/// The width and height of the window, in pixels.
const WINDOW: (u32, u32) = (1280, 2000);

/// What can be reached by the keyboard.
const STOPS: &str =
    "[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')]";

/// What the viewer prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// A page in a browser.
#[derive(Debug)]
pub struct Browser {
    tools: DevTools,
}

/// What the tab key stops at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its place among all that the keyboard should reach, if it is one of them.
    pub place: Option<u64>,
    /// What it is called.
    pub name: String,
    /// Whether it looks different while it has the focus.
    pub visible: bool,
}

/// A page on paper.
#[derive(Clone, Debug)]
pub struct Print {
    /// The PDF.
    pub path: PathBuf,
    /// The text on it, without spaces: lines break anywhere.
    pub text: String,
    /// The first sheet's points, from 0 for black to 255 for white.
    pub points: Vec<u8>,
}

impl Browser {
    /// Loads a page from a file.
    pub fn open(page: &Path, theme: Theme) -> Result<Self> {
        let mut tools = DevTools::start()?;
        for domain in ["Page", "Runtime", "Log"] {
            tools.call(&format!("{domain}.enable"), &json!({}))?;
        }
        let scheme = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let scheme = json!({ "name": "prefers-color-scheme", "value": scheme });
        tools.call(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [scheme] }),
        )?;
        tools.call(
            "Emulation.setFocusEmulationEnabled",
            &json!({ "enabled": true }),
        )?;
        let (width, height) = WINDOW;
        let window =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        tools.call("Emulation.setDeviceMetricsOverride", &window)?;
        let address = format!("file://{}", fs::canonicalize(page)?.display());
        tools.call("Page.navigate", &json!({ "url": address }))?;
        tools.wait_for("Page.loadEventFired")?;
        Ok(Self { tools })
    }

    /// The document, as the browser understood it.
    pub fn document(&mut self) -> Result<String> {
        let html = self.evaluate("document.documentElement.outerHTML")?;
        let html = html.as_str().context("a document is text")?;
        Ok(html.to_owned())
    }

    /// What the page had the browser say on the console: errors, warnings.
    pub fn console(&mut self) -> Result<Vec<String>> {
        self.evaluate("0")?; // Whatever was said before the answer has come.
        let said = self.tools.events().iter().filter(|event| {
            matches!(
                event["method"].as_str(),
                Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded")
            )
        });
        Ok(said.map(|event| event["params"].to_string()).collect())
    }

    /// Presses the tab key as often as there is something to reach, and tells where it stopped.
    pub fn tab_through(&mut self) -> Result<Vec<Stop>> {
        let all = self.evaluate(&format!("window.stops = {STOPS}; window.stops.length"))?;
        let mut stops = Vec::new();
        for _ in 0..all.as_u64().unwrap_or(0) {
            self.press("Tab", 9)?;
            let place = self.evaluate("stops.indexOf(document.activeElement)")?;
            let name = self.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent",
            )?;
            let with = self.look_at_focus()?;
            self.evaluate("window.focused = document.activeElement; focused.blur()")?;
            let without = self.look_at("focused")?;
            self.evaluate("focused.focus()")?;
            stops.push(Stop {
                place: place.as_u64(),
                name: name.as_str().unwrap_or_default().to_owned(),
                visible: with != without,
            });
        }
        Ok(stops)
    }

    /// Follows the link that is called so, by keyboard, and returns the text of what it leads to.
    pub fn follow(&mut self, name: &str) -> Result<String> {
        let name = json!(name);
        self.evaluate(&format!(
            "{STOPS}.find(stop => stop.getAttribute('aria-label') === {name}).focus()"
        ))?;
        self.press("Enter", 13)?;
        let found = self.evaluate("document.querySelector(':target').textContent")?;
        Ok(found.as_str().unwrap_or_default().to_owned())
    }

    /// Keeps a picture of the whole page under `target/pages`.
    pub fn screenshot(&mut self, name: &str) -> Result<Vec<u8>> {
        let size = &self.tools.call("Page.getLayoutMetrics", &json!({}))?["cssContentSize"];
        let whole = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"] });
        let picture = self.picture(whole)?;
        fs::write(kept(name)?.with_extension("png"), &picture)?;
        Ok(picture)
    }

    /// Prints the page without its backgrounds, as browsers do unless they are told to, and keeps the PDF under
    /// `target/pages`.
    pub fn print(&mut self, name: &str) -> Result<Print> {
        let printed = self
            .tools
            .call("Page.printToPDF", &json!({ "printBackground": false }))?;
        let path = kept(name)?.with_extension("pdf");
        fs::write(&path, decoded(&printed)?)?;
        let mut text = process::output(Command::new("pdftotext").arg(&path).arg("-"))?;
        text.retain(|letter| !letter.is_whitespace());
        let sheet = path.with_extension("");
        let mut draw = Command::new("pdftoppm");
        draw.args(["-gray", "-r", "40", "-singlefile"])
            .args([&path, &sheet]);
        process::output(&mut draw)?;
        let sheet = sheet.with_extension("pgm");
        let points = points(&fs::read(&sheet)?).context("pdftoppm drew no points")?;
        fs::remove_file(sheet)?;
        Ok(Print { path, text, points })
    }

    fn evaluate(&mut self, script: &str) -> Result<Value> {
        let script = json!({ "expression": script, "returnByValue": true });
        let mut answer = self.tools.call("Runtime.evaluate", &script)?;
        ensure!(answer.get("exceptionDetails").is_none(), "{answer}");
        Ok(answer["result"]["value"].take())
    }

    fn press(&mut self, key: &str, code: u32) -> Result<()> {
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code,
            });
            if kind == "keyDown" && key == "Enter" {
                event["text"] = json!("\r");
            }
            self.tools.call("Input.dispatchKeyEvent", &event)?;
        }
        Ok(())
    }

    fn look_at_focus(&mut self) -> Result<Vec<u8>> {
        self.look_at("document.activeElement")
    }

    /// An element with what is around it.
    fn look_at(&mut self, element: &str) -> Result<Vec<u8>> {
        let part = self.evaluate(&format!(
            "(() => {{ const box = {element}.getBoundingClientRect(); return {{ x: box.x + scrollX - 6, \
             y: box.y + scrollY - 6, width: box.width + 12, height: box.height + 12 }} }})()"
        ))?;
        self.picture(part)
    }

    fn picture(&mut self, mut part: Value) -> Result<Vec<u8>> {
        part["scale"] = json!(1);
        let wanted = json!({ "clip": part, "captureBeyondViewport": true });
        decoded(&self.tools.call("Page.captureScreenshot", &wanted)?)
    }
}

fn decoded(answer: &Value) -> Result<Vec<u8>> {
    let data = answer["data"].as_str().context("no data came")?;
    Ok(BASE64_STANDARD.decode(data)?)
}

/// Where a picture is kept for people to look at.
fn kept(name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pages");
    fs::create_dir_all(&folder)?;
    Ok(fs::canonicalize(folder)?.join(name))
}

/// The points of a binary PGM: after three numbers, a byte each.
fn points(pgm: &[u8]) -> Option<Vec<u8>> {
    let head = pgm.strip_prefix(b"P5")?;
    let mut numbers = 0;
    let end = head.iter().enumerate().skip(1).position(|(at, byte)| {
        numbers += usize::from(byte.is_ascii_whitespace() && head[at - 1].is_ascii_digit());
        numbers == 3
    })?;
    Some(head[end + 2..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::points;

    #[test]
    fn points_come_after_three_numbers() {
        assert_eq!(points(b"P5\n2 1\n255\n\x07\x20").unwrap(), [7, 32]);
        assert_eq!(points(b"P6\n2 1\n255\n\x07\x20"), None);
    }
}
