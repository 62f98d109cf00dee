//! All stages with what they did, what was foretold of them, and why.

use std::collections::HashMap;

use layercake_solve::{Expected, Report, StageReport};
use maud::{Markup, html};

use super::super::wide;
use super::{anchor, class, seconds};
use crate::view::bytes;

/// The table.
pub fn table(report: &Report, critical: &[usize]) -> Markup {
    let stages = &report.stages;
    let rows: HashMap<&str, usize> = stages
        .iter()
        .enumerate()
        .map(|(index, stage)| (stage.id.as_str(), index))
        .collect();
    let table = html! {
        table {
            thead {
                tr {
                    th { "stage" } th { "state" } th { "foretold" } th.number { "seconds" } th.number { "size" }
                    th { "why" } th { "services" } th { "key" }
                }
            }
            tbody {
                @for (index, stage) in stages.iter().enumerate() {
                    tr id=(anchor(index)) tabindex="-1" {
                        th scope="row" { (stage.id) div.small { (stage.kind) } }
                        td class=(class(stage.state)) {
                            (class(stage.state))
                            @if critical.contains(&index) { div.small { "waited for" } }
                        }
                        td { (foretold(report, stage)) }
                        td.number { (seconds(stage)) }
                        td.number { (stage.bytes.map_or(String::from("-"), bytes)) }
                        td.why { (why(stage, &rows)) }
                        td { (stage.services.join(", ")) }
                        td { code { (short(&stage.digest)) } }
                    }
                }
            }
        }
    };
    html! {
        h2 { "Stages and causes" }
        (wide("stages and causes", &table))
    }
}

/// What was foretold of a stage, marked if it did something else.
fn foretold(report: &Report, stage: &StageReport) -> Markup {
    let Some(foretold) = &stage.foretold else {
        return html! { "-" };
    };
    let mismatches = report.prediction.iter().flat_map(|found| &found.mismatches);
    let wrong = mismatches
        .into_iter()
        .any(|mismatch| mismatch.stage == stage.id);
    html! {
        @if wrong { strong.failed { (expected(foretold.expected)) ", wrongly" } }
        @else { (expected(foretold.expected)) }
    }
}

fn expected(expected: Expected) -> &'static str {
    match expected {
        Expected::Cached => "cached",
        Expected::Runs => "runs",
        Expected::MayRun => "may run",
        Expected::Lost => "lost",
    }
}

/// The causes in the stage itself, the stages that it follows from, and why it failed.
fn why(stage: &StageReport, rows: &HashMap<&str, usize>) -> Markup {
    let foretold = stage.foretold.as_ref();
    let causes = foretold.map_or(&[][..], |foretold| &foretold.causes);
    let because_of = foretold.map_or(&[][..], |foretold| &foretold.because_of);
    html! {
        @if !causes.is_empty() {
            ul {
                @for cause in causes {
                    li {
                        (cause.text)
                        @if !cause.details.is_empty() { (difference(&cause.details)) }
                    }
                }
            }
        }
        @if !because_of.is_empty() {
            "because of "
            @for (number, name) in because_of.iter().enumerate() {
                @if number > 0 { ", " }
                @match rows.get(name.as_str()) {
                    Some(row) => a href=(format!("#{}", anchor(*row))) { (name) },
                    None => (name),
                }
            }
        }
        @if let Some(error) = &stage.error { pre.failed { (error) } }
    }
}

/// The lines that differ; what is gone and what is new can be told apart without colours.
fn difference(lines: &str) -> Markup {
    let kind = |line: &str| match line.as_bytes().first() {
        Some(b'+') => "added",
        Some(b'-') => "removed",
        _ => "same",
    };
    html! {
        pre.difference {
            @for line in lines.lines().filter(|line| !line.starts_with("@@")) {
                span class=(kind(line)) { (line) "\n" }
            }
        }
    }
}

/// The beginning of a digest.
pub fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
