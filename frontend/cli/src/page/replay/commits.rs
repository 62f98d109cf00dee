//! The commits that ran something again, and those that did not count.

use maud::{Markup, html};

use super::super::wide;
use super::{anchor, day, short};
use crate::replay::{CommitAccount, Replayed};
use crate::view::count;

/// The commits with what ran again at each. Of the others only their number is told.
pub fn ran(replayed: &Replayed) -> Markup {
    let counted = replayed.commits.iter().enumerate();
    let counted = counted.filter(|(_, commit)| commit.problem.is_none());
    let told: Vec<_> = counted
        .filter(|(_, commit)| commit.total.layercake.runs + commit.total.dockerfile.runs > 0)
        .collect();
    let quiet = replayed.builds - told.len();
    let table = html! {
        table {
            thead {
                tr {
                    th { "commit" } th { "subject" } th { "stages that ran again" } th.number { "ideal" }
                    th { "steps of Dockerfiles" }
                }
            }
            tbody {
                @for (index, commit) in &told {
                    tr id=(anchor(*index)) tabindex="-1" {
                        (head(commit))
                        td { (commit.subject) }
                        td.why { (commit.stages.join(", ")) }
                        td.number { (commit.total.ideal.runs) }
                        td { (steps(commit)) }
                    }
                }
            }
        }
    };
    html! {
        h2 { "Commits" }
        @if quiet > 0 { p { (count(quiet, "commit")) " ran nothing again." } }
        @if !told.is_empty() { (wide("commits", &table)) }
    }
}

/// The commits that cannot be built, and why.
pub fn passed_over(replayed: &Replayed) -> Markup {
    let commits = replayed.commits.iter().enumerate();
    let told =
        commits.filter_map(|(index, commit)| Some((index, commit, commit.problem.as_ref()?)));
    let told: Vec<_> = told.collect();
    let table = html! {
        table {
            thead { tr { th { "commit" } th { "subject" } th { "why" } } }
            tbody {
                @for (index, commit, problem) in &told {
                    tr id=(anchor(*index)) tabindex="-1" {
                        (head(commit))
                        td { (commit.subject) }
                        td.why { pre.failed { (problem) } }
                    }
                }
            }
        }
    };
    html! {
        @if !told.is_empty() {
            h2 { "Commits that could not be built" }
            p { "They count for neither side." }
            (wide("commits that could not be built", &table))
        }
    }
}

fn head(commit: &CommitAccount) -> Markup {
    html! {
        th scope="row" { code { (short(&commit.commit)) } div.small.day { (day(commit.time)) } }
    }
}

/// How many steps of each service's Dockerfile ran again.
fn steps(commit: &CommitAccount) -> String {
    let steps = commit.steps.iter();
    let told: Vec<_> = steps
        .map(|(service, steps)| format!("{service} {steps}"))
        .collect();
    if told.is_empty() {
        "-".to_owned()
    } else {
        told.join(", ")
    }
}
