//! What a replay came to, for people: tables, a chart, and the commits that could not be built.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::account::{Count, Replayed};
use crate::view::table::Table;
use crate::view::{bar, count};

/// The longest text of a step that is shown.
const LONGEST: usize = 60;
/// The width of the longest bar.
const WIDTH: usize = 40;

/// The whole account.
pub fn render(replayed: &Replayed) -> String {
    let mut out = format!(
        "{} of {} counted; a first run is not\n\n",
        count(replayed.builds, "commit"),
        replayed.commits.len()
    );
    out.push_str(&stages(replayed));
    for service in replayed
        .services
        .iter()
        .filter(|service| !service.steps.is_empty())
    {
        let mut table = Table::new([
            &*format!("Dockerfile of {}", service.name),
            "builds",
            "reruns",
            "seconds",
        ]);
        for step in &service.steps {
            let seconds = whole(step.seconds, step.reruns);
            table.row([
                cut(&step.step),
                step.builds.to_string(),
                step.reruns.to_string(),
                seconds,
            ]);
        }
        let _ = write!(out, "\n{table}");
    }
    out.push('\n');
    out.push_str(&chart(replayed));
    out.push_str(&problems(replayed));
    out
}

fn stages(replayed: &Replayed) -> String {
    let mut table = Table::new(["stage", "builds", "reruns", "ideal", "seconds"]);
    for stage in &replayed.stages {
        table.row([
            stage.stage.clone(),
            stage.builds.to_string(),
            stage.reruns.to_string(),
            stage.ideal.to_string(),
            whole(stage.seconds, stage.reruns),
        ]);
    }
    table.to_string()
}

/// The seconds of all runs of a thing.
fn whole(seconds: Option<f64>, runs: usize) -> String {
    let times = u32::try_from(runs).unwrap_or(u32::MAX);
    seconds.map_or("-".to_owned(), |seconds| {
        format!("{:.0}", seconds * f64::from(times))
    })
}

fn chart(replayed: &Replayed) -> String {
    let all = replayed.totals();
    let most = all
        .iter()
        .flat_map(|(_, totals)| [totals.dockerfile, totals.layercake]);
    let most = most.map(|count| count.runs).max().unwrap_or(0);
    let mut out = String::new();
    for (name, totals) in all {
        let _ = writeln!(out, "{name}");
        let dockerfile = [
            ("Dockerfile", totals.dockerfile),
            ("  of it RUN", totals.commands),
        ];
        let stages = [("layercake", totals.layercake), ("ideal", totals.ideal)];
        let has_dockerfile = totals.dockerfile.runs > 0;
        for (label, count) in dockerfile
            .into_iter()
            .filter(|_| has_dockerfile)
            .chain(stages)
        {
            let line = format!(
                "  {label:<12} {} {}",
                bar(count.runs, most, WIDTH),
                told(count, replayed.costed)
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    out
}

fn told(count: Count, costed: bool) -> String {
    if costed {
        format!("{}, {:.0} s", count.runs, count.seconds)
    } else {
        count.runs.to_string()
    }
}

/// The commits that could not be built, by what was in the way.
fn problems(replayed: &Replayed) -> String {
    let mut by_problem: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for commit in &replayed.commits {
        if let Some(problem) = &commit.problem {
            by_problem
                .entry(problem)
                .or_default()
                .push(&commit.commit[..8]);
        }
    }
    let mut out = String::new();
    for (problem, commits) in by_problem {
        let first = commits[0];
        let _ = match commits.len() {
            1 => writeln!(out, "not counted: {first}: {problem}"),
            more => writeln!(out, "not counted: {first} and {} more: {problem}", more - 1),
        };
    }
    if out.is_empty() {
        out
    } else {
        format!("\n{out}")
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}
