//! Locked conda environments: linked in groups, one image layer each.

use std::collections::BTreeSet;
use std::env;

use anyhow::{Context as _, Result, bail, ensure};
use layercake_tests::{
    Build, CondaLock, Container, Door, Engine, Outcome, PrivateEngine, State, Workspace, mark,
    number,
};

/// One environment linked by the lock, and the same packages installed by a micromamba.
const FILE: &str = r"bases:
  debian: debian:bookworm-slim
  micromamba: mambaorg/micromamba:1.5.8-jammy-cuda-12.5.0
stages:
  env: { conda: { spec: packages.yaml, prefix: /opt/conda } }
  installed:
    conda: { spec: packages.yaml, prefix: /opt/conda, tool: micromamba, installer: micromamba }
services:
  linked: { base: debian, stages: [env] }
  ordinary: { base: debian, stages: [installed] }
";

/// Prints what the environment's folders hold: of each file its mode, and its digest, target or record without what
/// depends on the cache it was linked from; for each package one line, as BuildKit clips long output. Files that Python
/// itself compiles are no one's.
const LIST: &str = r#"
import collections, hashlib, json, os
root = "/opt/conda"
groups = collections.defaultdict(list)
for folder, folders, files in sorted(os.walk(root)):
    folders[:] = [name for name in folders if name != "__pycache__"]
    for name in sorted(files + [name for name in folders if os.path.islink(os.path.join(folder, name))]):
        path = os.path.join(folder, name)
        mode = os.lstat(path).st_mode
        if os.path.islink(path):
            content = os.readlink(path)
        else:
            content = open(path, "rb").read()
            if folder.endswith("conda-meta") and name.endswith(".json"):
                record = json.loads(content)
                for key in ["link", "extracted_package_dir", "package_tarball_full_path", "requested_spec",
                            "requested_specs", "channel"]:
                    record.pop(key, None)
                record["depends"].sort()
                record["files"].sort()
                record["paths_data"]["paths"].sort(key=lambda entry: entry["_path"])
                content = json.dumps(record, sort_keys=True)
                content = content.encode()
            content = hashlib.sha256(content).hexdigest()
        name = os.path.relpath(path, root)
        groups["/".join(name.split("/")[:4])].append((oct(mode), name, content))
for name, files in sorted(groups.items()):
    print(name, len(files), hashlib.sha256(repr(files).encode()).hexdigest())
"#;

/// Imports something of every package that pip knows, which is every one but Python.
const IMPORT: &str = r"
import importlib, importlib.metadata as metadata
packages = {}
for module, names in metadata.packages_distributions().items():
    for name in names:
        packages.setdefault(name, []).append(module)
good = 0
for name, modules in packages.items():
    problems = []
    for module in modules:
        try:
            importlib.import_module(module)
            good += 1
            break
        except Exception as error:
            problems.append(repr(error))
    else:
        print(name, problems)
print(good)
";

fn workspace() -> Result<(Engine, CondaLock, Workspace)> {
    let engine = Engine::given()?;
    let lock = CondaLock::of_channel(&engine)?;
    let workspace = Workspace::of_example("hello")?;
    workspace.write(
        "layercake.yaml",
        &format!(
            "# syntax=docker.io/layercake/frontend:0.1\nproject: {}\n{FILE}",
            mark()
        ),
    )?;
    lock.write(&workspace, "env")?;
    Ok((engine, lock, workspace))
}

/// Where this test's images are, and no other's.
fn repository(workspace: &Workspace, service: &str) -> Result<String> {
    let file = workspace.read("layercake.yaml")?;
    let project = file.lines().find_map(|line| line.strip_prefix("project: "));
    Ok(format!("{}/{service}", project.context("no project")?))
}

fn build(door: Door, engine: &Engine, workspace: &Workspace, service: &str) -> Result<Outcome> {
    let name = format!(
        "{}/{}:test",
        engine.registry()?,
        repository(workspace, service)?
    );
    let flags = [
        "--output".to_owned(),
        format!("type=image,name={name},push=true"),
    ];
    let build = Build::new(door, engine, workspace, &[service]).flags(&flags);
    build.run()?.succeeded()
}

/// What a Python of the image prints.
fn python(engine: &Engine, workspace: &Workspace, service: &str, script: &str) -> Result<String> {
    let container = Container::of(engine, &repository(workspace, service)?, "test")?;
    container.run(&["/opt/conda/bin/python".into(), "-c".into(), script.into()])
}

/// The groups that ran.
fn linked(outcome: &Outcome) -> BTreeSet<&str> {
    let ran = outcome.ran().into_iter();
    ran.filter(|stage| stage.starts_with("env/")).collect()
}

#[test]
fn a_linked_environment_is_what_an_ordinary_installation_is() -> Result<()> {
    let (engine, mut lock, workspace) = workspace()?;
    lock.ask_for_all();
    lock.write(&workspace, "env")?;
    build(Door::Cli, &engine, &workspace, "linked")?;
    build(Door::Cli, &engine, &workspace, "ordinary")?;
    let imported = python(&engine, &workspace, "linked", IMPORT)?;
    let packages = lock.names().filter(|name| *name != "python").count();
    ensure!(
        imported.trim() == packages.to_string(),
        "of {packages} packages: {imported}"
    );
    let list = |service| python(&engine, &workspace, service, LIST);
    let (linked, ordinary) = (list("linked")?, list("ordinary")?);
    ensure!(linked.lines().count() > 200, "few files:\n{linked}");
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (linked, ordinary) = (lines(&linked), lines(&ordinary));
    let differ: Vec<_> = linked.symmetric_difference(&ordinary).take(20).collect();
    ensure!(differ.is_empty(), "these differ, among others: {differ:#?}");
    Ok(())
}

#[test]
fn another_version_of_one_package_links_one_group() -> Result<()> {
    let (engine, mut lock, workspace) = workspace()?;
    for door in Door::ALL {
        build(door, &engine, &workspace, "linked")?;
        let unchanged = build(door, &engine, &workspace, "linked")?;
        ensure!(linked(&unchanged).is_empty(), "{:?}", unchanged.ran());
    }
    // What was built with this version once is known to the daemon: the other one is no change then.
    let version = lock.swap("idna")?;
    lock.edit(
        "idna",
        "constrains",
        [format!("unseen {}", mark())].as_slice(),
    )?;
    lock.write(&workspace, "env")?;
    let outcome = build(Door::Cli, &engine, &workspace, "linked")?;
    let ran = linked(&outcome);
    ensure!(ran.len() == 1, "linked again: {ran:?}");
    let group = ran.first().copied().unwrap_or_default().to_owned();
    let now = python(
        &engine,
        &workspace,
        "linked",
        "import idna; print(idna.__version__)",
    )?;
    ensure!(now.trim() != version, "still {version}");
    // The other door has the same steps.
    let outcome = build(Door::Buildx, &engine, &workspace, "linked")?;
    ensure!(linked(&outcome).is_empty(), "{:?}", outcome.ran());
    ensure!(outcome.state(&group) == Some(State::Cached), "{group}");
    lock.remove("idna");
    lock.write(&workspace, "env")?;
    let outcome = build(Door::Cli, &engine, &workspace, "linked")?;
    ensure!(linked(&outcome).len() <= 1, "{:?}", outcome.ran());
    Ok(())
}

#[test]
fn a_package_that_cannot_be_had_is_named() -> Result<()> {
    let (engine, good, workspace) = workspace()?;
    // Each door names the package and these causes.
    let fails = |url: Option<String>, causes: &[&str]| -> Result<()> {
        let mut lock = good.clone();
        lock.edit("tenacity", "sha256", format!("{:064x}", number()))?;
        if let Some(url) = url {
            lock.edit("tenacity", "url", url)?;
        }
        lock.write(&workspace, "env")?;
        for door in Door::ALL {
            let build = Build::new(door, &engine, &workspace, &["linked"]).for_people();
            let outcome = build.run()?;
            ensure!(!outcome.ok, "{door:?} did not fail:\n{}", outcome.text);
            for text in [&["tenacity"][..], causes].concat() {
                let shown = outcome.text.contains(text);
                ensure!(shown, "{door:?} does not say `{text}`:\n{}", outcome.text);
            }
        }
        Ok(())
    };
    let mismatch = "digest mismatch";
    fails(
        None,
        &[mismatch, "the file on the server is another one by now"],
    )?;
    let of = |channel: &str| Some(format!("{channel}/noarch/tenacity-0-0.conda"));
    fails(of("http://127.0.0.1:1/nowhere"), &["connection refused"])?;
    let channel = env::var("LAYERCAKE_CHANNEL").context("LAYERCAKE_CHANNEL is not set")?;
    // BuildKit takes the page of the error for the file.
    fails(
        of(&channel),
        &[mismatch, "the server answers `404 Not Found`"],
    )?;
    good.write(&workspace, "env")?;
    build(Door::Cli, &engine, &workspace, "linked").context("after failures")?;
    Ok(())
}

/// Builds by buildx on a daemon that may have lost snapshots, and does what is told of each.
fn build_as_told(engine: &Engine, workspace: &Workspace) -> Result<()> {
    const LOST: usize = 5; // More than a build has in its hands at once.
    for _ in 0..LOST {
        let build = Build::new(Door::Buildx, engine, workspace, &["linked"]).for_people();
        let outcome = build.run()?;
        if outcome.ok {
            return Ok(());
        }
        let told = outcome.text.split_once("`docker buildx prune ");
        let told = told.and_then(|(_, rest)| rest.split_once('`'));
        let (arguments, _) = told.with_context(|| outcome.text.clone())?;
        let mut prune = engine.buildx();
        prune.args(["prune", "--force"]).args(arguments.split(' '));
        let output = prune.output()?;
        ensure!(output.status.success(), "{arguments}: {output:?}");
    }
    bail!("what is told puts nothing right")
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing_behind() -> Result<()> {
    let (_, mut lock, workspace) = workspace()?;
    lock.retain(&["python", "numpy", "scipy", "pip"]);
    lock.write(&workspace, "env")?;
    for door in Door::ALL {
        let mut small = PrivateEngine::start_on("full", Some("260M"))?;
        let full = Build::new(door, small.engine(), &workspace, &["linked"]).for_people();
        let outcome = full.run()?;
        let told = outcome.text.contains("no space left on device")
            || outcome.text.contains("No space left on device");
        ensure!(!outcome.ok && told, "{door:?}:\n{}", outcome.text);
        small.up_with(Some("4G"))?;
        match door {
            Door::Cli => build(door, small.engine(), &workspace, "linked").map(drop)?,
            Door::Buildx => build_as_told(small.engine(), &workspace)?,
        }
        let script = "import numpy, scipy.linalg; print(numpy.ones(3).sum())";
        let shown = python(small.engine(), &workspace, "linked", script)?;
        ensure!(shown.trim() == "3.0", "{shown}");
    }
    Ok(())
}

#[test]
fn a_killed_daemon_and_two_builds_at_once_leave_a_whole_environment() -> Result<()> {
    let (engine, mut lock, workspace) = workspace()?;
    // What is linked by itself there is compared with what grew by changes here.
    let version = lock.swap("idna")?;
    lock.write(&workspace, "env")?;
    build(Door::Cli, &engine, &workspace, "linked")?;
    lock.swap("idna")?;
    lock.write(&workspace, "env")?;
    build(Door::Cli, &engine, &workspace, "linked")?;
    let grown = python(&engine, &workspace, "linked", LIST)?;

    let mut other = PrivateEngine::start("link")?;
    let mut dying = Build::new(Door::Cli, other.engine(), &workspace, &["linked"]).start()?;
    dying.wait_for(|line| line.contains("\"name\":\"[env/") && line.contains("\"started\""))?;
    other.kill()?;
    ensure!(!dying.finish()?.ok, "a killed daemon is no success");
    other.up()?;
    // The first build after a kill may meet what it left behind, and only `layercake build` goes on then.
    let hello = Workspace::of_example("hello")?;
    let first = Build::new(Door::Cli, other.engine(), &hello, &["hello"]);
    first.run()?.succeeded()?;
    let start = |door| Build::new(door, other.engine(), &workspace, &["linked"]).start();
    let (mut first, mut second) = (start(Door::Cli)?, start(Door::Buildx)?);
    first.finish()?.succeeded()?;
    second.finish()?.succeeded()?;

    let cache = format!("type=registry,ref={}/{}", engine.registry()?, mark());
    let outcome = build(Door::Cli, other.engine(), &workspace, "linked")?;
    ensure!(linked(&outcome).is_empty(), "{:?}", outcome.ran());
    let clean = python(other.engine(), &workspace, "linked", LIST)?;
    ensure!(clean == grown, "{version}: what grew by changes is another");
    Build::new(Door::Cli, other.engine(), &workspace, &["linked"])
        .flags(&["--cache-to", &format!("{cache},mode=max")])
        .run()?
        .succeeded()?;

    let third = PrivateEngine::start("linked")?;
    let outcome = Build::new(Door::Buildx, third.engine(), &workspace, &["linked"])
        .flags(&["--cache-from", &cache])
        .run()?
        .succeeded()?;
    ensure!(linked(&outcome).is_empty(), "{:?}", outcome.ran());
    Ok(())
}
