//! The engine's conda channel, and locks of what is in it.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::registry::{Registry, get};
use crate::{Engine, Workspace};

/// The frontend's image in the engine's registry.
const FRONTEND: (&str, &str) = ("layercake/frontend", "0.1");

/// How many layers an environment has that does not say.
const LAYERS: usize = 40;

/// Packages of so many bytes have a layer of their own.
const HEAVY: u64 = 1 << 20;

/// Packages of the engine's channel, and what a lock says of them.
#[derive(Clone, Debug)]
pub struct CondaLock {
    channel: String,
    tool: (String, String),
    /// What the environment file asks for.
    specs: Vec<String>,
    /// The record of each package that is locked, by name.
    packages: BTreeMap<String, Value>,
    /// All that the channel has.
    available: Vec<Value>,
}

impl CondaLock {
    /// The newest package of each name.
    pub fn of_channel(engine: &Engine) -> Result<Self> {
        let channel = env::var("LAYERCAKE_CHANNEL").context("LAYERCAKE_CHANNEL is not set")?;
        let mut lock = Self {
            tool: tool(engine)?,
            specs: vec!["python".into()],
            packages: BTreeMap::new(),
            available: available(&channel)?,
            channel,
        };
        for record in lock.available.clone() {
            let name = text(&record, "name").to_owned();
            let known = lock.packages.get(&name);
            if known.is_none_or(|known| release(known) < release(&record)) {
                lock.packages.insert(name, record);
            }
        }
        Ok(lock)
    }

    /// The names of the packages.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().map(String::as_str)
    }

    /// Takes another version of a package than the one that is locked, which it returns.
    pub fn swap(&mut self, name: &str) -> Result<String> {
        let locked = self.packages.get(name).context("no such package")?;
        let version = text(locked, "version").to_owned();
        let mut others = self.available.iter();
        let other = others
            .find(|record| text(record, "name") == name && text(record, "version") != version);
        let other = other.context("the channel has one version of it")?.clone();
        self.packages.insert(name.into(), other);
        Ok(version)
    }

    /// Leaves these packages, and no others.
    pub fn retain(&mut self, names: &[&str]) {
        self.packages
            .retain(|name, _| names.contains(&name.as_str()));
    }

    /// Takes a package out.
    pub fn remove(&mut self, name: &str) {
        self.packages.remove(name);
    }

    /// Changes what is locked of a package.
    pub fn edit(&mut self, name: &str, key: &str, value: impl Into<Value>) -> Result<()> {
        let record = self.packages.get_mut(name).context("no such package")?;
        record[key] = value.into();
        Ok(())
    }

    /// Asks for every package by name, version and build.
    pub fn ask_for_all(&mut self) {
        let spec = |it: &Value| {
            format!(
                "{}={}={}",
                text(it, "name"),
                text(it, "version"),
                text(it, "build")
            )
        };
        self.specs = self.packages.values().map(spec).collect();
        self.specs.sort();
    }

    /// Writes the environment file, and the lock of the stage `stage` for it.
    pub fn write(&self, workspace: &Workspace, stage: &str) -> Result<()> {
        let file = json!({ "channels": [self.channel], "dependencies": self.specs });
        workspace.write("packages.yaml", &file.to_string())?;
        workspace.write("layercake.lock", &self.render(stage)?)
    }

    fn render(&self, stage: &str) -> Result<String> {
        let request = json!([[self.channel], self.specs, [], {}]).to_string();
        let spec = hex::encode(Sha256::digest(request));
        let mut out = String::from("version = 2\n\n[tool]\n");
        let line = |out: &mut String, key: &str, value: &Value| writeln!(out, "{key} = {value}");
        line(&mut out, "image", &json!(self.tool.0))?;
        line(&mut out, "digest", &json!(self.tool.1))?;
        writeln!(out, "\n[[environment]]\nplatform = \"linux/amd64\"")?;
        line(&mut out, "stage", &json!(stage))?;
        line(&mut out, "spec", &json!(format!("sha256:{spec}")))?;
        line(&mut out, "layers", &json!(LAYERS))?;
        line(&mut out, "channels", &json!([self.channel]))?;
        line(&mut out, "requested", &json!(self.specs))?;
        for record in self.packages.values() {
            writeln!(out, "\n[[environment.package]]")?;
            for key in [
                "name",
                "version",
                "build",
                "subdir",
                "url",
                "sha256",
                "md5",
                "size",
                "noarch",
                "depends",
                "constrains",
            ] {
                if let Some(value) = record.get(key) {
                    line(&mut out, key, value)?;
                }
            }
            line(&mut out, "build-number", &record["build_number"])?;
            if record["size"].as_u64() < Some(HEAVY) {
                line(&mut out, "layer", &json!(layer(text(record, "name"))))?;
            }
        }
        Ok(out)
    }
}

/// The layer that a small package shares, by its name alone: so a change of one moves no other.
fn layer(name: &str) -> String {
    let first = Sha256::digest(name)[0];
    format!("shared-{}", first % 8)
}

/// The frontend's image by its digest, and the digest of the tool in it.
fn tool(engine: &Engine) -> Result<(String, String)> {
    let registry = Registry::of(engine)?;
    let (repository, tag) = FRONTEND;
    let digest = registry.digest(repository, tag)?;
    let config = registry.config(repository, &digest)?;
    let label = &config["config"]["Labels"]["dev.layercake.link"];
    let label = label
        .as_str()
        .context("the frontend's image has no link tool")?;
    // By the name that `layercake lock` writes: under two names at once, the same link would be two steps.
    let image = format!("docker.io/{repository}:{tag}@{digest}");
    Ok((image, label.to_owned()))
}

fn available(channel: &str) -> Result<Vec<Value>> {
    let (address, path) = channel
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .context("the channel is served over HTTP")?;
    let mut found = Vec::new();
    for subdir in ["linux-64", "noarch"] {
        let (_, body) = get(address, &format!("/{path}/{subdir}/repodata.json"))?;
        let index: Value = serde_json::from_str(&body)?;
        let packages = index["packages.conda"].as_object().context("no packages")?;
        for (file, record) in packages {
            let mut record = record.clone();
            record["subdir"] = subdir.into();
            record["url"] = format!("{channel}/{subdir}/{file}").into();
            found.push(record);
        }
    }
    Ok(found)
}

fn text<'r>(record: &'r Value, key: &str) -> &'r str {
    record[key].as_str().unwrap_or_default()
}

/// The version in an order that is good enough for the channel's packages.
fn release(record: &Value) -> Vec<u64> {
    let parts = text(record, "version").split('.');
    parts.map(|part| part.parse().unwrap_or_default()).collect()
}
