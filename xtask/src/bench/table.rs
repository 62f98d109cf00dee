//! Medians, ratios and verdicts.

use super::contender::Sample;

/// One scenario with its samples: layercake's, then bake's.
pub struct Scenario {
    /// What was done before the build.
    pub name: &'static str,
    /// The samples.
    pub samples: [Vec<Sample>; 2],
}

/// What is promised of a scenario: the ratio of layercake's time to bake's is at most this.
const PROMISES: [(&str, f64, &str); 2] = [
    (
        "unchanged",
        1.0,
        "an unchanged build is not slower than bake",
    ),
    (
        "one source edit",
        0.5,
        "a build after one source edit is at least twice as fast as bake",
    ),
];

/// The whole of what is printed.
pub fn report(scenarios: &[Scenario]) -> String {
    let times = scenarios.iter().map(Scenario::times);
    let ran = scenarios.iter().flat_map(Scenario::ran);
    let verdicts = PROMISES.iter().flat_map(|promise| {
        let named = scenarios
            .iter()
            .filter(|scenario| scenario.name == promise.0);
        named.map(|scenario| scenario.verdict(*promise))
    });
    let head = format!(
        "{:<24} {:>12} {:>12} {:>8}",
        "median of seconds", "layercake", "bake", "ratio"
    );
    let ran_head = "\nwhat ran, the last time".to_owned();
    let lines = std::iter::once(head)
        .chain(times)
        .chain([ran_head])
        .chain(ran);
    let lines = lines.chain([String::new()]).chain(verdicts);
    lines.map(|line| line + "\n").collect()
}

impl Scenario {
    fn medians(&self) -> [f64; 2] {
        self.samples
            .each_ref()
            .map(|samples| median(samples.iter().map(|sample| sample.seconds).collect()))
    }

    fn times(&self) -> String {
        let [ours, theirs] = self.medians();
        format!(
            "{:<24} {ours:>12.2} {theirs:>12.2} {:>8.2}",
            self.name,
            self.ratio()
        )
    }

    fn ran(&self) -> [String; 2] {
        let [ours, theirs] = &self.samples;
        [("layercake", ours), ("bake", theirs)].map(|(who, samples)| {
            let ran = samples
                .last()
                .map(|sample| sample.ran.as_slice())
                .unwrap_or_default();
            format!(
                "{:<24} {who:<10} {:>3}  {}",
                self.name,
                ran.len(),
                listed(ran)
            )
        })
    }

    fn verdict(&self, (_, limit, promise): (&str, f64, &str)) -> String {
        let ratio = self.ratio();
        verdict(
            ratio <= limit,
            &format!("{promise}: {ratio:.2} of its time"),
        )
    }

    fn ratio(&self) -> f64 {
        let [ours, theirs] = self.medians();
        ours / theirs
    }
}

/// A promise, and whether it holds.
pub(super) fn verdict(holds: bool, promise: &str) -> String {
    format!("{}  {promise}", if holds { "PASS" } else { "FAIL" })
}

/// The middle value.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => f64::NAN,
        values if values.len() % 2 == 1 => values[middle],
        values => f64::midpoint(values[middle - 1], values[middle]),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(name: &'static str, ours: &[f64], theirs: &[f64]) -> Scenario {
        let samples = |seconds: &[f64]| {
            seconds
                .iter()
                .map(|seconds| Sample {
                    seconds: *seconds,
                    ran: vec!["step".to_owned(); 8],
                })
                .collect()
        };
        Scenario {
            name,
            samples: [samples(ours), samples(theirs)],
        }
    }

    #[test]
    fn medians_decide() {
        let text = report(&[
            scenario("unchanged", &[1.0, 9.0, 2.0], &[3.0]),
            scenario("one source edit", &[2.0], &[3.0]),
        ]);
        assert!(
            text.contains("PASS  an unchanged build is not slower than bake: 0.67"),
            "{text}"
        );
        assert!(
            text.contains("FAIL  a build after one source edit"),
            "{text}"
        );
        assert!(text.contains("step, step and 2 more"), "{text}");
    }

    #[test]
    fn an_even_number_has_a_median_too() {
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }
}
