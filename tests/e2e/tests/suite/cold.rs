//! Daemons that start empty: a registry as their cache, a crash, two builds at once.

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{Build, CLX, Clx, Door, PrivateEngine, State, Workspace, mark};

const NOTEBOOK: [&str; 1] = ["notebook-processor"];

/// The exit code of `layercake build` for a daemon that went away.
const NO_DAEMON: i32 = 4;

#[test]
fn an_empty_daemon_takes_the_conda_stage_from_a_registry() -> Result<()> {
    let clx = Clx::warm()?;
    for (writer, reader) in [(Door::Cli, Door::Buildx), (Door::Buildx, Door::Cli)] {
        let cache = format!(
            "type=registry,ref={}/{}/{{service}}",
            clx.engine.registry()?,
            mark()
        );
        let writing = Build::new(writer, &clx.engine, &clx.workspace, &NOTEBOOK);
        writing
            .flags(&["--cache-to", &format!("{cache},mode=max")])
            .run()?
            .succeeded()?;

        let second = PrivateEngine::start("cache")?;
        let reading = Build::new(reader, second.engine(), &clx.workspace, &NOTEBOOK);
        let outcome = reading
            .flags(&["--cache-from", &cache])
            .run()?
            .succeeded()?;
        let told = || {
            format!(
                "written by {writer:?}, read by {reader:?}: ran {:?}",
                outcome.ran()
            )
        };
        ensure!(outcome.state("conda-env") != Some(State::Ran), "{}", told());
        outcome.expect_ran([]).with_context(told)?;
    }
    Ok(())
}

#[test]
fn a_killed_daemon_is_told_and_the_next_build_finishes() -> Result<()> {
    let clx = Clx::cold()?;
    let mut crashing = PrivateEngine::start("crash")?;
    // The first build after a kill may meet what it left behind, and only `layercake build` goes on then.
    for (door, code) in [(Door::Buildx, Some(1)), (Door::Cli, Some(NO_DAEMON))] {
        let mut build = Build::new(door, crashing.engine(), &clx.workspace, &NOTEBOOK).start()?;
        build.wait_for(|line| {
            line.contains("\"name\":\"[conda-env] ") && line.contains("\"started\"")
        })?;
        crashing.kill()?;
        let outcome = build.finish()?;
        ensure!(
            outcome.codes == [code],
            "{door:?} ended with {:?}:\n{}",
            outcome.codes,
            outcome.text
        );
        ensure!(
            door == Door::Buildx || outcome.text.contains("BuildKit"),
            "{}",
            outcome.text
        );
        crashing.up()?;
    }
    let build = Build::new(Door::Cli, crashing.engine(), &clx.workspace, &NOTEBOOK);
    let outcome = build.run()?.succeeded()?;
    ensure!(
        outcome.state("conda-env") == Some(State::Ran),
        "conda did not run again"
    );
    build.run()?.succeeded()?.expect_ran([])
}

#[test]
fn a_folder_that_a_kill_left_behind_is_met_once() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    let mut killed = PrivateEngine::start("left")?;
    for door in Door::ALL {
        let hello = |door| Build::new(door, killed.engine(), &workspace, &["hello"]).for_people();
        hello(Door::Cli).run()?.succeeded()?;
        killed.kill()?;
        killed.leave_folder()?;
        killed.up()?;
        workspace.append("src/hello/__main__.py", &format!("# {}", mark()))?;
        let hello = |door| Build::new(door, killed.engine(), &workspace, &["hello"]).for_people();
        let outcome = hello(door).run()?;
        let told = match door {
            Door::Cli => "an earlier kill had left a folder",
            Door::Buildx => "file exists",
        };
        ensure!(outcome.text.contains(told), "{door:?}:\n{}", outcome.text);
        ensure!(outcome.ok == (door == Door::Cli), "{}", outcome.text);
        hello(door).run()?.succeeded()?;
    }
    Ok(())
}

#[test]
fn two_builds_at_once_share_a_cold_cache() -> Result<()> {
    let clx = Clx::cold()?;
    let cold = PrivateEngine::start("cold")?;
    let build = |door| Build::new(door, cold.engine(), &clx.workspace, &CLX);
    let (mut first, mut second) = (build(Door::Cli).start()?, build(Door::Buildx).start()?);
    let outcome = first
        .finish()?
        .succeeded()?
        .with(second.finish()?.succeeded()?);
    ensure!(
        outcome.state("conda-env") == Some(State::Ran),
        "an empty daemon has to run conda"
    );
    Door::ALL
        .into_iter()
        .try_for_each(|door| build(door).run()?.succeeded()?.expect_ran([]))
}
