//! What people see when something is wrong.

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{Build, Door, Engine, Workspace, mark};

const FILE: &str = "layercake.yaml";

/// The exit codes of `layercake build`.
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const REJECTED: i32 = 3;
const NO_DAEMON: i32 = 4;
const DENIED: i32 = 5;

/// A build that has to fail: what people see of it, which holds all these texts.
fn fails(
    door: Door,
    (workspace, service): (&Workspace, &str),
    flags: &[&str],
    code: i32,
    texts: &[&str],
) -> Result<()> {
    let engine = Engine::given()?;
    let build = Build::new(door, &engine, workspace, &[service])
        .flags(flags)
        .for_people();
    let outcome = build.run()?;
    let context = || {
        format!(
            "{door:?}, exit codes {:?}:\n{}",
            outcome.codes, outcome.text
        )
    };
    ensure!(!outcome.ok, "the build did not fail, {}", context());
    ensure!(
        door == Door::Buildx || outcome.codes == [Some(code)],
        "expected exit code {code}, {}",
        context()
    );
    for text in texts {
        ensure!(
            outcome.text.contains(text),
            "`{text}` is not shown, {}",
            context()
        );
    }
    Ok(())
}

#[test]
fn a_command_that_fails_shows_its_last_words_and_its_line() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    let script = format!("echo {} && echo its last words >&2 && exit 7", mark());
    workspace.replace(
        FILE,
        "\nservices:\n",
        &format!("\n  broken: {{ run: '{script}' }}\n\nservices:\n"),
    )?;
    workspace.replace(FILE, "stages: [deps, app]", "stages: [deps, app, broken]")?;
    let line = line_of(&workspace, "  broken:")?;
    for door in Door::ALL {
        fails(
            door,
            (&workspace, "hello"),
            &[],
            FAILED,
            &[
                "its last words",
                &format!("{FILE}:{line}"),
                "broken: {",
                "7",
            ],
        )?;
    }
    Ok(())
}

#[test]
fn an_expensive_stage_that_would_run_is_stopped_as_it_begins() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    let stage =
        |mark: &str| format!("  slow: {{ run: 'sleep 30 && echo {mark}', expensive: true }}");
    let first = mark();
    workspace.replace(
        FILE,
        "\nservices:\n",
        &format!("\n{}\n\nservices:\n", stage(&first)),
    )?;
    workspace.replace(FILE, "stages: [deps, app]", "stages: [deps, app, slow]")?;
    let deny = &["--expensive=deny"];
    let told = ["`slow` is expensive", "--expensive=allow"];
    fails(Door::Cli, (&workspace, "hello"), deny, DENIED, &told)?;
    // What is in the cache is no surprise, and the rest of the file may change.
    workspace.replace(FILE, "sleep 30 && ", "")?;
    let engine = Engine::given()?;
    Build::new(Door::Cli, &engine, &workspace, &["hello"])
        .run()?
        .succeeded()?;
    workspace.append("pyproject.toml", &format!("# {}", mark()))?;
    let again = Build::new(Door::Cli, &engine, &workspace, &["hello"]).flags(deny);
    again.run()?.succeeded()?;
    Ok(())
}

#[test]
fn mistakes_in_the_file_are_shown_with_their_lines() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    workspace.replace(FILE, "stages: [deps, app]", "stages: [deps, ap]")?;
    workspace.replace(FILE, "expose: [8000]", "expos: [8000]")?;
    let (first, second) = (
        line_of(&workspace, "stages: [deps, ap]")?,
        line_of(&workspace, "expos:")?,
    );
    for door in Door::ALL {
        let texts = ["stages: [deps, ap]", "expos: [8000]", "`app`", "`expose`"];
        fails(door, (&workspace, "hello"), &[], REJECTED, &texts)?;
        fails(
            door,
            (&workspace, "hello"),
            &[],
            REJECTED,
            &[&format!("{FILE}:{first}"), &format!("{FILE}:{second}")],
        )?;
    }
    Ok(())
}

#[test]
fn a_file_that_is_missing_is_named() -> Result<()> {
    let workspace = Workspace::of_example("multi-stage")?;
    workspace.git(&["rm", "-q", "render.py"])?;
    let line = line_of(&workspace, "inputs: [render.py,")?;
    for door in Door::ALL {
        let texts = ["render.py", &format!("{FILE}:{line}")];
        fails(door, (&workspace, "site"), &[], REJECTED, &texts)?;
    }
    Ok(())
}

#[test]
fn services_that_do_not_exist_are_answered_with_those_that_do() -> Result<()> {
    let (engine, workspace) = (Engine::given()?, Workspace::of_example("apt-join")?);
    for door in Door::ALL {
        let outcome = Build::new(door, &engine, &workspace, &["bot"])
            .for_people()
            .run()?;
        ensure!(
            !outcome.ok && outcome.text.contains("both"),
            "{door:?}: {}",
            outcome.text
        );
    }
    Ok(())
}

#[test]
fn what_cannot_be_done_is_refused() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    for door in Door::ALL {
        fails(
            door,
            (&workspace, "hello"),
            &["--platform", "linux/amd64,linux/arm64"],
            USAGE,
            &["platform"],
        )?;
    }
    Ok(())
}

#[test]
fn a_daemon_that_does_not_answer_is_named() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    let nowhere = format!("unix://{}", workspace.beside("nothing.sock").display());
    fails(
        Door::Cli,
        (&workspace, "hello"),
        &["--builder", &nowhere],
        NO_DAEMON,
        &["nothing.sock"],
    )
}

/// The number of the line that holds this text.
fn line_of(workspace: &Workspace, text: &str) -> Result<usize> {
    let file = workspace.read(FILE)?;
    let line = file.lines().position(|line| line.contains(text));
    Ok(line.with_context(|| format!("no line has `{text}`"))? + 1)
}
