//! What a new lock has that the old one had not, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use layercake_planner::lock::Lock;

/// One line for each thing that came, went or moved.
pub fn changes(before: &Lock, after: &Lock) -> String {
    let (before, after) = (entries(before), entries(after));
    let mut lines = String::new();
    for (name, was) in &before {
        match after.get(name) {
            None => drop(writeln!(lines, "- {name} {was}")),
            Some(is) if is == was => {}
            Some(is) => drop(writeln!(lines, "~ {name} {was} -> {is}")),
        }
    }
    for (name, is) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        let _ = writeln!(lines, "+ {name} {is}");
    }
    lines.trim_end().to_owned()
}

/// All that is locked, by where and what, with its version or digest.
fn entries(lock: &Lock) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    if let Some(tool) = &lock.tool {
        all.insert("the tool that links packages".into(), tool.digest.clone());
    }
    for base in &lock.bases {
        all.insert(
            format!("{} {}", base.platform, base.reference),
            base.digest.clone(),
        );
    }
    for fetch in &lock.fetches {
        all.insert(fetch.url.clone(), fetch.checksum.clone());
    }
    for environment in &lock.environments {
        let place = format!("{} {}", environment.stage, environment.platform);
        all.insert(format!("{place} layers"), environment.layers.to_string());
        for package in &environment.packages {
            let version = format!("{} {}", package.version, package.build);
            all.insert(format!("{place} {}", package.name), version);
        }
        for wheel in &environment.wheels {
            all.insert(format!("{place} pip {}", wheel.name), wheel.version.clone());
        }
    }
    all
}
