//! What ran again so far, at each commit, over the time of the history.

use std::fmt::Write;

use maud::{Markup, html};

use super::super::{number, picture, round};
use super::{Account, anchor, day, short};
use crate::replay::{CommitAccount, Count, Replayed};
use crate::view::count;

/// Sizes in pixels: the axis, the field of the lines, the room for their names, the strip of the commits, the dates.
const AXIS: f64 = 70.0;
const FIELD: (f64, f64) = (800.0, 230.0);
const NAMES: f64 = 200.0;
const ABOVE: f64 = 12.0;
const STRIP: f64 = 34.0;
const BARE: f64 = 8.0;
const DATES: f64 = 22.0;
/// The height of a line of text.
const LINE: f64 = 15.0;
/// The width of a commit's mark, and the least distance to the next, as long as there is room for all.
const MARK: f64 = 5.0;
const NEXT: f64 = 7.0;
/// The most lines across the field.
const LINES: f64 = 5.0;

/// The runs, and the seconds of those whose cost is known.
pub fn charts(replayed: &Replayed, accounts: &[Account]) -> Markup {
    if replayed.builds == 0 {
        return html! {};
    }
    let places = places(&replayed.commits);
    let runs = Measure {
        name: "runs so far",
        of: |count| number(count.runs),
        unit: "",
        strip: STRIP,
        marks: marks(&replayed.commits, &places),
    };
    let seconds = Measure {
        name: "seconds so far",
        of: |count| count.seconds,
        unit: " s",
        strip: BARE,
        marks: html! {},
    };
    html! {
        h2 { "Runs" }
        p.legend {
            "What ran again so far, by the accounts of "
            @for (number, account) in accounts.iter().enumerate() {
                @if number > 0 { ", " }
                span class=(account.class) { (account.name) }
            }
            ". Below it the commits: high marks ran stages, low ones steps of a Dockerfile alone, and hollow ones could "
            "not be built. Choose one to see its row."
        }
        (chart(replayed, accounts, &places, &runs))
        @if replayed.costed {
            h2 { "Seconds" }
            p { "The seconds of these runs, where their cost is known." }
            (chart(replayed, accounts, &places, &seconds))
        }
    }
}

/// What is counted of runs.
struct Measure {
    name: &'static str,
    of: fn(Count) -> f64,
    unit: &'static str,
    /// What is drawn of the commits, and its height.
    strip: f64,
    marks: Markup,
}

/// Where each commit stands in the field, from 0 to 1: by its time, but beside the one before it where both are of one
/// time, or where it claims to be older. Where all are of one time, they stand evenly.
pub(super) fn places(commits: &[CommitAccount]) -> Vec<f64> {
    let Some(first) = commits.first() else {
        return Vec::new();
    };
    #[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
    let since = |commit: &CommitAccount| commit.time.saturating_sub(first.time).max(0) as f64;
    let whole = commits.iter().map(since).fold(0.0, f64::max);
    let steps = number(commits.len() - 1).max(1.0);
    if whole == 0.0 {
        return (0..commits.len())
            .map(|index| number(index) / steps)
            .collect();
    }
    let mut places: Vec<_> = commits.iter().map(|commit| since(commit) / whole).collect();
    let gap = f64::min(NEXT / FIELD.0, 1.0 / steps);
    let mut least = 0.0;
    for place in &mut places {
        *place = place.max(least);
        least = *place + gap;
    }
    let mut most = 1.0;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - gap;
    }
    places
}

/// One account's value after each commit.
pub(super) fn so_far(
    commits: &[CommitAccount],
    account: &Account,
    of: fn(Count) -> f64,
) -> Vec<f64> {
    let add = |sum: &mut f64, commit: &CommitAccount| {
        *sum += of((account.of)(&commit.total));
        Some(*sum)
    };
    commits.iter().scan(0.0, add).collect()
}

fn chart(replayed: &Replayed, accounts: &[Account], places: &[f64], measure: &Measure) -> Markup {
    let commits = &replayed.commits;
    let series: Vec<_> = accounts
        .iter()
        .map(|account| so_far(commits, account, measure.of))
        .collect();
    let most = series.iter().flatten().copied().fold(0.0, f64::max);
    let step = step(most);
    let top = ((most / step).ceil() * step).max(step);
    let y = |value: f64| ABOVE + FIELD.1 * (1.0 - value / top);
    let ends = series
        .iter()
        .map(|line| y(line.last().copied().unwrap_or(0.0)));
    let names = apart(&ends.collect::<Vec<_>>());
    let (width, height) = (
        AXIS + FIELD.0 + NAMES,
        ABOVE + FIELD.1 + measure.strip + DATES,
    );
    let content = html! {
        @for line in lines(top, step) {
            line.tick x1=(round(AXIS)) x2=(round(AXIS + FIELD.0)) y1=(round(y(line))) y2=(round(y(line))) {}
            text.small.end x=(round(AXIS - 8.0)) y=(round(y(line) + 4.0)) { (line) (measure.unit) }
        }
        (dates(commits, places, height))
        @for ((account, line), name) in accounts.iter().zip(&series).zip(&names) {
            g class=(account.class) {
                path.series d=(stairs(places, line, y)) {}
                text.named x=(round(AXIS + FIELD.0 + 10.0)) y=(round(name + 4.0)) {
                    (account.name) " " (format!("{:.0}", line.last().copied().unwrap_or(0.0))) (measure.unit)
                }
            }
        }
        (measure.marks)
    };
    picture(measure.name, width, height, &content)
}

/// A line that goes up at each commit that ran something.
fn stairs(places: &[f64], values: &[f64], y: impl Fn(f64) -> f64) -> String {
    let mut path = format!("M{} {}", round(AXIS), round(y(0.0)));
    let mut last = 0.0;
    for (place, value) in places.iter().zip(values) {
        if *value > last {
            let (right, up) = (round(AXIS + FIELD.0 * place), round(y(*value)));
            let _ = write!(path, "H{right}V{up}");
            last = *value;
        }
    }
    path + &format!("H{}", round(AXIS + FIELD.0))
}

/// The commits. Those that have a row are links to it.
fn marks(commits: &[CommitAccount], places: &[f64]) -> Markup {
    let bottom = ABOVE + FIELD.1 + STRIP;
    let mark = |place: &f64, height: f64| {
        html! {
            rect.mark x=(round(AXIS + FIELD.0 * place - MARK / 2.0)) y=(round(bottom - height)) width=(round(MARK))
                height=(round(height)) {}
        }
    };
    html! {
        @for (index, (commit, place)) in commits.iter().zip(places).enumerate() {
            @match kind(commit) {
                None => line.quiet x1=(round(AXIS + FIELD.0 * place)) x2=(round(AXIS + FIELD.0 * place))
                    y1=(round(bottom - 6.0)) y2=(round(bottom)) {},
                Some((class, height)) => a class=(class) href=(format!("#{}", anchor(index))) aria-label=(told(commit)) {
                    title { (told(commit)) }
                    (mark(place, height))
                },
            }
        }
    }
}

/// How a commit's mark looks, if it has a row.
fn kind(commit: &CommitAccount) -> Option<(&'static str, f64)> {
    if commit.problem.is_some() {
        Some(("passed-over", 24.0))
    } else if commit.total.layercake.runs > 0 {
        Some(("layercake", 24.0))
    } else {
        (commit.total.dockerfile.runs > 0).then_some(("dockerfile", 14.0))
    }
}

fn told(commit: &CommitAccount) -> String {
    let head = format!(
        "{} {}, {}",
        short(&commit.commit),
        day(commit.time),
        commit.subject
    );
    match &commit.problem {
        Some(problem) => format!("{head}: not counted, {problem}"),
        None => format!(
            "{head}: {} and {} again",
            count(commit.total.layercake.runs, "stage"),
            count(commit.total.dockerfile.runs, "step")
        ),
    }
}

/// Days along the lower edge: the first commit at or after each quarter says its own.
fn dates(commits: &[CommitAccount], places: &[f64], height: f64) -> Markup {
    let mut told = Vec::new();
    for quarter in 0..=4_u8 {
        let from = f64::from(quarter) / 4.0;
        let found = places.iter().position(|place| *place >= from);
        let Some((place, commit)) = found.map(|index| (places[index], &commits[index])) else {
            continue;
        };
        if told.last().is_none_or(|(last, _)| place - last > 0.12) {
            told.push((place, day(commit.time)));
        }
    }
    html! {
        @for (place, day) in told {
            text.small.middle x=(round(AXIS + FIELD.0 * place)) y=(round(height - 6.0)) { (day) }
        }
    }
}

/// The distance of lines across the field: 1, 2 or 5 of some power of ten, and at most as many as fit.
pub(super) fn step(most: f64) -> f64 {
    let mut step = 1.0;
    for factor in [2.0, 2.5, 2.0].into_iter().cycle() {
        if most <= step * LINES {
            break;
        }
        step *= factor;
    }
    step
}

fn lines(top: f64, step: f64) -> Vec<f64> {
    let next = |line: &f64| Some(line + step).filter(|line| *line <= top);
    std::iter::successors(Some(0.0), next).collect()
}

/// Heights of names near those wanted, one line of text apart, and none above the field.
pub(super) fn apart(wanted: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*b].total_cmp(&wanted[*a]).then(b.cmp(a)));
    let mut heights = wanted.to_vec();
    let mut lowest = f64::INFINITY;
    for index in &order {
        heights[*index] = wanted[*index].min(lowest);
        lowest = heights[*index] - LINE;
    }
    let mut highest = ABOVE;
    for index in order.iter().rev() {
        heights[*index] = heights[*index].max(highest);
        highest = heights[*index] + LINE;
    }
    heights
}
