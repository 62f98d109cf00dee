//! The report of a build as one HTML page: nothing is fetched and no script runs, so it works from a disk, in print and
//! by keyboard, in light and dark.

mod graph;
mod prediction;
mod table;
#[cfg(test)]
mod tests;
mod timeline;

use layercake_solve::{Report, StageReport, StageState};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::view::count;

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn html(report: &Report) -> String {
    let services: Vec<_> = report
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    let title = format!("Build of {}", services.join(", "));
    let critical = timeline::critical_path(&report.stages);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p { (summary(report)) }
                (images(report))
                h2 { "Graph" }
                p.legend {
                    @for state in STATES {
                        span class=(class(state)) { (class(state)) }
                        " "
                    }
                    "taller boxes took longer; choose one to see its row"
                }
                (graph::graph(&report.stages))
                (timeline::timeline(&report.stages, &critical))
                (prediction::prediction(report))
                (table::table(report, &critical))
            }
        }
    };
    page.into_string()
}

const STATES: [StageState; 4] = [
    StageState::Ran,
    StageState::Cached,
    StageState::Failed,
    StageState::Canceled,
];

/// The name of a state, which is its class too.
fn class(state: StageState) -> &'static str {
    match state {
        StageState::Ran => "ran",
        StageState::Cached => "cached",
        StageState::Failed => "failed",
        StageState::Canceled => "canceled",
    }
}

fn summary(report: &Report) -> String {
    let states = STATES.map(|state| (report.in_state(state).count(), class(state)));
    let told = states.into_iter().filter(|(number, _)| *number > 0);
    let told: Vec<_> = told
        .map(|(number, name)| format!("{number} {name}"))
        .collect();
    format!(
        "{}: {}",
        count(report.stages.len(), "stage"),
        told.join(", ")
    )
}

fn images(report: &Report) -> Markup {
    html! {
        @if report.services.iter().any(|service| service.digest.is_some()) {
            h2 { "Images" }
            ul {
                @for service in &report.services {
                    @if let Some(digest) = &service.digest {
                        li { (service.name) " " code { (digest) } }
                    }
                }
            }
        }
    }
}

fn seconds(stage: &StageReport) -> String {
    match stage.state {
        StageState::Cached | StageState::Canceled => "-".to_owned(),
        _ => format!("{:.1}", stage.seconds),
    }
}

/// The name of a stage's row, for links.
fn anchor(index: usize) -> String {
    format!("stage-{index}")
}
