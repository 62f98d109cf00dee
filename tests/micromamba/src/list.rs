//! `list` and `info`.

use std::path::Path;

use anyhow::Result;
use rattler_conda_types::PrefixRecord;

use crate::config::Config;
use crate::output::say;

/// Prints the packages of an environment.
pub fn list(prefix: &Path, json: bool) -> Result<()> {
    let mut records: Vec<PrefixRecord> = PrefixRecord::collect_from_prefix(prefix)?;
    records.sort_by(|a, b| name(a).cmp(name(b)));
    if json {
        let list: Vec<_> = records.iter().map(describe).collect();
        say(&serde_json::to_string_pretty(&list)?);
        return Ok(());
    }
    say(&format!(
        "List of packages in environment: {}",
        prefix.display()
    ));
    for record in &records {
        let package = &record.repodata_record.package_record;
        let channel = record.repodata_record.channel.as_deref().unwrap_or("-");
        let (version, build) = (package.version.to_string(), &package.build);
        say(&format!(
            "  {:<24} {version:<16} {build:<16} {channel}",
            name(record)
        ));
    }
    Ok(())
}

/// Prints the configuration.
pub fn info(config: &Config) {
    say(&format!(
        "base environment : {}",
        config.root_prefix.display()
    ));
    say(&format!("package cache    : {}", config.packages.display()));
    say(&format!(
        "channel alias    : {}",
        config.channels.channel_alias
    ));
}

fn name(record: &PrefixRecord) -> &str {
    record.repodata_record.package_record.name.as_normalized()
}

fn describe(record: &PrefixRecord) -> serde_json::Value {
    let package = &record.repodata_record.package_record;
    serde_json::json!({
        "name": name(record),
        "version": package.version.to_string(),
        "build_string": package.build,
        "channel": record.repodata_record.channel,
        "url": record.repodata_record.url.to_string(),
    })
}
