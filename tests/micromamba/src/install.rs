//! `install`: solve, download, link, and hand the rest to pip.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use rattler::install::Installer;
use rattler::package_cache::PackageCache;
use rattler_conda_types::{MatchSpec, PrefixRecord, RepoDataRecord};
use rattler_networking::LazyClient;
use rattler_solve::{SolverImpl as _, SolverTask, resolvo};

use crate::cli::InstallOptions;
use crate::config::Config;
use crate::environment::Request;
use crate::output::say;
use crate::repodata;

/// Brings the environment to what is asked for; what it holds already is kept where
/// that is possible.
pub async fn install(config: &Config, options: &InstallOptions) -> Result<()> {
    let prefix = config.prefix(&options.target);
    let request = Request::new(options, &config.channels)?;
    let client = LazyClient::default();
    let installed: Vec<PrefixRecord> = PrefixRecord::collect_from_prefix(&prefix)?;
    if !request.specs.is_empty() {
        for channel in &request.channels {
            say(&format!("channel  {}", channel.base_url));
        }
        let available = repodata::fetch(&request.channels, &client).await?;
        let specs = all_specs(&request.specs, &installed)?;
        let records = solve(&specs, &available, &installed)?;
        announce(&records, &installed);
        link(config, &prefix, client, specs, records).await?;
    }
    pip(&prefix, &request.pip)
}

/// What is asked for now, and what was asked for before.
fn all_specs(asked: &[MatchSpec], installed: &[PrefixRecord]) -> Result<Vec<MatchSpec>> {
    let mut specs = asked.to_vec();
    for spec in installed.iter().flat_map(|record| &record.requested_specs) {
        let spec: MatchSpec = spec.parse()?;
        if !asked.iter().any(|newer| newer.name == spec.name) {
            specs.push(spec);
        }
    }
    Ok(specs)
}

fn solve(
    specs: &[MatchSpec],
    available: &[Vec<RepoDataRecord>],
    installed: &[PrefixRecord],
) -> Result<Vec<RepoDataRecord>> {
    let locked = installed.iter().map(|record| &record.repodata_record);
    let task = SolverTask {
        specs: specs.to_vec(),
        locked_packages: locked.collect(),
        ..SolverTask::from_iter(available)
    };
    let mut records = resolvo::Solver.solve(task)?.records;
    records.sort_by(|a, b| a.package_record.name.cmp(&b.package_record.name));
    Ok(records)
}

/// Says what changes.
fn announce(records: &[RepoDataRecord], installed: &[PrefixRecord]) {
    let describe = |record: &RepoDataRecord| {
        let record = &record.package_record;
        format!(
            "{} {} {}",
            record.name.as_normalized(),
            record.version,
            record.build
        )
    };
    let by_url = |record: &RepoDataRecord| (record.url.to_string(), describe(record));
    let before: BTreeMap<_, _> = installed
        .iter()
        .map(|record| by_url(&record.repodata_record))
        .collect();
    let after: BTreeMap<_, _> = records.iter().map(by_url).collect();
    for (url, package) in &before {
        if !after.contains_key(url) {
            say(&format!("unlink   {package}"));
        }
    }
    for (url, package) in &after {
        if !before.contains_key(url) {
            say(&format!("link     {package}"));
        }
    }
}

async fn link(
    config: &Config,
    prefix: &Path,
    client: LazyClient,
    specs: Vec<MatchSpec>,
    records: Vec<RepoDataRecord>,
) -> Result<()> {
    let count = records.len();
    let done = Installer::new()
        .with_download_client(client)
        .with_package_cache(PackageCache::new(&config.packages))
        .with_requested_specs(specs)
        .install(prefix, records)
        .await?;
    make_readable(&prefix.join("conda-meta"))?;
    let changed = done.transaction.operations.len();
    say(&format!(
        "done     {count} packages in {}, {changed} changed",
        prefix.display()
    ));
    Ok(())
}

/// rattler keeps its records to their owner; micromamba lets everybody read them.
fn make_readable(records: &Path) -> Result<()> {
    for entry in fs::read_dir(records)? {
        fs::set_permissions(entry?.path(), Permissions::from_mode(0o644))?;
    }
    Ok(())
}

/// Has the environment's own pip install the file's `pip:` section.
fn pip(prefix: &Path, packages: &[String]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    say(&format!("pip      {}", packages.join(" ")));
    let python = prefix.join("bin/python");
    let status = Command::new(&python)
        .args(["-m", "pip", "install", "--no-input", "--upgrade"])
        .args(packages)
        .status()
        .with_context(|| format!("could not start {}", python.display()))?;
    if !status.success() {
        bail!("pip failed ({status})");
    }
    Ok(())
}
