//! `cargo xtask bench conda`: one conda environment, locked and linked in groups by `layercake build`, and installed by
//! a Dockerfile with a warm package cache; both pushed to one registry.
//!
//! The environment is every package of the engine's channel. What is new of an image is counted in the registry's
//! manifests: these layers are pushed, and pulled by whoever has the image before.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::memory;
use super::services::{DAEMON, empty_engine};
use super::table::{Promise, Row, Scenario, table, verdict, verdicts};
use crate::engine::{self, Engine, MAIN, Size, UpOptions};
use crate::step::{note, print};
use crate::{product, run, workspace};

const DOCKERFILE: &str = r"FROM mambaorg/micromamba:1.5.8-jammy-cuda-12.5.0
USER root
COPY packages.yaml /tmp/packages.yaml
RUN --mount=type=cache,target=/opt/conda/pkgs,sharing=locked \
    micromamba install -y -n base -f /tmp/packages.yaml
";

const FILE: &str = r#"# syntax=docker.io/layercake/frontend:0.1
project: bench-conda
bases: { micromamba: "mambaorg/micromamba:1.5.8-jammy-cuda-12.5.0" }
stages:
  env: { conda: { spec: packages.yaml, prefix: /opt/conda } }
services:
  env: { base: micromamba, stages: [env] }
"#;

/// Where both are built.
const FOLDER: &str = "target/bench/conda";

/// Where in the registry both are pushed to.
const REPOSITORY: &str = "bench-conda";

/// The two ways, in the order of the table.
const WAYS: [&str; 2] = ["layercake", "dockerfile"];

/// The scenarios of which something is promised.
const COLD: &str = "cold";
const UPDATED: &str = "one package updated";

/// How often what did not change is built: it takes so little that one build says nothing.
const UNCHANGED: usize = 5;

/// What is promised of an environment of this size.
fn promises(size: Size) -> [Promise; 2] {
    let (limit, says) = match size {
        Size::Small | Size::Medium => (
            0.1,
            "a package is updated and pushed at least ten times faster",
        ),
        Size::Large => (
            0.02,
            "a package is updated and pushed at least fifty times faster",
        ),
    };
    [
        Promise {
            scenario: COLD,
            limit: 1.0,
            says: "cold is not slower than the Dockerfile",
        },
        Promise {
            scenario: UPDATED,
            limit,
            says,
        },
    ]
}

/// What one build with its push took, and what was new in the registry.
#[derive(Clone, Debug)]
struct Sample {
    /// What `layercake lock` took before it, in seconds; a Dockerfile's build solves by itself.
    lock: Option<f64>,
    seconds: f64,
    layers: usize,
    bytes: u64,
}

#[derive(Deserialize)]
struct Manifest {
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    digest: String,
    size: u64,
}

struct Bench {
    engine: Engine,
    /// The channel's address.
    channel: String,
    binary: PathBuf,
    /// The versions that are asked for, by package.
    versions: BTreeMap<String, String>,
    /// The layers of each way's last image.
    known: [BTreeMap<String, u64>; 2],
    /// The most memory that `layercake build` took, in bytes.
    memory: u64,
}

/// Measures and prints.
pub fn conda(size: Size, updates: Option<usize>) -> Result<()> {
    let binary = product::binary()?;
    let channel = Engine::up(&UpOptions::named(MAIN))?.channel(size)?;
    let engine = empty_engine()?;
    // What the registry has already is not pushed.
    engine::remove_pushed(REPOSITORY)?;
    product::frontend_image(&engine, &binary)?;
    let (lists, older_lists) = size.lists();
    let (newest, older) = (versions(lists)?, versions(older_lists)?);
    let mut bench = Bench {
        binary,
        channel,
        engine,
        versions: newest.clone(),
        known: Default::default(),
        memory: 0,
    };
    bench.versions.extend(older.clone());
    // What another size was locked to says where packages lie.
    let root = workspace::path(FOLDER);
    if root.exists() {
        fs::remove_dir_all(root)?;
    }
    let mut scenarios = [COLD, "unchanged", UPDATED].map(Scenario::new);
    bench.both(0, &mut scenarios[0])?;
    for first in 1..=UNCHANGED {
        bench.both(first, &mut scenarios[1])?;
    }
    for (at, name) in older
        .keys()
        .rev()
        .take(updates.unwrap_or(older.len()))
        .enumerate()
    {
        bench.versions.insert(name.clone(), newest[name].clone());
        bench.both(at, &mut scenarios[2])?;
    }
    engine::wipe(DAEMON)?;
    engine::remove_pushed(REPOSITORY)?;
    print(&report(&scenarios, &promises(size), bench.memory))
}

impl Bench {
    /// Both ways, the one of this parity first.
    fn both(&mut self, first: usize, scenario: &mut Scenario<Sample>) -> Result<()> {
        for way in [first % 2, 1 - first % 2] {
            let sample = self.measure(way)?;
            note(&format!(
                "    {:<10} {:>8.2} s, {} new layers, {}",
                WAYS[way],
                sample.seconds,
                sample.layers,
                megabytes(sample.bytes)
            ));
            scenario.samples[way].push(sample);
        }
        Ok(())
    }

    fn measure(&mut self, way: usize) -> Result<Sample> {
        let env = self.engine.env()?;
        let root = workspace::path(FOLDER).join(WAYS[way]);
        fs::create_dir_all(&root)?;
        fs::write(root.join("packages.yaml"), self.spec())?;
        fs::write(root.join("Dockerfile"), DOCKERFILE)?;
        fs::write(root.join("layercake.yaml"), FILE)?;
        let image = format!(
            "{}/{REPOSITORY}/{}:latest",
            env["LAYERCAKE_REGISTRY"], WAYS[way]
        );
        let log = workspace::path("target/bench/conda.log");
        // Neither waits for what the other has still to write to the disk.
        run::logged(&mut Command::new("sync"), &log)?;
        let start = Instant::now();
        let (lock, seconds) = if way == 0 {
            let mut lock = Command::new(&self.binary);
            run::logged(lock.arg("lock").current_dir(&root).envs(&env), &log)?;
            let lock = start.elapsed().as_secs_f64();
            let mut build = Command::new(&self.binary);
            build.args(["build", "--progress", "quiet", "--push", "--tag", &image]);
            let usage = memory::measure(build.current_dir(&root).envs(&env))?;
            self.memory = self.memory.max(usage.memory);
            (Some(lock), usage.seconds)
        } else {
            let mut build = Command::new("docker");
            build.args([
                "buildx",
                "build",
                "--provenance=false",
                "--push",
                "--tag",
                &image,
                ".",
            ]);
            run::logged(build.current_dir(&root).envs(&env), &log)?;
            (None, start.elapsed().as_secs_f64())
        };
        let mut inspect = Command::new("docker");
        inspect.args(["buildx", "imagetools", "inspect", "--raw", &image]);
        let raw = run::output(inspect.envs(&env).stdin(Stdio::null()))?;
        let manifest: Manifest = serde_json::from_str(&raw).context("no image manifest")?;
        let layers = manifest.layers.into_iter();
        let layers: BTreeMap<_, _> = layers.map(|layer| (layer.digest, layer.size)).collect();
        let before = std::mem::replace(&mut self.known[way], layers);
        let new = self.known[way].iter();
        let new: Vec<u64> = new
            .filter(|(digest, _)| !before.contains_key(*digest))
            .map(|(_, size)| *size)
            .collect();
        Ok(Sample {
            lock,
            seconds,
            layers: new.len(),
            bytes: new.iter().sum(),
        })
    }

    fn spec(&self) -> String {
        let channel = &self.channel;
        let pins = self.versions.iter();
        let pins: Vec<_> = pins
            .map(|(name, version)| format!("  - {name}={version}\n"))
            .collect();
        let pins = pins.concat();
        format!("channels: [\"{channel}\"]\ndependencies:\n  - python=3.11\n{pins}")
    }
}

/// The projects of lists of the channel's recipe, by their conda names.
fn versions(lists: &[&str]) -> Result<BTreeMap<String, String>> {
    let mut named = BTreeMap::new();
    for list in lists {
        let list = format!("xtask/engine/channel/{list}.txt");
        let text = fs::read_to_string(workspace::path(list))?;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pins = lines.filter_map(|line| line.split_once("=="));
        named.extend(pins.map(|(name, version)| (name.to_lowercase(), version.trim().to_owned())));
    }
    Ok(named)
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000)
}

fn report(scenarios: &[Scenario<Sample>], promises: &[Promise], memory: u64) -> String {
    let rows: Vec<_> = scenarios.iter().map(row).collect();
    let heads = WAYS.map(|way| format!("new: {way}"));
    let mut told = table(WAYS, &heads.each_ref().map(String::as_str), &rows);
    told += &verdicts(&rows, promises);
    for scenario in scenarios.iter().filter(|scenario| scenario.name == UPDATED) {
        let [ours, theirs] = bytes(scenario);
        let percent = 100.0 * ours / theirs;
        let promise = format!("less than 2 % of the bytes are pushed: {percent:.2} %");
        told += &(verdict(percent < 2.0, &promise) + "\n");
    }
    let locks = scenarios.iter().map(|scenario| {
        let [lock, _] = scenario.medians(|sample| sample.lock.unwrap_or_default());
        format!("{} {lock:.2}", scenario.name)
    });
    let locks: Vec<_> = locks.collect();
    let (locks, memory) = (locks.join(", "), megabytes(memory));
    format!(
        "{told}beside it, layercake lock, in seconds: {locks}\nmost memory of layercake build: {memory}\n"
    )
}

fn row(scenario: &Scenario<Sample>) -> Row {
    #[expect(clippy::cast_precision_loss, reason = "there are few layers")]
    let layers = scenario.medians(|sample| sample.layers as f64);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sums of sizes"
    )]
    let bytes = bytes(scenario).map(|bytes| megabytes(bytes as u64));
    let new = layers.into_iter().zip(bytes);
    Row {
        name: scenario.name,
        seconds: scenario.medians(|sample| sample.seconds),
        beside: new
            .map(|(layers, bytes)| format!("{layers} layers, {bytes}"))
            .collect(),
    }
}

fn bytes(scenario: &Scenario<Sample>) -> [f64; 2] {
    #[expect(
        clippy::cast_precision_loss,
        reason = "sizes of layers are far below 2^52"
    )]
    scenario.medians(|sample| sample.bytes as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_told_with_what_it_pushes() {
        let sample = |lock, seconds, bytes| Sample {
            lock,
            seconds,
            layers: 1,
            bytes,
        };
        let mut scenario = Scenario::new(UPDATED);
        scenario.samples = [
            vec![sample(Some(0.5), 1.0, 1_650_000)],
            vec![sample(None, 20.0, 125_680_000)],
        ];
        let text = report(&[scenario], &promises(Size::Medium), 17_900_000);
        let text: Vec<_> = text.split_whitespace().collect();
        let text = text.join(" ");
        for told in [
            "one package updated 1.00 20.00 0.050 1 layers, 1.65 MB 1 layers, 125.68 MB",
            "PASS a package is updated and pushed at least ten times faster: 0.050 of its time",
            "PASS less than 2 % of the bytes are pushed: 1.31 %",
            "beside it, layercake lock, in seconds: one package updated 0.50",
            "most memory of layercake build: 17.90 MB",
        ] {
            assert!(text.contains(told), "{told}\n{text}");
        }
    }
}
