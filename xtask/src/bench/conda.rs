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

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::memory;
use super::services::{DAEMON, empty_engine};
use super::table::{median, verdict};
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

/// The two ways, in the order of the table.
const WAYS: [&str; 2] = ["layercake", "dockerfile"];

/// What one build with its push took, and what was new in the registry.
#[derive(Clone, Debug)]
struct Sample {
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
    let main = UpOptions {
        name: MAIN.to_owned(),
        ..UpOptions::default()
    };
    let channel = Engine::up(&main)?.channel(size)?;
    let engine = empty_engine()?;
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
    let mut rows = vec![("cold", bench.both(0)?)];
    rows.push(("unchanged", bench.both(1)?));
    for (at, name) in older
        .keys()
        .rev()
        .take(updates.unwrap_or(older.len()))
        .enumerate()
    {
        bench.versions.insert(name.clone(), newest[name].clone());
        rows.push(("one package updated", bench.both(at)?));
    }
    engine::wipe(DAEMON)?;
    print(&report(&rows, bench.memory))
}

impl Bench {
    /// Both ways, the one of this parity first.
    fn both(&mut self, first: usize) -> Result<[Sample; 2]> {
        let mut samples = [None, None];
        for way in [first % 2, 1 - first % 2] {
            let sample = self.measure(way)?;
            note(&format!(
                "    {:<10} {:>8.2} s, {} new layers, {}",
                WAYS[way],
                sample.seconds,
                sample.layers,
                megabytes(sample.bytes)
            ));
            samples[way] = Some(sample);
        }
        match samples {
            [Some(ours), Some(theirs)] => Ok([ours, theirs]),
            _ => bail!("one of the two was not measured"),
        }
    }

    fn measure(&mut self, way: usize) -> Result<Sample> {
        let env = self.engine.env()?;
        let root = workspace::path("target/bench/conda").join(WAYS[way]);
        fs::create_dir_all(&root)?;
        fs::write(root.join("packages.yaml"), self.spec())?;
        fs::write(root.join("Dockerfile"), DOCKERFILE)?;
        fs::write(root.join("layercake.yaml"), FILE)?;
        let image = format!(
            "{}/bench-conda/{}:latest",
            env["LAYERCAKE_REGISTRY"], WAYS[way]
        );
        let log = workspace::path("target/bench/conda.log");
        let seconds = if way == 0 {
            let mut lock = Command::new(&self.binary);
            run::logged(lock.arg("lock").current_dir(&root).envs(&env), &log)?;
            let mut build = Command::new(&self.binary);
            build.args(["build", "--progress", "quiet", "--push", "--tag", &image]);
            let usage = memory::measure(build.current_dir(&root).envs(&env))?;
            self.memory = self.memory.max(usage.memory);
            usage.seconds
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
            let start = Instant::now();
            run::logged(build.current_dir(&root).envs(&env), &log)?;
            start.elapsed().as_secs_f64()
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

fn report(rows: &[(&'static str, [Sample; 2])], memory: u64) -> String {
    let mut lines = vec![format!(
        "{:<22} {:>10} {:>11} {:>7} {:>24} {:>24}",
        "median of seconds", WAYS[0], WAYS[1], "ratio", "new: layercake", "new: dockerfile"
    )];
    for name in ["cold", "unchanged", "one package updated"] {
        let samples = rows.iter().filter(|row| row.0 == name).map(|row| &row.1);
        let of = |way: usize, what: &dyn Fn(&Sample) -> f64| -> f64 {
            median(samples.clone().map(|both| what(&both[way])).collect())
        };
        let seconds = [0, 1].map(|way| of(way, &|sample| sample.seconds));
        #[expect(
            clippy::cast_precision_loss,
            reason = "sizes of layers are far below 2^52"
        )]
        let bytes = [0, 1].map(|way| of(way, &|sample| sample.bytes as f64));
        #[expect(clippy::cast_precision_loss, reason = "there are few layers")]
        let layers = [0, 1].map(|way| of(way, &|sample| sample.layers as f64));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "sums of sizes"
        )]
        let new =
            [0, 1].map(|way| format!("{} layers, {}", layers[way], megabytes(bytes[way] as u64)));
        lines.push(format!(
            "{name:<22} {:>10.2} {:>11.2} {:>7.3} {:>24} {:>24}",
            seconds[0],
            seconds[1],
            seconds[0] / seconds[1],
            new[0],
            new[1]
        ));
        let promise = match name {
            "cold" => Some((
                seconds[0] / seconds[1],
                1.0,
                "cold is not slower than the Dockerfile",
            )),
            "one package updated" => Some((
                seconds[0] / seconds[1],
                0.1,
                "a package is updated and pushed at least ten times faster",
            )),
            _ => None,
        };
        if let Some((ratio, limit, promise)) = promise {
            let promise = format!("{promise}: {ratio:.3} of its time");
            lines.push(verdict(ratio <= limit, &promise));
        }
        if name == "one package updated" {
            let share = bytes[0] / bytes[1];
            let percent = share * 100.0;
            let promise = format!("less than 2 % of the bytes are pushed: {percent:.2} %");
            lines.push(verdict(share < 0.02, &promise));
        }
    }
    lines.push(format!(
        "most memory of layercake build: {}",
        megabytes(memory)
    ));
    lines.join("\n") + "\n"
}
