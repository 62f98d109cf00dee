//! The pages of a report and of a replay, as a browser shows them, as the keyboard meets them, and in print. But for
//! the last test, none needs a daemon.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use layercake_tests::{Browser, Engine, Theme, Workspace, mark};
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

/// The keyboard reaches everything that there is to reach, in the document's order, and it can be seen where it is.
fn check_keyboard(browser: &mut Browser) -> Result<()> {
    let stops = browser.tab_through()?;
    ensure!(!stops.is_empty(), "nothing can be reached");
    for (at, stop) in (0..).zip(&stops) {
        ensure!(
            stop.place == Some(at),
            "stop {at} of the tab key is {stop:?}"
        );
        ensure!(stop.visible, "{stop:?} looks the same with the focus");
    }
    Ok(())
}

/// On paper there are these names, in dark letters on white, whatever is preferred on the screen.
fn check_print(page: &Path, name: &str, names: &[&str]) -> Result<()> {
    for theme in [Theme::Light, Theme::Dark] {
        let print = Browser::open(page, theme)?.print(&format!("{name}-{theme:?}"))?;
        for name in names {
            let name: String = name.split_whitespace().collect();
            ensure!(print.text.contains(&name), "no `{name}` in {}", print.text);
        }
        let white = print.points.iter().filter(|point| **point > 250).count();
        ensure!(
            white * 10 > print.points.len() * 7,
            "{} has a background",
            print.path.display()
        );
        let ink = print.points.iter().filter(|point| **point < 90).count();
        ensure!(ink > 100, "{} has pale letters", print.path.display());
    }
    Ok(())
}

/// Nothing is said on the console in either theme, and the themes differ.
fn check_themes(page: &Path, name: &str) -> Result<()> {
    let picture = |theme: Theme| -> Result<Vec<u8>> {
        let mut browser = Browser::open(page, theme)?;
        let said = browser.console()?;
        ensure!(said.is_empty(), "{said:#?}");
        browser.screenshot(&format!("{name}-{theme:?}"))
    };
    ensure!(
        picture(Theme::Light)? != picture(Theme::Dark)?,
        "the page does not follow what the viewer prefers"
    );
    Ok(())
}

#[test]
fn the_browser_shows_every_stage_its_state_and_its_causes() -> Result<()> {
    let (engine, workspace) = (Engine::none(), Workspace::of_example("hello")?);
    let page = page(&engine, &workspace, REPORT)?;
    let report: Value = serde_json::from_str(REPORT)?;
    let mut browser = Browser::open(&page, Theme::Light)?;
    let document = browser.document()?;
    check(&report, &document)?;
    for text in [
        "1 did not",
        "cached, wrongly",
        "exit code: 1",
        "make settings &lt;strict&gt;",
    ] {
        ensure!(document.contains(text), "no `{text}` in {document}");
    }
    check_themes(&page, "report")?;
    check_keyboard(&mut browser)?;
    let row = browser.follow("settings, run, ran, 12.7 s")?;
    ensure!(row.contains("command changed"), "{row}");
    let stages = report["stages"].as_array().into_iter().flatten();
    let names: Vec<_> = stages.filter_map(|stage| stage["id"].as_str()).collect();
    check_print(&page, "report", &names)
}

#[test]
fn the_browser_shows_what_history_would_have_run() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    let dockerfile =
        "FROM python:3.11-slim\nRUN pip install jinja2\nCOPY src /src\nRUN pip install /src\n";
    let commit = |path: &str, text: &str, subject: &str| -> Result<()> {
        workspace.write(path, text)?;
        workspace.git(&["add", "--all"])?;
        workspace.git(&["commit", "-q", "-m", subject])
    };
    let file = workspace.read("layercake.yaml")?;
    fs::create_dir(workspace.root().join("hello"))?;
    commit("hello/Dockerfile", dockerfile, "Dockerfile")?;
    commit("src/hello/__init__.py", "one = 1\n", "Edit & more")?;
    commit(
        "layercake.yaml",
        &file.replace("[deps, app]", "[dep, app]"),
        "Wrong <name>",
    )?;
    commit(
        "layercake.yaml",
        &file.replace("3.1.6", "3.1.5"),
        "Older jinja",
    )?;
    commit("src/hello/__init__.py", "two = 2\n", "Edit again")?;
    let page = workspace.beside("replay.html");
    let mut replay = Engine::none().layercake()?;
    replay
        .args(["replay", "--step-cost", "pip install=30", "--html"])
        .arg(&page);
    let output = replay.current_dir(workspace.root()).output()?;
    let told = String::from_utf8(output.stdout)?;
    ensure!(
        output.status.success() && told.contains("of 6 counted"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut browser = Browser::open(&page, Theme::Light)?;
    let document = browser.document()?;
    for text in [
        "5 commits of 6 counted",
        "<td>Edit &amp; more</td><td class=\"why\">app, app@python</td>",
        "<td>Older jinja</td><td class=\"why\">deps</td>",
        "no stage is named `dep`",
    ] {
        ensure!(document.contains(text), "no `{text}` in {document}");
    }
    check_themes(&page, "replay")?;
    check_keyboard(&mut browser)?;
    let names = [
        "deps",
        "app",
        "app@python",
        "RUN pip install /src",
        "Wrong <name>",
    ];
    check_print(&page, "replay", &names)
}

#[test]
fn a_page_on_stdout_is_alone_there() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    let mut replay = Engine::none().layercake()?;
    replay.args(["replay", "--html", "-"]);
    let output = replay.current_dir(workspace.root()).output()?;
    let told = String::from_utf8(output.stdout)?;
    ensure!(
        told.starts_with("<!DOCTYPE html>") && told.ends_with("</html>"),
        "{told}"
    );
    let mut replay = Engine::none().layercake()?;
    replay.args(["replay", "--html", "-", "--open"]);
    let output = replay.current_dir(workspace.root()).output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(
        output.status.code() == Some(2) && said.contains("name a file by --html"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_page_that_is_kept_nowhere_is_opened_from_temporary_files() -> Result<()> {
    let (engine, workspace) = (Engine::none(), Workspace::of_example("hello")?);
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
    let said = Browser::open(&page, Theme::Light)?.console()?;
    ensure!(
        said.len() == 1 && said[0].contains("nothing is not defined"),
        "{said:?}"
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
    let first = page(&engine, &workspace, &build()?)?;
    let first = Browser::open(&first, Theme::Light)?.document()?;
    ensure!(first.contains("nothing was foretold"), "{first}");
    let report = build()?;
    let page = page(&engine, &workspace, &report)?;
    let mut browser = Browser::open(&page, Theme::Light)?;
    let said = browser.console()?;
    ensure!(said.is_empty(), "{said:#?}");
    let document = browser.document()?;
    check(&serde_json::from_str(&report)?, &document)?;
    let app = row(&document, "app").unwrap_or_default();
    ensure!(app.contains(&format!("<li>{main}: content ")), "{app}");
    ensure!(document.contains("all did"), "{document}");
    browser.screenshot("build")?;
    Ok(())
}
