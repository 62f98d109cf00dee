//! The graph of stages: what stands on nothing to the left, what needs it to the right.

use std::collections::HashMap;

use layercake_solve::{StageReport, StageState};
use maud::{Markup, html};

use super::super::{picture, round};
use super::{anchor, class, seconds};

/// The widest of a box, in pixels, and the space between columns.
const BOX: f64 = 190.0;
const GAP: f64 = 60.0;
/// The lowest and the highest box, and the space between rows.
const LOW: f64 = 38.0;
const HIGH: f64 = 110.0;
const BETWEEN: f64 = 12.0;
/// Letters of a name that fit into a box.
const LETTERS: usize = 22;

/// A stage on the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) height: f64,
}

/// The stages that each stage stands on, by their places in the list.
pub(super) fn needs(stages: &[StageReport]) -> Vec<Vec<usize>> {
    let places: HashMap<&str, usize> = stages
        .iter()
        .enumerate()
        .map(|(index, stage)| (stage.id.as_str(), index))
        .collect();
    let of = |(index, stage): (usize, &StageReport)| {
        // A stage comes after what it needs; a report that says otherwise must not send us in circles.
        let known = stage
            .needs
            .iter()
            .filter_map(|need| places.get(need.as_str()).copied());
        known.filter(|need| *need < index).collect()
    };
    stages.iter().enumerate().map(of).collect()
}

/// Where each stage goes: its column is the longest way to it; in its column it stands near what it needs.
pub(super) fn layout(stages: &[StageReport], needs: &[Vec<usize>]) -> Vec<Place> {
    let longest = stages.iter().map(|stage| stage.seconds).fold(0.0, f64::max);
    let mut columns: Vec<usize> = Vec::with_capacity(stages.len());
    for below in needs {
        columns.push(
            below
                .iter()
                .map(|need| columns[*need] + 1)
                .max()
                .unwrap_or(0),
        );
    }
    let last = columns.iter().copied().max().unwrap_or(0);
    let mut places = vec![
        Place {
            x: 0.0,
            y: 0.0,
            height: LOW
        };
        stages.len()
    ];
    let mut x = 4.0;
    for column in 0..=last {
        let mut own: Vec<usize> = (0..stages.len())
            .filter(|index| columns[*index] == column)
            .collect();
        let middle = |index: &usize| {
            let below = &needs[*index];
            let sum: f64 = below.iter().map(|need| places[*need].y).sum();
            sum / f64::from(u32::try_from(below.len().max(1)).unwrap_or(1))
        };
        own.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
        let mut y = 4.0;
        for index in own {
            let share = if longest > 0.0 {
                (stages[index].seconds / longest).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let height = LOW + (HIGH - LOW) * share.sqrt();
            places[index] = Place { x, y, height };
            y += height + BETWEEN;
        }
        x += BOX + GAP;
    }
    places
}

/// The picture.
pub fn graph(stages: &[StageReport]) -> Markup {
    let needs = needs(stages);
    let places = layout(stages, &needs);
    let width = places.iter().map(|place| place.x + BOX).fold(0.0, f64::max) + 4.0;
    let height = places
        .iter()
        .map(|place| place.y + place.height)
        .fold(0.0, f64::max)
        + 4.0;
    let content = html! {
        @for (index, below) in needs.iter().enumerate() {
            @for need in below {
                path.edge d=(curve(places[*need], places[index])) {}
            }
        }
        @for (index, (stage, place)) in stages.iter().zip(&places).enumerate() {
            a class=(class(stage.state)) href=(format!("#{}", anchor(index)))
                aria-label=(format!("{}, {}", stage.id, told(stage))) {
                title { (stage.id) ": " (told(stage)) (causes(stage)) }
                rect x=(round(place.x)) y=(round(place.y)) width=(round(BOX)) height=(round(place.height)) rx="6" {}
                text x=(round(place.x + 8.0)) y=(round(place.y + 16.0)) { (cut(&stage.id)) }
                text.small x=(round(place.x + 8.0)) y=(round(place.y + 31.0)) { (told(stage)) }
            }
        }
    };
    picture("graph of stages", width, height, &content)
}

fn told(stage: &StageReport) -> String {
    match stage.state {
        StageState::Cached | StageState::Canceled => {
            format!("{}, {}", stage.kind, class(stage.state))
        }
        other => format!("{}, {}, {} s", stage.kind, class(other), seconds(stage)),
    }
}

/// The causes, for who points at a stage.
fn causes(stage: &StageReport) -> String {
    let causes = stage.foretold.iter().flat_map(|foretold| &foretold.causes);
    causes
        .flat_map(|cause| ["\n", cause.text.as_str()])
        .collect()
}

fn curve(from: Place, to: Place) -> String {
    let (x1, y1) = (from.x + BOX, from.y + from.height / 2.0);
    let (x2, y2) = (to.x, to.y + to.height / 2.0);
    let bend = GAP / 2.0;
    format!(
        "M{} {} C{} {} {} {} {} {}",
        round(x1),
        round(y1),
        round(x1 + bend),
        round(y1),
        round(x2 - bend),
        round(y2),
        round(x2),
        round(y2)
    )
}

fn cut(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    name.chars().take(LETTERS - 1).chain(['…']).collect()
}
