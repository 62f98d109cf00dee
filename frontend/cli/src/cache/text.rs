//! The cache for people.

use std::fmt::Write;

use layercake_solve::BuildRecord;

use super::builds::name;
use super::{Builds, Held, Pruned, Usage};
use crate::view::table::Table;
use crate::view::{bytes, count};

/// What the cache holds.
pub fn usage(usage: &Usage) -> String {
    let mut stages = Table::new(["stage", "records", "size"]);
    for stage in &usage.stages {
        line(&mut stages, &stage.stage, stage.held);
    }
    let mut services = Table::new(["service", "records", "size"]);
    for service in &usage.services {
        line(&mut services, &service.service, service.held);
    }
    let mut packages = Table::new(["package cache", "size"]);
    let (own, others): (Vec<_>, Vec<_>) = usage
        .packages
        .iter()
        .partition(|cache| !cache.stages.is_empty());
    for cache in own {
        let stages: Vec<_> = cache.stages.iter().map(String::as_str).collect();
        packages.row([
            format!("{} of {}", cache.target, stages.join(", ")),
            bytes(cache.bytes),
        ]);
    }
    let foreign = others.iter().map(|cache| cache.bytes).sum();
    packages.row(["of others".to_owned(), bytes(foreign)]);
    let mut rest = Table::new(["besides", "records", "size"]);
    line(&mut rest, "earlier versions of stages", usage.earlier);
    line(&mut rest, "folders that were sent", usage.context);
    line(
        &mut rest,
        "images, other projects, the daemon's own",
        usage.other,
    );
    line(&mut rest, "all of the cache", usage.total);
    format!("{stages}\n{services}\n{packages}\n{rest}")
}

fn line(table: &mut Table, name: &str, held: Held) {
    table.row([name.to_owned(), held.records.to_string(), bytes(held.bytes)]);
}

/// What a prune removed.
pub fn pruned(pruned: &Pruned) -> String {
    let mut out = String::new();
    let verb = if pruned.dry_run {
        "would remove"
    } else {
        "removed"
    };
    let _ = writeln!(
        out,
        "{verb} {} of {}",
        count(pruned.removed.records, "record"),
        bytes(pruned.removed.bytes)
    );
    if pruned.stages.is_empty() {
        let _ = writeln!(out, "no stage has to run again");
        return out;
    }
    let mut table = Table::new(["runs again", "seconds"]);
    for stage in &pruned.stages {
        let seconds = stage
            .seconds
            .map_or("-".to_owned(), |seconds| format!("{seconds:.1}"));
        table.row([stage.stage.clone(), seconds]);
    }
    let _ = write!(out, "\n{table}");
    let known = pruned
        .stages
        .iter()
        .filter(|stage| stage.seconds.is_some())
        .count();
    let _ = writeln!(
        out,
        "{}, {:.1} s; known of {known}",
        count(pruned.stages.len(), "stage"),
        pruned.seconds
    );
    out
}

/// The builds.
pub fn builds(builds: &Builds) -> String {
    let mut table = Table::new(["build", "began", "seconds", "cached", "steps", "state"]);
    for build in &builds.builds {
        let began = build
            .created
            .map_or("-".to_owned(), |time| time.to_string());
        let seconds = build.completed.zip(build.created);
        let seconds = seconds.map_or("-".to_owned(), |(to, from)| {
            format!("{:.1}", to.seconds_since(from))
        });
        table.row([
            format!("{} {}", build.reference, name(build)),
            began
                .split('.')
                .next()
                .unwrap_or_default()
                .trim_end_matches('Z')
                .to_owned(),
            seconds,
            build.cached_steps.to_string(),
            build.total_steps.to_string(),
            state(build).to_owned(),
        ]);
    }
    table.to_string()
}

fn state(build: &BuildRecord) -> &'static str {
    match (&build.error, build.completed) {
        (Some(_), _) => "failed",
        (None, Some(_)) => "done",
        (None, None) => "running",
    }
}
