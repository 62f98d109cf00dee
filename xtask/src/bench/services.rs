//! `cargo xtask bench`: examples/clx by `layercake build` and by `docker buildx bake`.
//!
//! A round starts a daemon with an empty cache and loads what both stand on, the base images. Then each scenario
//! is run by both, one right after the other; who is first changes with each round. Neither profits from what the
//! other has built: their steps differ, so no result is shared, and so do the ids of their cache mounts.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::contender::{Contender, Sample};
use super::table::{Scenario, report};
use crate::engine::{self, Engine, UpOptions};
use crate::step::{note, print, step};
use crate::{product, run, workspace};

/// A daemon that nothing else uses.
pub(super) const DAEMON: &str = "bench";

/// What is done before the build that is measured, and how often it is done in a round.
struct Plan {
    name: &'static str,
    times: u64,
    edit: fn(&Contender, u64) -> Result<()>,
}

const PLANS: [Plan; 4] = [
    Plan {
        name: "cold",
        times: 1,
        edit: |_, _| Ok(()),
    },
    Plan {
        name: "unchanged",
        times: 3,
        edit: |_, _| Ok(()),
    },
    Plan {
        name: "one source edit",
        times: 3,
        edit: |contender, number| contender.project.edit_source(number),
    },
    Plan {
        name: "one packages.yaml edit",
        times: 1,
        edit: |contender, number| contender.project.edit_packages(number),
    },
];

/// Measures and prints.
pub fn services(rounds: u64) -> Result<()> {
    product::example_assets()?;
    let contenders = [
        Contender::layercake(product::binary()?)?,
        Contender::bake()?,
    ];
    let mut scenarios = PLANS.map(|plan| Scenario {
        name: plan.name,
        samples: [Vec::new(), Vec::new()],
    });
    for round in 0..rounds {
        note(&format!("==> round {} of {rounds}", round + 1));
        let engine = empty_engine()?;
        for (plan, scenario) in PLANS.iter().zip(&mut scenarios) {
            for time in 0..plan.times {
                let first = usize::try_from((round + time) % 2)?;
                for index in [first, 1 - first] {
                    scenario.samples[index].push(measure(plan, &contenders[index], &engine)?);
                }
            }
        }
    }
    engine::wipe(DAEMON)?;
    print(&report(&scenarios))
}

fn measure(plan: &Plan, contender: &Contender, engine: &Engine) -> Result<Sample> {
    (plan.edit)(contender, number()?)?;
    let sample = contender.build(engine)?;
    note(&format!(
        "    {:<24} {:<10} {:>8.2} s",
        plan.name, contender.name, sample.seconds
    ));
    Ok(sample)
}

/// Starts the daemon with nothing but the base images in its cache.
pub(super) fn empty_engine() -> Result<Engine> {
    engine::wipe(DAEMON)?;
    let engine = Engine::up(&UpOptions {
        name: DAEMON.to_owned(),
        ..UpOptions::default()
    })?;
    step("Load the base images", || {
        let folder = workspace::path("target/bench/bases");
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("Dockerfile"), BASES)?;
        let mut buildx = std::process::Command::new("docker");
        buildx
            .args(["buildx", "build", "--progress", "plain", "."])
            .current_dir(&folder)
            .envs(engine.env()?);
        run::logged(&mut buildx, &workspace::path("target/bench/bases.log"))
    })?;
    Ok(engine)
}

/// A command in each base: a base that is only named is not loaded.
const BASES: &str = "FROM python:3.11-slim AS python
RUN touch /loaded
FROM mambaorg/micromamba:1.5.8-jammy-cuda-12.5.0
COPY --from=python /loaded /loaded
RUN touch /tmp/loaded
";

/// A number that no edit has had.
fn number() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::try_from(since.as_millis())?)
}
