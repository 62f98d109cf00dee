//! How the values of options are spelt.

use super::OptionError;
use crate::bridge::ResolveMode;
use crate::control::CacheOption;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The network of a build's commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NetworkMode {
    /// The daemon's sandbox.
    #[default]
    Sandbox,
    /// The daemon's own network, which the build must be entitled to.
    Host,
    /// None.
    None,
}

/// A limit of a build's commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ulimit {
    /// Such as `nofile`.
    pub name: String,
    /// The soft limit; -1 for no limit.
    pub soft: i64,
    /// The hard limit; -1 for no limit.
    pub hard: i64,
}

type Parsed<T> = Result<T, &'static str>;

pub(super) fn list(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

pub(super) fn capabilities(value: &str) -> Vec<String> {
    let plain = |name: String| {
        name.strip_suffix("+forward")
            .map(str::to_owned)
            .unwrap_or(name)
    };
    list(value).into_iter().map(plain).collect()
}

pub(super) fn boolean(value: &str) -> Parsed<bool> {
    match value {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(true),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(false),
        _ => Err("it must be true or false"),
    }
}

pub(super) fn resolve_mode(value: &str) -> Parsed<ResolveMode> {
    match value {
        "" | "default" => Ok(ResolveMode::Default),
        "pull" => Ok(ResolveMode::Pull),
        "local" => Ok(ResolveMode::Local),
        _ => Err("it must be default, pull or local"),
    }
}

pub(super) fn network(value: &str) -> Parsed<NetworkMode> {
    match value {
        "" | "sandbox" => Ok(NetworkMode::Sandbox),
        "host" => Ok(NetworkMode::Host),
        "none" => Ok(NetworkMode::None),
        _ => Err("it must be sandbox, host or none"),
    }
}

pub(super) fn hosts(value: &str) -> Parsed<Vec<(String, IpAddr)>> {
    let host = |entry: String| {
        let (name, ip) = entry.split_once('=')?;
        Some((
            name.to_lowercase(),
            ip.trim_start_matches('[')
                .trim_end_matches(']')
                .parse()
                .ok()?,
        ))
    };
    list(value)
        .into_iter()
        .map(host)
        .collect::<Option<_>>()
        .ok_or("it must be a list of name=IP")
}

pub(super) fn size(value: &str) -> Parsed<Option<u64>> {
    if value.is_empty() {
        return Ok(None);
    }
    value
        .parse()
        .map(Some)
        .map_err(|_| "it must be a number of bytes")
}

pub(super) fn ulimits(value: &str) -> Parsed<Vec<Ulimit>> {
    let limit = |entry: String| {
        let (name, limits) = entry.split_once('=')?;
        let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
        let (soft, hard) = (soft.parse().ok()?, hard.parse().ok()?);
        let in_order = hard == -1 || (soft != -1 && soft <= hard);
        in_order.then(|| Ulimit {
            name: name.to_owned(),
            soft,
            hard,
        })
    };
    list(value)
        .into_iter()
        .map(limit)
        .collect::<Option<_>>()
        .ok_or("it must be a list of name=soft[:hard], soft first")
}

#[derive(Deserialize)]
struct ImportJson {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "Attrs", default)]
    attributes: Option<BTreeMap<String, String>>,
}

/// `cache-imports`: JSON.
pub(super) fn cache_imports(json: &str) -> Result<Vec<CacheOption>, OptionError> {
    let imports: Vec<ImportJson> = serde_json::from_str(json).map_err(|_| OptionError {
        name: "cache-imports".to_owned(),
        value: json.to_owned(),
        problem: "it must be a JSON list of objects with Type and Attrs",
    })?;
    let import = |json: ImportJson| CacheOption {
        kind: json.kind,
        attributes: json.attributes.unwrap_or_default(),
    };
    Ok(imports.into_iter().map(import).collect())
}

/// `cache-from`: references in a registry.
pub(super) fn registry_imports(value: &str) -> Vec<CacheOption> {
    let import = |reference: String| CacheOption {
        kind: "registry".to_owned(),
        attributes: BTreeMap::from([("ref".to_owned(), reference)]),
    };
    list(value).into_iter().map(import).collect()
}
