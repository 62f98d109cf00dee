//! The report of a build as a page.

mod graph;
mod prediction;
mod table;
#[cfg(test)]
mod tests;
mod timeline;

use layercake_solve::{Report, StageReport, StageState};
use maud::{Markup, html};

use super::document;
use crate::view::count;

/// The page.
pub fn html(report: &Report) -> String {
    let services: Vec<_> = report
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    let title = format!("Build of {}", services.join(", "));
    let critical = timeline::critical_path(&report.stages);
    let content = html! {
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
    };
    document(&title, &content)
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
