//! Explanations for people: all of it, or the few lines that a build begins with.

use std::collections::BTreeMap;
use std::fmt::Write;

use indicatif::DecimalBytes;
use layercake_planner::explain::Verdict;
use layercake_solve::Expected;

use super::{Explained, Explanation};
use crate::view::count;

/// How many roots the short form tells.
const ROOTS: usize = 8;

/// How many causes of each root the short form tells.
const CAUSES: usize = 3;

/// How many names of a cascade stand in a line.
const NAMES: usize = 4;

/// All that is told, with every cause and the lines that differ.
pub fn long(explanation: &Explanation) -> String {
    let mut text = headline(explanation);
    let cascades = cascades(explanation);
    for stage in explanation.at_work().filter(|stage| stage.is_root()) {
        text.push('\n');
        line(&mut text, &root(stage));
        let told = causes(stage).into_iter();
        for cause in told.filter(|_| stage.change.verdict != Verdict::New) {
            line(&mut text, &format!("  {}", cause.0));
            for detail in cause.1.lines().filter(|line| !line.starts_with("@@")) {
                line(&mut text, &format!("    {detail}"));
            }
        }
        for follower in cascades
            .get(stage.change.stage.as_str())
            .into_iter()
            .flatten()
        {
            line(&mut text, &format!("  then {}", root(follower)));
        }
    }
    let gone = explanation
        .stages
        .iter()
        .filter(|stage| stage.change.verdict == Verdict::Gone);
    for stage in gone {
        line(&mut text, &format!("\n{}  is gone", stage.change.stage));
    }
    text
}

/// A few lines; none if nothing will run.
pub fn short(explanation: &Explanation) -> String {
    if explanation.at_work().next().is_none() {
        return String::new();
    }
    let mut text = headline(explanation);
    let cascades = cascades(explanation);
    let roots: Vec<_> = explanation
        .at_work()
        .filter(|stage| stage.is_root())
        .collect();
    for stage in roots.iter().take(ROOTS) {
        let causes = causes(stage);
        let mut told: Vec<_> = causes
            .iter()
            .take(CAUSES)
            .map(|cause| cause.0.clone())
            .collect();
        if causes.len() > CAUSES {
            told.push(format!("{} more", causes.len() - CAUSES));
        }
        let mut shown = format!("  {}: {}", stage.change.stage, told.join("; "));
        let followers = cascades
            .get(stage.change.stage.as_str())
            .map_or(&[][..], Vec::as_slice);
        if !followers.is_empty() {
            let names = followers
                .iter()
                .take(NAMES)
                .map(|stage| stage.change.stage.as_str());
            let _ = write!(shown, "; then {}", names.collect::<Vec<_>>().join(", "));
        }
        if followers.len() > NAMES {
            let _ = write!(shown, " and {} more", followers.len() - NAMES);
        }
        line(&mut text, &shown);
    }
    if roots.len() > ROOTS {
        line(
            &mut text,
            &format!(
                "  and {} more; see `layercake explain`",
                roots.len() - ROOTS
            ),
        );
    }
    text.truncate(text.trim_end().len());
    text
}

/// `2 of 21 stages will run, 1 may; about 12 s and 1.2 GB by their last runs`.
fn headline(explanation: &Explanation) -> String {
    let here = explanation
        .stages
        .iter()
        .filter(|stage| stage.change.verdict != Verdict::Gone);
    let all = count(here.count(), "stage");
    let at_work: Vec<_> = explanation.at_work().collect();
    let runs = at_work
        .iter()
        .filter(|stage| stage.expected == Some(Expected::Runs))
        .count();
    let (seconds, bytes) = at_work
        .iter()
        .filter_map(|stage| stage.cost)
        .fold((0.0, 0), |(s, b), cost| {
            (s + cost.seconds, b + cost.bytes.unwrap_or(0))
        });
    let all_new = at_work
        .iter()
        .all(|stage| stage.change.verdict == Verdict::New);
    let told = match (explanation.predicted, runs, at_work.len()) {
        (false, _, 0) => format!("none of {all} changed since {}", explanation.against),
        (false, _, _) if all_new => format!("nothing to compare with: all of {all} are new"),
        (false, _, changed) => format!("{changed} of {all} changed since {}", explanation.against),
        (true, _, 0) => format!("{all}, all in the cache"),
        (true, 0, may) => format!("{may} of {all} may run"),
        (true, runs, all_at_work) if runs == all_at_work => format!("{runs} of {all} will run"),
        (true, runs, all_at_work) => {
            format!("{runs} of {all} will run, {} may", all_at_work - runs)
        }
    };
    let mut text = told;
    if seconds > 0.0 {
        let _ = write!(text, "; about {}", duration(seconds));
        if bytes > 0 {
            let _ = write!(text, " and {}", DecimalBytes(bytes));
        }
        text.push_str(" by their last runs");
    }
    text + "\n"
}

/// A stage with what it will do and what it took.
fn root(stage: &Explained) -> String {
    let expected = match (&stage.expected, &stage.change.verdict) {
        (Some(Expected::Cached), _) => "in the cache",
        (Some(Expected::Runs), _) => "runs",
        (Some(Expected::MayRun), _) => "runs unless what it reads comes out the same",
        (Some(Expected::Lost), _) => "was built, and the daemon's cache seems to have lost it",
        (None, Verdict::New) => "is new",
        (None, _) => "changed",
    };
    let mut text = format!("{}  {expected}", stage.change.stage);
    if let Some(cost) = stage.cost {
        let _ = write!(text, ", {}", duration(cost.seconds));
        if let Some(bytes) = cost.bytes {
            let _ = write!(text, ", {}", DecimalBytes(bytes));
        }
    }
    text
}

/// What makes a root run, and the lines that explain it further.
pub(super) fn causes(stage: &Explained) -> Vec<(String, &str)> {
    match &stage.change.verdict {
        Verdict::Changed { causes, because_of } if causes.is_empty() => {
            vec![(format!("because of {}", because_of.join(", ")), "")]
        }
        Verdict::Changed { causes, .. } => causes
            .iter()
            .map(|cause| (cause.to_string(), cause.details()))
            .collect(),
        Verdict::New => vec![("new".to_owned(), "")],
        Verdict::Unchanged => match stage.expected {
            Some(Expected::Lost) => {
                vec![("the daemon's cache seems to have lost it".to_owned(), "")]
            }
            _ => vec![(
                "unchanged; it is forced to run, or stands on what is".to_owned(),
                "",
            )],
        },
        Verdict::Gone => Vec::new(),
    }
}

/// What follows from each root, each stage under the first root that leads to it.
fn cascades(explanation: &Explanation) -> BTreeMap<&str, Vec<&Explained>> {
    let stages: BTreeMap<&str, &Explained> = explanation
        .stages
        .iter()
        .map(|stage| (stage.change.stage.as_str(), stage))
        .collect();
    let mut cascades: BTreeMap<&str, Vec<&Explained>> = BTreeMap::new();
    for stage in explanation.at_work().filter(|stage| !stage.is_root()) {
        // Upwards until a root is met; a stage is above itself never, so this ends.
        let mut at = stage;
        while !at.is_root() {
            let above = at
                .because_of()
                .iter()
                .find_map(|name| stages.get(name.as_str()));
            match above {
                Some(above) => at = above,
                None => break,
            }
        }
        cascades
            .entry(at.change.stage.as_str())
            .or_default()
            .push(stage);
    }
    cascades
}

fn duration(seconds: f64) -> String {
    if seconds >= 120.0 {
        format!("{:.0} min", seconds / 60.0)
    } else if seconds >= 10.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{seconds:.1} s")
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
