//! When each stage ran, and the chain of stages that the build waited for.

use layercake_solve::StageReport;
use maud::{Markup, html};

use super::super::{number, picture, round};
use super::graph::needs;
use super::{anchor, class};

/// Sizes in pixels.
const NAMES: f64 = 200.0;
const BARS: f64 = 700.0;
const ROW: f64 = 22.0;

/// A stage that did something, by its place in the list, with its seconds from the build's first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    index: usize,
    from: f64,
    to: f64,
}

fn spans(stages: &[StageReport]) -> Vec<Span> {
    let ran = |(index, stage): (usize, &StageReport)| {
        let from = stage.started?;
        Some(Span {
            index,
            from,
            to: from + stage.seconds,
        })
    };
    let mut spans: Vec<Span> = stages.iter().enumerate().filter_map(ran).collect();
    let first = spans
        .iter()
        .map(|span| span.from)
        .fold(f64::INFINITY, f64::min);
    for span in &mut spans {
        span.from -= first;
        span.to -= first;
    }
    spans.sort_by(|a, b| a.from.total_cmp(&b.from));
    spans
}

/// From the stage that ended last back to what it waited for: of the stages that it needs, the one that ended last.
pub fn critical_path(stages: &[StageReport]) -> Vec<usize> {
    let (spans, needs) = (spans(stages), needs(stages));
    let end = |index: usize| {
        spans
            .iter()
            .find(|span| span.index == index)
            .map(|span| span.to)
    };
    let mut at = spans
        .iter()
        .max_by(|a, b| a.to.total_cmp(&b.to))
        .map(|span| span.index);
    let mut path = Vec::new();
    while let Some(index) = at {
        path.push(index);
        let ran = needs[index]
            .iter()
            .filter_map(|need| Some((*need, end(*need)?)));
        at = ran.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(need, _)| need);
    }
    path.reverse();
    path
}

/// The picture; nothing if nothing ran.
pub fn timeline(stages: &[StageReport], critical: &[usize]) -> Markup {
    let spans = spans(stages);
    let end = spans.iter().map(|span| span.to).fold(0.0, f64::max);
    if spans.is_empty() {
        return html! {};
    }
    let scale = if end > 0.0 { BARS / end } else { 0.0 };
    let (width, height) = (NAMES + BARS + 80.0, number(spans.len()) * ROW + 24.0);
    let critical_names: Vec<_> = critical
        .iter()
        .map(|index| stages[*index].id.as_str())
        .collect();
    let content = html! {
        @for tick in 0..=4_u8 {
            @let part = f64::from(tick) / 4.0;
            line.tick x1=(round(NAMES + BARS * part)) x2=(round(NAMES + BARS * part))
                y1="0" y2=(round(height - 20.0)) {}
            text.small x=(round(NAMES + BARS * part)) y=(round(height - 6.0)) { (format!("{:.1} s", end * part)) }
        }
        @for (row, span) in spans.iter().enumerate() {
            @let stage = &stages[span.index];
            @let y = number(row) * ROW;
            a class=(classes(stage, critical.contains(&span.index))) href=(format!("#{}", anchor(span.index)))
                aria-label=(format!("{} from {:.1} s to {:.1} s", stage.id, span.from, span.to)) {
                title { (stage.id) (format!(": {:.1} s to {:.1} s", span.from, span.to)) }
                text x="0" y=(round(y + 15.0)) { (stage.id) }
                rect.bar x=(round(NAMES + span.from * scale)) y=(round(y + 4.0))
                    width=(round(((span.to - span.from) * scale).max(1.5))) height=(round(ROW - 8.0)) {}
            }
        }
    };
    html! {
        h2 { "Timeline" }
        p { (format!("{end:.1} s; ")) span.critical { "the build waited for" } " " (critical_names.join(", then ")) }
        (picture("timeline", width, height, &content))
    }
}

fn classes(stage: &StageReport, critical: bool) -> String {
    if critical {
        format!("{} critical", class(stage.state))
    } else {
        class(stage.state).to_owned()
    }
}
