//! Results as files: what each exporter writes can be read by others.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{Build, Door, Engine, Workspace};
use serde_json::Value;

/// A file of the project that is in the image.
const MAIN: &str = "usr/local/lib/python3.11/site-packages/hello/__main__.py";

struct Case {
    engine: Engine,
    workspace: Workspace,
    door: Door,
}

impl Case {
    fn export(&self, kind: &str) -> Result<std::path::PathBuf> {
        let path = self.workspace.beside(&format!("{kind}-{:?}", self.door));
        let output = format!("type={kind},dest={}", path.display());
        let build = Build::new(self.door, &self.engine, &self.workspace, &["hello"]);
        build
            .flags(&["--tag", "example.com/hello:1", "--output", &output])
            .run()?
            .succeeded()?;
        Ok(path)
    }
}

#[test]
fn every_exporter_writes_what_others_read() -> Result<()> {
    for door in Door::ALL {
        let case = Case {
            engine: Engine::given()?,
            workspace: Workspace::of_example("hello")?,
            door,
        };
        oci(&case.export("oci")?).with_context(|| format!("oci, {door:?}"))?;
        docker(&case.export("docker")?).with_context(|| format!("docker, {door:?}"))?;
        let tar = case.export("tar")?;
        ensure!(
            entries(&tar)?.contains(MAIN),
            "no {MAIN} in the tar, {door:?}"
        );
        let local = fs::read_to_string(case.export("local")?.join(MAIN))?;
        ensure!(
            local == case.workspace.read("src/hello/__main__.py")?,
            "another {MAIN}, {door:?}"
        );
    }
    Ok(())
}

/// An OCI layout: its index leads to a manifest, and that to a configuration and layers that are there.
fn oci(archive: &Path) -> Result<()> {
    let layout = json(archive, "oci-layout")?;
    ensure!(layout["imageLayoutVersion"] == "1.0.0", "{layout}");
    let mut manifest = json(archive, "index.json")?;
    while let Some(first) = manifest["manifests"].get(0) {
        manifest = json(archive, &blob(first)?)?;
    }
    hello(&json(archive, &blob(&manifest["config"])?)?)?;
    let entries = entries(archive)?;
    let layers = manifest["layers"]
        .as_array()
        .context("a manifest has layers")?;
    for layer in layers {
        let path = blob(layer)?;
        ensure!(entries.contains(&path), "no {path}");
    }
    Ok(())
}

/// What `docker load` reads.
fn docker(archive: &Path) -> Result<()> {
    let manifest = json(archive, "manifest.json")?;
    let tags = manifest[0]["RepoTags"].as_array().context("tags")?;
    ensure!(
        tags.iter().any(|tag| tag == "example.com/hello:1"),
        "{manifest}"
    );
    let path = manifest[0]["Config"].as_str().context("a configuration")?;
    hello(&json(archive, path)?)
}

fn hello(config: &Value) -> Result<()> {
    let config = &config["config"];
    ensure!(
        config["Entrypoint"] == serde_json::json!(["python", "-m", "hello"]),
        "{config}"
    );
    ensure!(config["User"] == "1000:1000", "{config}");
    ensure!(config["Healthcheck"]["Retries"] == 3, "{config}");
    Ok(())
}

/// The path of what a descriptor describes.
fn blob(descriptor: &Value) -> Result<String> {
    let digest = descriptor["digest"]
        .as_str()
        .context("a descriptor has a digest")?;
    Ok(format!("blobs/{}", digest.replace(':', "/")))
}

fn json(archive: &Path, path: &str) -> Result<Value> {
    let text = tar(archive, &["-xO", path])?;
    serde_json::from_str(&text).with_context(|| format!("{path} is no JSON"))
}

fn entries(archive: &Path) -> Result<BTreeSet<String>> {
    Ok(tar(archive, &["-t"])?
        .lines()
        .map(|line| line.trim_start_matches("./").to_owned())
        .collect())
}

fn tar(archive: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("tar")
        .arg("-f")
        .arg(archive)
        .args(arguments)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
