//! `cargo xtask bench plan`: what planning many stages takes.

use std::process::Command;

use anyhow::Result;

use super::generate;
use super::memory::{Usage, measure};
use super::table::verdict;
use crate::step::print;
use crate::{product, workspace};

/// The sizes of the files: the one with promises, and ten times that.
const SIZES: [usize; 2] = [10_000, 100_000];

/// How often each is planned; the fastest counts, as all else is the machine's doing.
const TIMES: usize = 5;

/// Measures and prints.
pub fn plan() -> Result<()> {
    let binary = product::binary()?;
    let mut usages = Vec::new();
    for size in SIZES {
        let folder = workspace::path("target/bench").join(format!("plan-{size}"));
        generate::project(&folder, size)?;
        let mut best: Option<Usage> = None;
        for _ in 0..TIMES {
            let usage = measure(Command::new(&binary).args(["plan", "-C"]).arg(&folder))?;
            best = best
                .filter(|best| best.seconds <= usage.seconds)
                .or(Some(usage));
        }
        usages.extend(best);
    }
    print(&report(&usages))
}

fn report(usages: &[Usage]) -> String {
    let row = |(size, usage): (&usize, &Usage)| {
        format!(
            "{size:>8} {:>10.3} {:>12}",
            usage.seconds,
            usage.memory / 1_000_000
        )
    };
    let head = format!("{:>8} {:>10} {:>12}", "stages", "seconds", "megabytes");
    let mut lines = vec![head];
    lines.extend(SIZES.iter().zip(usages).map(row));
    if let [small, large] = usages {
        lines.push(String::new());
        lines.extend(verdicts(*small, *large));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn verdicts(small: Usage, large: Usage) -> [String; 3] {
    let growth = large.seconds / small.seconds;
    [
        (
            small.seconds < 1.0,
            "10,000 stages are planned in under a second".to_owned(),
        ),
        (
            small.memory < 200_000_000,
            "10,000 stages take less than 200 MB".to_owned(),
        ),
        // A start of some milliseconds is no growth, and a sort is a little more than linear.
        (
            growth < 15.0,
            format!("ten times the stages take about ten times as long: {growth:.1}"),
        ),
    ]
    .map(|(holds, promise)| verdict(holds, &promise))
}

#[cfg(test)]
mod tests {
    use super::{Usage, report};

    #[test]
    fn growth_is_judged() {
        let usage = |seconds, memory| Usage { seconds, memory };
        let text = report(&[usage(0.5, 100_000_000), usage(20.0, 1_000_000_000)]);
        assert_eq!(text.matches("PASS").count(), 2, "{text}");
        assert!(
            text.contains("FAIL  ten times the stages take about ten times as long: 40.0"),
            "{text}"
        );
    }
}
