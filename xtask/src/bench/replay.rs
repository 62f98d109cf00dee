//! `cargo xtask bench replay`: what counting a long history takes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::history;
use super::memory::{Usage, measure};
use super::project::Project;
use super::table::verdict;
use crate::product;
use crate::step::print;

/// The lengths of the histories: the one with a promise, and a part of it to see what grows.
const COMMITS: [usize; 2] = [100, 1_000];

/// All histories are one, of this seed.
const SEED: u64 = 1;

/// How often each is counted; the fastest counts, as all else is the machine's doing.
const TIMES: usize = 3;

/// Measures and prints. Without a binary the product is built.
pub fn replay(binary: Option<PathBuf>) -> Result<()> {
    product::example_assets()?;
    let binary = product::given(binary)?;
    let project = Project::copy("replay")?;
    let [_, all] = COMMITS;
    history::commit(project.root(), all, SEED)?;
    let mut usages = Vec::new();
    for commits in COMMITS {
        let mut best: Option<Usage> = None;
        for _ in 0..TIMES {
            let mut command = Command::new(&binary);
            command.args(["replay", "--limit", &commits.to_string(), "-C"]);
            let usage = measure(command.arg(project.root()))?;
            best = best
                .filter(|best| best.seconds <= usage.seconds)
                .or(Some(usage));
        }
        usages.extend(best);
    }
    print(&report(&usages))
}

fn report(usages: &[Usage]) -> String {
    let head = format!(
        "{:>8} {:>10} {:>12} {:>12}",
        "commits", "seconds", "per second", "megabytes"
    );
    let mut lines = vec![head];
    for (commits, usage) in COMMITS.iter().zip(usages) {
        let number = f64::from(u32::try_from(*commits).unwrap_or(u32::MAX));
        lines.push(format!(
            "{commits:>8} {:>10.3} {:>12.0} {:>12}",
            usage.seconds,
            number / usage.seconds,
            usage.memory / 1_000_000
        ));
    }
    if let [part, all] = usages {
        lines.push(String::new());
        lines.extend(verdicts(*part, *all));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn verdicts(part: Usage, all: Usage) -> [String; 2] {
    let more = all.memory.saturating_sub(part.memory) / 1_000_000;
    [
        (
            all.seconds < 10.0,
            "1,000 commits are counted in under 10 seconds".to_owned(),
        ),
        (
            more < 16,
            format!("ten times the commits take about the same memory: {more} MB more"),
        ),
    ]
    .map(|(holds, promise)| verdict(holds, &promise))
}

#[cfg(test)]
mod tests {
    use super::{Usage, report};

    #[test]
    fn promises_are_judged() {
        let usage = |seconds, memory| Usage { seconds, memory };
        let text = report(&[usage(0.5, 40_000_000), usage(2.0, 90_000_000)]);
        assert!(text.contains("PASS  1,000 commits"), "{text}");
        assert!(
            text.contains("    1000      2.000          500           90\n"),
            "{text}"
        );
        assert!(
            text.contains("same memory: 50 MB more") && text.contains("FAIL"),
            "{text}"
        );
    }
}
