//! `cargo xtask bench`: examples/clx by `layercake build` and by `docker buildx bake`.
//!
//! A round starts a daemon with an empty cache and loads what both stand on, the base images. Then each scenario
//! is run by both, one right after the other; who is first changes with each round. Neither profits from what the
//! other has built: their steps differ, so no result is shared, and so do the ids of their cache mounts.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::contender::{Contender, Sample};
use super::table::{Promise, Row, Scenario, table, verdicts};
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

const PROMISES: [Promise; 2] = [
    Promise {
        scenario: "unchanged",
        limit: 1.0,
        says: "an unchanged build is not slower than bake",
    },
    Promise {
        scenario: "one source edit",
        limit: 0.5,
        says: "a build after one source edit is at least twice as fast as bake",
    },
];

/// Measures and prints.
pub fn services(rounds: u64) -> Result<()> {
    product::example_assets()?;
    let contenders = [
        Contender::layercake(product::binary()?)?,
        Contender::bake()?,
    ];
    let mut scenarios = PLANS.map(|plan| Scenario::new(plan.name));
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

fn report(scenarios: &[Scenario<Sample>]) -> String {
    let rows: Vec<_> = scenarios
        .iter()
        .map(|scenario| Row {
            name: scenario.name,
            seconds: scenario.medians(|sample| sample.seconds),
            beside: Vec::new(),
        })
        .collect();
    let ways = ["layercake", "bake"];
    let ran = scenarios.iter().flat_map(|scenario| {
        let last = scenario.samples.each_ref().map(|samples| samples.last());
        ways.into_iter().zip(last).map(|(way, last)| {
            let ran = last.map_or(&[][..], |sample| &sample.ran);
            let (name, number) = (scenario.name, ran.len());
            format!("{name:<24} {way:<10} {number:>3}  {}\n", listed(ran))
        })
    });
    let ran: String = ran.collect();
    format!(
        "{}\nwhat ran, the last time\n{ran}\n{}",
        table(ways, &[], &rows),
        verdicts(&rows, &PROMISES)
    )
}

/// As many names as fit a line.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len() - more].join(", ");
    if more == 0 {
        shown
    } else {
        format!("{shown} and {more} more")
    }
}

/// Starts the daemon with nothing but the base images in its cache.
pub(super) fn empty_engine() -> Result<Engine> {
    engine::wipe(DAEMON)?;
    let engine = Engine::up(&UpOptions::named(DAEMON))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_and_what_was_promised_is_told() {
        let samples = |seconds: f64| {
            vec![Sample {
                seconds,
                ran: vec!["step".to_owned(); 8],
            }]
        };
        let text = report(&[Scenario {
            name: "unchanged",
            samples: [samples(2.0), samples(3.0)],
        }]);
        assert!(
            text.contains("bake         8  step, step, step, step, step, step and 2 more\n"),
            "{text}"
        );
        assert!(
            text.ends_with(
                "\n\nPASS  an unchanged build is not slower than bake: 0.667 of its time\n"
            ),
            "{text}"
        );
    }
}
