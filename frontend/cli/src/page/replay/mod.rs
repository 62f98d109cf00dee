//! A replay as a page: when what ran again, how often each thing did, and which commits did not count.

mod chart;
mod commits;
mod tables;
#[cfg(test)]
mod tests;

use maud::html;

use super::document;
use crate::replay::{Count, Replayed, Totals};
use crate::view::count;

/// One account of the history, and how it looks on the page.
struct Account {
    name: &'static str,
    class: &'static str,
    of: fn(&Totals) -> Count,
}

const DOCKERFILE: Account = Account {
    name: "Dockerfile",
    class: "dockerfile",
    of: |totals| totals.dockerfile,
};
const LAYERCAKE: Account = Account {
    name: "layercake",
    class: "layercake",
    of: |totals| totals.layercake,
};
const IDEAL: Account = Account {
    name: "ideal",
    class: "ideal",
    of: |totals| totals.ideal,
};

/// The page.
pub fn html(replayed: &Replayed) -> String {
    let title = format!("Replay of {}", count(replayed.commits.len(), "commit"));
    let accounts = accounts(replayed);
    let content = html! {
        p { (summary(replayed)) }
        (chart::charts(replayed, &accounts))
        (tables::services(replayed))
        (tables::stages(replayed))
        (tables::dockerfiles(replayed))
        (commits::ran(replayed))
        (commits::passed_over(replayed))
    };
    document(&title, &content)
}

/// The accounts that there are: without a Dockerfile there is none of it.
fn accounts(replayed: &Replayed) -> Vec<Account> {
    let followed = replayed
        .services
        .iter()
        .any(|service| !service.steps.is_empty());
    let dockerfile = followed.then_some(DOCKERFILE);
    dockerfile.into_iter().chain([LAYERCAKE, IDEAL]).collect()
}

fn summary(replayed: &Replayed) -> String {
    let times = replayed.commits.iter().map(|commit| commit.time);
    let times = match (times.clone().min(), times.max()) {
        (Some(first), Some(last)) => format!(" From {} to {}.", day(first), day(last)),
        _ => String::new(),
    };
    format!(
        "{} of {} counted; a first run is not.{times}",
        count(replayed.builds, "commit"),
        replayed.commits.len()
    )
}

/// The day of a commit in UTC.
fn day(seconds: i64) -> String {
    gix::date::Time::new(seconds, 0).format_or_unix(gix::date::time::format::SHORT)
}

/// The name of a commit's row, for links.
fn anchor(index: usize) -> String {
    format!("commit-{index}")
}

/// The beginning of an id.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// Seconds as tables have them.
fn whole(seconds: f64) -> String {
    format!("{seconds:.0}")
}
