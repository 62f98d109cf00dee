//! Results of expensive stages that a registry has: published once, found by their keys on any machine.

use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{
    Build, CondaLock, Container, Door, Engine, Guarded, PrivateEngine, Registry, Workspace, mark,
};

/// The exit code of a build that was not allowed to run an expensive stage.
const DENIED: i32 = 5;

/// The exit code of a command line that is wrong.
const USAGE: i32 = 2;

/// Stages of every kind of result: a tree, a difference, a tree of a file of the context, and one that stands on another.
const STAGES: &str = r#"
  tool: { run: { script: "echo MARK >/opt/tool/mark", outputs: [/opt/tool] }, expensive: true }
  sdk: { run: "echo MARK >/etc/sdk", expensive: true }
  model: { run: { script: "cp /context/pyproject.toml /opt/model/", inputs: [pyproject.toml], outputs: [/opt/model] }, expensive: true }
  kernel: { run: "cat /etc/sdk >/etc/kernel-spec", needs: [sdk] }
services:
  web: { base: debian, stages: [tool, kernel, model] }
  other: { base: debian, stages: [kernel] }
"#;

/// A site of these stages and services, of which nobody has built or published any before.
fn site(engine: &Engine, stages: &str) -> Result<Workspace> {
    site_on(&engine.registry()?, stages)
}

/// The same, with another registry.
fn site_on(registry: &str, stages: &str) -> Result<Workspace> {
    let workspace = Workspace::of_example("hello")?;
    let mark = mark();
    let stages = stages.replace("MARK", &mark);
    let file = format!(
        r#"# syntax=docker.io/layercake/frontend:0.1
project: {mark}
registry: {registry}/stages/{mark}
bases: {{ debian: "debian:bookworm-slim" }}
stages:{stages}"#
    );
    workspace.write("layercake.yaml", &file)?;
    Ok(workspace)
}

fn publish(engine: &Engine, workspace: &Workspace, stages: &[&str]) -> Result<(Output, String)> {
    let mut command: Command = engine.layercake()?;
    command
        .arg("publish")
        .args(stages)
        .current_dir(workspace.root());
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output, text))
}

fn published(engine: &Engine, workspace: &Workspace, stages: &[&str]) -> Result<String> {
    let (output, text) = publish(engine, workspace, stages)?;
    ensure!(output.status.success(), "{text}");
    Ok(text)
}

#[test]
fn what_one_daemon_published_an_empty_one_takes() -> Result<()> {
    let engine = Engine::given()?;
    let workspace = site(&engine, STAGES)?;
    published(&engine, &workspace, &[])?;
    let text = published(&engine, &workspace, &[])?;
    for stage in ["tool", "sdk", "model"] {
        let found = text.split_once(&format!("{stage} is published: "));
        let (_, rest) = found.with_context(|| text.clone())?;
        let reference = rest.lines().next().unwrap_or_default();
        let (repository, tag) = reference.rsplit_once(':').context("no tag")?;
        let (_, repository) = repository.split_once('/').context("no registry")?;
        let manifest = Registry::of(&engine)?.manifest(repository, tag)?;
        let key = manifest["annotations"]["dev.layercake.key"].as_str();
        let key = key.with_context(|| format!("no annotation: {manifest}"))?;
        ensure!(tag.ends_with(&key[..32]), "{tag} has the key {key}");
        ensure!(manifest["annotations"]["dev.layercake.records"].is_string());
    }
    let second = PrivateEngine::start("publish")?;
    let repository = mark();
    let output = format!(
        "type=image,name={}/{repository}:test,push=true",
        engine.registry()?
    );
    // The first door finds an empty cache, and runs what is not published; the other finds what that one ran.
    let build = |door| Build::new(door, second.engine(), &workspace, &["web"]);
    let cli = build(Door::Cli).flags(&["--expensive", "deny", "--output", &output]);
    cli.run()?.succeeded()?.expect_ran(["kernel"])?;
    build(Door::Buildx).run()?.succeeded()?.expect_ran([])?;
    let container = Container::of(&engine, &repository, "test")?;
    let files = [
        "/opt/tool/mark",
        "/etc/kernel-spec",
        "/opt/model/pyproject.toml",
        "/etc/sdk",
    ];
    let command: Vec<String> = ["cat"]
        .iter()
        .chain(&files)
        .map(|word| (*word).into())
        .collect();
    let shown = container.run(&command)?;
    ensure!(shown.contains("[project]"), "{shown}");

    // Through the other door first.
    let third = PrivateEngine::start("publish-buildx")?;
    let build = Build::new(Door::Buildx, third.engine(), &workspace, &["web"]);
    build.run()?.succeeded()?.expect_ran(["kernel"])
}

#[test]
fn an_expensive_stage_that_changed_is_denied_with_the_cause() -> Result<()> {
    let engine = Engine::given()?;
    let workspace = site(&engine, STAGES)?;
    let state = workspace.beside("state");
    let build = |flag: &str| -> Result<(Option<i32>, String)> {
        let mut command = engine.layercake()?;
        let command = command.args(["build", "web", "--progress", "plain", "--expensive", flag]);
        let command = command
            .env("XDG_STATE_HOME", &state)
            .current_dir(workspace.root());
        let output = command.output()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((output.status.code(), text))
    };
    ensure!(build("deny")?.0 == Some(DENIED), "it was built before");
    let (code, text) = build("allow")?;
    ensure!(code == Some(0), "{text}");
    workspace.replace("layercake.yaml", ">/opt/tool/mark", ">/opt/tool/other")?;
    for flag in ["deny", "ask"] {
        let (code, text) = build(flag)?;
        ensure!(code == Some(DENIED), "{code:?}\n{text}");
        ensure!(text.contains("the stage `tool` is expensive"), "{text}");
        ensure!(text.contains("changed: command"), "{text}");
        let begun = text.lines().any(|line| line.starts_with('#'));
        ensure!(!begun, "something ran before:\n{text}");
    }
    published(&engine, &workspace, &["tool"])?;
    let (code, text) = build("deny")?;
    ensure!(code == Some(0), "{text}");
    ensure!(
        !text.contains("note: tool (key"),
        "foretold otherwise:\n{text}"
    );
    Ok(())
}

#[test]
fn stages_that_cannot_be_published_are_told() -> Result<()> {
    let engine = Engine::given()?;
    let workspace = site(&engine, STAGES)?;
    for (stage, told) in [
        ("kernel", "`kernel` is not expensive"),
        ("tol", "did you mean `tool`?"),
    ] {
        let (output, text) = publish(&engine, &workspace, &[stage])?;
        ensure!(output.status.code() == Some(USAGE), "{text}");
        ensure!(text.contains(told), "{text}");
    }
    let file = workspace.read("layercake.yaml")?;
    let line = file.lines().find(|line| line.starts_with("registry:"));
    workspace.replace("layercake.yaml", line.context("no registry")?, "")?;
    let (output, text) = publish(&engine, &workspace, &[])?;
    ensure!(output.status.code() == Some(USAGE), "{text}");
    ensure!(text.contains("add `registry: HOST/NAME`"), "{text}");

    // A registry that does not answer keeps nobody from building.
    workspace.write(
        "layercake.yaml",
        &file.replace(&engine.registry()?, "127.0.0.1:1"),
    )?;
    for door in Door::ALL {
        let outcome = Build::new(door, &engine, &workspace, &["web"])
            .for_people()
            .run()?;
        let told = |text| outcome.text.contains(text);
        ensure!(
            outcome.ok && told("127.0.0.1:1/") && told("cannot be asked for stages"),
            "{door:?}: {}",
            outcome.text
        );
    }
    Ok(())
}

#[test]
fn an_empty_daemon_links_no_published_group() -> Result<()> {
    let engine = Engine::given()?;
    let mut lock = CondaLock::of_channel(&engine)?;
    let stages = r"
  env: { conda: { spec: packages.yaml, prefix: /opt/conda }, expensive: true }
services:
  web: { base: debian, stages: [env] }
";
    let workspace = site(&engine, stages)?;
    lock.write(&workspace, "env")?;
    published(&engine, &workspace, &[])?;
    let second = PrivateEngine::start("publish-conda")?;
    let build =
        |flags: &[&str]| Build::new(Door::Cli, second.engine(), &workspace, &["web"]).flags(flags);
    build(&["--expensive", "deny"])
        .run()?
        .succeeded()?
        .expect_ran([])?;
    // One package more: its group alone is built, published, and the others found as before.
    lock.swap("idna")?;
    lock.edit(
        "idna",
        "constrains",
        [format!("unseen {}", mark())].as_slice(),
    )?;
    lock.write(&workspace, "env")?;
    let outcome = build(&["--expensive", "deny"]).run()?;
    ensure!(outcome.codes == [Some(DENIED)], "{}", outcome.text);
    let named = outcome.text.contains("changed: layercake.lock: idna ");
    ensure!(named, "the package is not named:\n{}", outcome.text);
    let text = published(&engine, &workspace, &[])?;
    let kept = text.matches(" is published: ").count();
    ensure!(
        text.contains("1 stage in "),
        "{kept} were published already:\n{text}"
    );
    build(&["--expensive", "deny"])
        .run()?
        .succeeded()?
        .expect_ran([])
}

#[test]
fn images_that_no_commit_takes_are_removed() -> Result<()> {
    let engine = Engine::given()?;
    let workspace = site(&engine, STAGES)?;
    workspace.commit()?;
    published(&engine, &workspace, &["tool", "sdk"])?;
    workspace.replace("layercake.yaml", ">/opt/tool/mark", ">/opt/tool/other")?;
    published(&engine, &workspace, &["tool"])?;
    workspace.commit()?;
    let prune = |flags: &[&str]| -> Result<String> {
        let flags = [&["--prune"], flags].concat();
        let (output, text) = publish(&engine, &workspace, &flags)?;
        ensure!(output.status.success(), "{text}");
        Ok(text)
    };
    for (flags, told) in [
        (&[][..], "0 of 3 stage images"),
        (&["--commits", "1", "--dry-run"], "1 of 3 stage images"),
        (&["--commits", "0"], "1 of 3 stage images"),
        (&["--commits", "0"], "0 of 2 stage images"),
    ] {
        let text = prune(flags)?;
        ensure!(text.contains(told), "{flags:?}: {text}");
    }
    // What is taken is still there, and what was removed is published again.
    published(&engine, &workspace, &["tool"])?;
    workspace.replace("layercake.yaml", ">/opt/tool/other", ">/opt/tool/mark")?;
    published(&engine, &workspace, &["tool"])?;
    let text = prune(&["--dry-run", "--commits", "0"])?;
    ensure!(
        text.contains("would remove") && text.contains("1 of 3"),
        "{text}"
    );
    Ok(())
}

#[test]
fn a_registry_that_gives_tokens_is_published_to_and_pruned() -> Result<()> {
    let engine = Engine::given()?;
    let registry = Guarded::start(&engine)?;
    let workspace = site_on(&registry.address(), STAGES)?;
    let layercake = |arguments: &[&str]| -> Result<(bool, String)> {
        let mut command = engine.layercake()?;
        let output = command
            .args(arguments)
            .current_dir(workspace.root())
            .env("DOCKER_CONFIG", registry.logins())
            .output()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((output.status.success(), text))
    };
    let done = |arguments: &[&str]| -> Result<String> {
        let (ok, text) = layercake(arguments)?;
        ensure!(ok, "{arguments:?}: {text}");
        Ok(text)
    };
    let (_, refused) = publish(&engine, &workspace, &["tool"])?;
    ensure!(refused.contains("401"), "{refused}");
    workspace.commit()?;
    done(&["publish", "tool"])?;
    let again = done(&["publish", "tool"])?;
    ensure!(again.contains("is published"), "{again}");
    workspace.replace("layercake.yaml", ">/opt/tool/mark", ">/opt/tool/other")?;
    let pruned = done(&["publish", "--prune", "--commits", "0"])?;
    ensure!(pruned.contains("1 of 1 stage images"), "{pruned}");
    let pruned = done(&["publish", "--prune", "--commits", "0"])?;
    ensure!(pruned.contains("0 of 0 stage images"), "{pruned}");
    Ok(())
}
