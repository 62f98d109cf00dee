//! The page of a report, as a browser shows it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};
use layercake_tests::{Engine, Theme, Workspace, look, mark, screenshot};
use serde_json::Value;

/// A report with every state, every kind of cause, and a prediction that did not hold.
const REPORT: &str = include_str!("page.json");

/// Writes the page of a report beside the workspace.
fn page(engine: &Engine, workspace: &Workspace, report: &str) -> Result<PathBuf> {
    let (json, page) = (
        workspace.beside("report.json"),
        workspace.beside("report.html"),
    );
    fs::write(&json, report)?;
    let mut command = engine.layercake()?;
    let output = command
        .arg("report")
        .arg(&json)
        .arg("--html")
        .arg(&page)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(page)
}

/// What a document has for a stage: its row of the table.
fn row<'d>(document: &'d str, stage: &str) -> Option<&'d str> {
    let rows = document.split("<tr id=\"stage-").skip(1);
    let mut rows = rows.filter_map(|row| row.split("</tr>").next());
    rows.find(|row| row.contains(&format!("<th scope=\"row\">{stage}<")))
}

/// A text as the browser writes it into a document.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Every stage of the report has a row with its state and all its causes, and a box in the graph.
fn check(report: &Value, document: &str) -> Result<()> {
    for (index, stage) in report["stages"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
    {
        let name = stage["id"].as_str().unwrap_or_default();
        let row = row(document, &escaped(name));
        ensure!(row.is_some(), "{name} has no row in {document}");
        let row = row.unwrap_or_default();
        let state = stage["state"].as_str().unwrap_or_default();
        ensure!(
            row.contains(&format!("<td class=\"{state}\">{state}")),
            "{name}: {row}"
        );
        let foretold = &stage["foretold"];
        for cause in foretold["causes"].as_array().into_iter().flatten() {
            let text = escaped(cause["text"].as_str().unwrap_or_default());
            ensure!(
                row.contains(&format!("<li>{text}")),
                "{name}: no `{text}` in {row}"
            );
        }
        for above in foretold["because_of"].as_array().into_iter().flatten() {
            let above = escaped(above.as_str().unwrap_or_default());
            ensure!(
                row.contains(&format!(">{above}</a>")),
                "{name}: not because of {above} in {row}"
            );
        }
        let drawn = format!("<a class=\"{state}\" href=\"#stage-{index}\"");
        ensure!(document.contains(&drawn), "{name} is not drawn");
    }
    Ok(())
}

#[test]
fn the_browser_shows_every_stage_its_state_and_its_causes() -> Result<()> {
    let (engine, workspace) = (Engine::given()?, Workspace::of_example("hello")?);
    let page = page(&engine, &workspace, REPORT)?;
    let seen = look(&page)?;
    ensure!(seen.console.is_empty(), "{:#?}", seen.console);
    check(&serde_json::from_str(REPORT)?, &seen.document)?;
    for text in [
        "1 did not",
        "cached, wrongly",
        "exit code: 1",
        "make settings &lt;strict&gt;",
    ] {
        ensure!(
            seen.document.contains(text),
            "no `{text}` in {}",
            seen.document
        );
    }
    let light = fs::read(screenshot(&page, Theme::Light, "report-light")?)?;
    let dark = fs::read(screenshot(&page, Theme::Dark, "report-dark")?)?;
    ensure!(
        light != dark,
        "the page does not follow what the viewer prefers"
    );
    Ok(())
}

#[test]
fn a_page_that_is_kept_nowhere_is_opened_from_temporary_files() -> Result<()> {
    let (engine, workspace) = (Engine::given()?, Workspace::of_example("hello")?);
    let written = fs::read(page(&engine, &workspace, REPORT)?)?;
    let (programs, told) = (workspace.beside("programs"), workspace.beside("told"));
    let script = format!("#!/bin/sh\nprintf %s \"$1\" > '{}'\n", told.display());
    fs::create_dir(&programs)?;
    fs::write(programs.join("xdg-open"), script)?;
    fs::set_permissions(programs.join("xdg-open"), Permissions::from_mode(0o755))?;
    ensure!(
        Command::new("mkfifo").arg(&told).status()?.success(),
        "no pipe was made"
    );
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = engine.layercake()?;
    command
        .args(["report", "--open"])
        .arg(workspace.beside("report.json"))
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("TMPDIR", &programs);
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let opened = Command::new("timeout")
        .args(["30", "cat"])
        .arg(&told)
        .output()?;
    let opened = PathBuf::from(String::from_utf8(opened.stdout)?);
    ensure!(opened.starts_with(&programs), "opened {}", opened.display());
    ensure!(fs::read(&opened)? == written, "another page was opened");
    Ok(())
}

#[test]
fn what_a_page_says_on_the_console_is_seen() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    let page = workspace.beside("wrong.html");
    fs::write(&page, "<script>nothing()</script>")?;
    let seen = look(&page)?;
    ensure!(
        seen.console.len() == 1 && seen.console[0].contains("nothing is not defined"),
        "{seen:?}"
    );
    Ok(())
}

#[test]
fn a_build_becomes_a_page_with_the_cause_of_what_ran() -> Result<()> {
    let (engine, workspace) = (Engine::given()?, Workspace::of_example("hello")?);
    let main = "src/hello/__main__.py";
    let build = || -> Result<String> {
        workspace.append(main, &format!("# {}", mark()))?;
        let mut build = engine.layercake()?;
        build.args(["build", "--progress", "quiet", "--report", "-"]);
        build.env("XDG_STATE_HOME", workspace.beside("state"));
        let output = build.current_dir(workspace.root()).output()?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    };
    let first = look(&page(&engine, &workspace, &build()?)?)?;
    ensure!(
        first.document.contains("nothing was foretold"),
        "{}",
        first.document
    );
    let report = build()?;
    let page = page(&engine, &workspace, &report)?;
    let seen = look(&page)?;
    ensure!(seen.console.is_empty(), "{:#?}", seen.console);
    check(&serde_json::from_str(&report)?, &seen.document)?;
    let app = row(&seen.document, "app").unwrap_or_default();
    ensure!(app.contains(&format!("<li>{main}: content ")), "{app}");
    ensure!(seen.document.contains("all did"), "{}", seen.document);
    screenshot(&page, Theme::Light, "build")?;
    Ok(())
}
