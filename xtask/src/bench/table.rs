//! Two ways beside each other: medians, ratios and verdicts.

/// What was measured of one scenario: layercake's samples, then the other's.
pub(super) struct Scenario<S> {
    /// What was done before the build.
    pub(super) name: &'static str,
    /// The samples.
    pub(super) samples: [Vec<S>; 2],
}

/// A scenario in the table.
pub(super) struct Row {
    /// Its name.
    pub(super) name: &'static str,
    /// The median of seconds of each way.
    pub(super) seconds: [f64; 2],
    /// What else is told of them.
    pub(super) beside: Vec<String>,
}

/// What is promised of a scenario: the ratio of layercake's time to the other's is at most this.
pub(super) struct Promise {
    /// The scenario's name.
    pub(super) scenario: &'static str,
    /// The ratio.
    pub(super) limit: f64,
    /// The promise in words.
    pub(super) says: &'static str,
}

impl<S> Scenario<S> {
    /// Nothing measured yet.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            samples: [Vec::new(), Vec::new()],
        }
    }

    /// The median of something of each way's samples.
    pub(super) fn medians(&self, of: impl Fn(&S) -> f64) -> [f64; 2] {
        self.samples
            .each_ref()
            .map(|samples| median(samples.iter().map(&of).collect()))
    }
}

impl Row {
    fn ratio(&self) -> f64 {
        self.seconds[0] / self.seconds[1]
    }
}

/// The rows under the names of the two ways and of what else is told.
pub(super) fn table(ways: [&str; 2], beside: &[&str], rows: &[Row]) -> String {
    let head = ["median of seconds", ways[0], ways[1], "ratio"];
    let head = head.iter().chain(beside).map(ToString::to_string).collect();
    let told = rows.iter().map(|row| {
        let [ours, theirs] = row.seconds.map(|seconds| format!("{seconds:.2}"));
        let ratio = format!("{:.3}", row.ratio());
        let told = [row.name.to_owned(), ours, theirs, ratio].into_iter();
        told.chain(row.beside.iter().cloned()).collect()
    });
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(told).collect();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let line = |cells: &Vec<String>| {
        let cells = cells.iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            match column {
                0 => format!("{cell:<width$}"),
                _ => format!("  {cell:>width$}"),
            }
        });
        cells.collect::<String>().trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

/// What is promised of these rows, and whether it holds.
pub(super) fn verdicts(rows: &[Row], promises: &[Promise]) -> String {
    let held = promises.iter().flat_map(|promise| {
        let named = rows.iter().filter(|row| row.name == promise.scenario);
        named.map(|row| {
            let ratio = row.ratio();
            let says = format!("{}: {ratio:.3} of its time", promise.says);
            verdict(ratio <= promise.limit, &says) + "\n"
        })
    });
    held.collect()
}

/// A promise, and whether it holds.
pub(super) fn verdict(holds: bool, promise: &str) -> String {
    format!("{}  {promise}", if holds { "PASS" } else { "FAIL" })
}

/// The middle value.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => f64::NAN,
        values if values.len() % 2 == 1 => values[middle],
        values => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, ours: &[f64], theirs: &[f64]) -> Row {
        let scenario = Scenario {
            name,
            samples: [ours.to_vec(), theirs.to_vec()],
        };
        Row {
            name,
            seconds: scenario.medians(|seconds| *seconds),
            beside: vec!["1 layer".to_owned()],
        }
    }

    #[test]
    fn medians_decide() {
        let rows = [
            row("unchanged", &[1.0, 9.0, 2.0], &[3.0]),
            row("one source edit", &[2.0], &[3.0]),
        ];
        let promise = |scenario, limit| Promise {
            scenario,
            limit,
            says: "it is fast",
        };
        let promises = [promise("unchanged", 1.0), promise("one source edit", 0.5)];
        assert_eq!(
            verdicts(&rows, &promises),
            "PASS  it is fast: 0.667 of its time\nFAIL  it is fast: 0.667 of its time\n"
        );
        assert_eq!(
            table(["ours", "theirs"], &["new"], &rows),
            concat!(
                "median of seconds  ours  theirs  ratio      new\n",
                "unchanged          2.00    3.00  0.667  1 layer\n",
                "one source edit    2.00    3.00  0.667  1 layer\n",
            )
        );
    }

    #[test]
    fn an_even_number_has_a_median_too() {
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }
}
