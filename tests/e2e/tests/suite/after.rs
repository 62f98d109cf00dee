//! Around builds: what is sent for one, what a history of them would have run, what they leave and what may go of it.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{Build, Door, Engine, Outcome, PrivateEngine, State, Workspace, mark};
use serde_json::Value;

const MAIN: &str = "src/hello/__main__.py";

/// What the program says as JSON, in the workspace.
fn told(engine: &Engine, workspace: &Workspace, arguments: &[&str]) -> Result<Value> {
    let mut command = engine.layercake()?;
    command
        .args(arguments)
        .args(["--format", "json"])
        .current_dir(workspace.root());
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {text}");
    serde_json::from_slice(&output.stdout).with_context(|| format!("{arguments:?}"))
}

fn hello(engine: &Engine, workspace: &Workspace) -> Result<Outcome> {
    Build::new(Door::Cli, engine, workspace, &["hello"])
        .run()?
        .succeeded()
}

#[test]
fn what_is_told_to_be_sent_is_sent() -> Result<()> {
    let (engine, workspace) = (Engine::given()?, Workspace::of_example("hello")?);
    workspace.append(MAIN, &format!("# {}", mark()))?;
    workspace.write("unread.txt", &"x".repeat(1 << 20))?;
    workspace.write("ignored.txt", &"x".repeat(1 << 20))?;
    workspace.write(".dockerignore", "ignored.txt\n")?;
    let survey = told(&engine, &workspace, &["context"])?;
    ensure!(survey["ignored"][0]["bytes"] == 1 << 20, "{survey:#}");
    ensure!(survey["unread"][0]["path"] == "unread.txt", "{survey:#}");
    let mut build = engine.layercake()?;
    build
        .args(["build", "--progress", "rawjson"])
        .current_dir(workspace.root());
    let output = build.output()?;
    let progress = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{progress}");
    let transferred = transferred(&progress).context("nothing was transferred")?;
    let sent = survey["sent"]["bytes"].as_u64().context("bytes")?;
    let files = survey["sent"]["files"].as_u64().context("files")?;
    // Names, modes and the end of each file are sent too; and of what the daemon has already, only that.
    let edited = u64::try_from(workspace.read(MAIN)?.len())?;
    let most = sent + 256 * (files + 8);
    ensure!(
        (edited..most).contains(&transferred),
        "{transferred} bytes were transferred, of {sent} in {files} files"
    );
    Ok(())
}

/// The bytes of the context that a build had transferred, by BuildKit's own account.
fn transferred(progress: &str) -> Option<u64> {
    let lines = progress.lines().filter(|line| line.starts_with('{'));
    let values: Vec<Value> = lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let statuses = values
        .iter()
        .filter_map(|value| value["statuses"].as_array())
        .flatten();
    let context = statuses.filter(|status| {
        status["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("transferring context"))
    });
    context
        .filter_map(|status| status["current"].as_u64())
        .max()
}

#[test]
fn a_replay_counts_what_builds_ran() -> Result<()> {
    let (engine, workspace) = (Engine::given()?, Workspace::of_example("hello")?);
    let mark = mark();
    let edits: [&dyn Fn() -> Result<()>; 5] = [
        &|| workspace.append(MAIN, &format!("# {mark}")),
        &|| workspace.append("README.md", &mark),
        &|| workspace.append(MAIN, "# more"),
        &|| workspace.replace("layercake.yaml", "\"jinja2==3.1.6\", ", ""),
        &|| workspace.replace(MAIN, "# more\n", ""),
    ];
    hello(&engine, &workspace)?;
    let mut ran = Vec::new();
    for edit in edits {
        edit()?;
        workspace.commit()?;
        let outcome = hello(&engine, &workspace)?;
        let stages = outcome.ran().into_iter().map(str::to_owned);
        ran.push(stages.collect::<BTreeSet<_>>());
    }
    let replayed = told(&engine, &workspace, &["replay", "--limit", "6"])?;
    let commits = replayed["commits"].as_array().context("commits")?;
    ensure!(commits.len() == 6, "{replayed:#}");
    let app = || BTreeSet::from(["app".to_owned(), "app@python".to_owned()]);
    let nothing = BTreeSet::new;
    let counted = [
        app(),
        nothing(),
        app(),
        ["deps".to_owned()].into(),
        nothing(),
    ];
    for (at, (commit, ran)) in commits[1..].iter().zip(&ran).enumerate() {
        let told: BTreeSet<String> = serde_json::from_value(commit["stages"].clone())?;
        ensure!(told == counted[at], "edit {at}: counted {told:?}");
        // What nobody else can have built ran; the rest may be in the daemon's cache from another test.
        let own = told.difference(ran).all(|stage| stage == "deps");
        ensure!(
            ran.is_subset(&told) && own,
            "edit {at}: ran {ran:?}, counted {told:?}"
        );
    }
    Ok(())
}

#[test]
fn the_cache_is_told_by_stage_and_loses_what_is_cheap() -> Result<()> {
    let private = PrivateEngine::start("prune")?;
    let (engine, workspace) = (private.engine(), Workspace::of_example("hello")?);
    let last = "\"markupsafe==3.0.2\"] }";
    let expensive = "\"markupsafe==3.0.2\"], expensive: true }";
    workspace.replace("layercake.yaml", last, expensive)?;
    let first = hello(engine, &workspace)?;
    ensure!(
        first.state("deps") == Some(State::Ran),
        "an empty daemon has to run everything"
    );

    let usage = told(engine, &workspace, &["du"])?;
    let stages = usage["stages"].as_array().context("stages")?;
    ensure!(stages.len() == 3, "{usage:#}");
    for stage in stages {
        ensure!(stage["bytes"].as_u64() > Some(0), "{stage} holds nothing");
    }
    let history = told(engine, &workspace, &["history"])?;
    let build = &history["builds"][0];
    ensure!(
        build["total_steps"].as_u64() > build["cached_steps"].as_u64(),
        "{build}"
    );
    ensure!(build["attributes"]["target"] == "hello", "{build}");

    let would = told(engine, &workspace, &["prune", "--dry-run"])?;
    let after = told(engine, &workspace, &["du"])?;
    ensure!(
        after["total"] == usage["total"],
        "a dry run removed something"
    );
    let pruned = told(engine, &workspace, &["prune"])?;
    let ids = |pruned: &Value| -> Result<BTreeSet<String>> {
        let records = pruned["records"].as_array().context("records")?;
        Ok(records
            .iter()
            .map(|record| record["id"].to_string())
            .collect())
    };
    ensure!(
        ids(&would)? == ids(&pruned)?,
        "foretold {would:#}\nremoved {pruned:#}"
    );
    ensure!(!ids(&pruned)?.is_empty(), "nothing was removed");
    let again: Vec<_> = pruned["stages"].as_array().into_iter().flatten().collect();
    let again: BTreeSet<_> = again
        .iter()
        .filter_map(|lost| lost["stage"].as_str())
        .collect();

    let second = hello(engine, &workspace)?;
    ensure!(
        !second.ran().contains("deps"),
        "the expensive stage was lost"
    );
    ensure!(
        second.ran() == again,
        "ran {:?}, foretold {again:?}",
        second.ran()
    );
    ensure!(second.ran().contains("app"), "ran {:?}", second.ran());

    told(engine, &workspace, &["prune", "--keep", "nothing"])?;
    let third = hello(engine, &workspace)?;
    ensure!(
        third.ran() == first.ran(),
        "everything was to go: {:?}",
        third.ran()
    );
    Ok(())
}
