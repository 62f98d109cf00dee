//! Images as they are pushed: their tags, their configuration, and that they run.

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{CLX, Clx, Container, Door, Expectations, Registry, mark};
use serde_json::Value;

/// The names that the file gives to each image.
const NAMES: [(&str, &str); 4] = [
    ("", "0.2.2"),
    ("", "latest"),
    ("clx-", "0.2.2"),
    ("clx-", "latest"),
];

#[test]
fn images_have_all_their_tags_and_run() -> Result<()> {
    let clx = Clx::warm()?;
    let (cli, buildx) = (mark(), mark());
    push_by_cli(&clx, &cli)?;
    push_by_buildx(&clx, &buildx)?;
    let expectations = Expectations::read(&clx.workspace.root())?;
    for service in CLX {
        one_digest(&clx, &cli, service)?;
        one_digest(&clx, &buildx, service)?;
        let container = Container::of(&clx.engine, &format!("{cli}/{service}"), "latest")?;
        let other = Container::of(&clx.engine, &format!("{buildx}/{service}"), "latest")?;
        ensure!(
            essence(&container.config) == essence(&other.config),
            "{service} differs between the doors"
        );
        for check in &expectations.services[service].checks {
            let stdout = container.run(&check.command)?;
            ensure!(
                stdout.contains(&check.stdout),
                "{service} {:?} wrote:\n{stdout}",
                check.command
            );
        }
    }
    Ok(())
}

#[test]
fn images_bear_what_the_file_says_and_what_their_base_said() -> Result<()> {
    let clx = Clx::warm()?;
    let folder = mark();
    push_by_cli(&clx, &folder)?;
    let container = Container::of(
        &clx.engine,
        &format!("{folder}/notebook-processor"),
        "0.2.2",
    )?;
    let config = &container.config["config"];
    ensure!(
        config["User"] == "root" && config["WorkingDir"] == "/app",
        "{config}"
    );
    ensure!(config["ExposedPorts"]["8888/tcp"].is_object(), "{config}");
    ensure!(
        config["Cmd"] == serde_json::json!(["python", "-m", "nb.notebook_server"]),
        "{config}"
    );
    ensure!(
        config["Entrypoint"] == serde_json::json!(["/usr/local/bin/_entrypoint.sh"]),
        "{config}"
    );
    ensure!(
        config["Labels"]["org.opencontainers.image.version"] == "0.2.2",
        "{config}"
    );
    let env = config["Env"].as_array().context("an environment")?;
    let has = |wanted: &str| {
        env.iter().any(|variable| {
            variable
                .as_str()
                .is_some_and(|text| text.starts_with(wanted))
        })
    };
    ensure!(
        has("MAMBA_ROOT_PREFIX=/opt/conda") && has("PYTHONPATH=/app") && has("PATH="),
        "{env:?}"
    );
    Ok(())
}

/// Pushes by the tags of the file, moved into a folder of the engine's registry.
fn push_by_cli(clx: &Clx, folder: &str) -> Result<()> {
    let registry = clx.engine.registry()?;
    let tags: Vec<_> = NAMES
        .iter()
        .map(|(prefix, _)| format!("\"{registry}/{folder}/{prefix}{{service}}:"))
        .collect();
    let tags = format!(
        "tags: [{}{{version}}\", {}latest\", {}{{version}}\", {}latest\"]\n",
        tags[0], tags[1], tags[2], tags[3]
    );
    let text = clx.workspace.read("layercake.yaml")?;
    let line = text
        .lines()
        .find(|line| line.starts_with("tags: "))
        .context("the file has tags")?;
    clx.workspace
        .replace("layercake.yaml", &format!("{line}\n"), &tags)?;
    clx.build(Door::Cli)
        .flags(&["--push"])
        .run()?
        .succeeded()?
        .expect_ran([])?;
    clx.workspace.reset()
}

/// Pushes by tags on the command line.
fn push_by_buildx(clx: &Clx, folder: &str) -> Result<()> {
    let registry = clx.engine.registry()?;
    let mut flags = vec!["--push".to_owned()];
    for (prefix, tag) in NAMES {
        flags.extend([
            "--tag".to_owned(),
            format!("{registry}/{folder}/{prefix}{{service}}:{tag}"),
        ]);
    }
    clx.build(Door::Buildx)
        .flags(&flags)
        .run()?
        .succeeded()?
        .expect_ran([])
}

fn one_digest(clx: &Clx, folder: &str, service: &str) -> Result<()> {
    let registry = Registry::of(&clx.engine)?;
    let digest =
        |(prefix, tag): &(&str, &str)| registry.digest(&format!("{folder}/{prefix}{service}"), tag);
    let digests = NAMES.iter().map(digest).collect::<Result<Vec<_>>>()?;
    ensure!(
        digests.iter().all(|digest| *digest == digests[0]),
        "{service} has several digests: {digests:?}"
    );
    Ok(())
}

/// What decides how an image behaves: its settings and its layers. Only `layercake build` knows the bytes of files and
/// labels its images with the records of their stages.
fn essence(config: &Value) -> (Value, &Value) {
    let mut settings = config["config"].clone();
    if let Some(labels) = settings["Labels"].as_object_mut() {
        labels.remove("dev.layercake.records");
    }
    (settings, &config["rootfs"])
}
