//! Lists of packages, compared package by package.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Cause;
use super::align::Difference;

/// Where locked packages are listed.
const LOCK: &str = "layercake.lock";

/// A canonical conda environment: channels, packages and what pip installs into it. Nothing if it is not one.
pub(super) fn environment(list: &str, before: &str, after: &str) -> Option<Vec<Cause>> {
    let (before, after): (Value, Value) = (
        serde_json::from_str(before).ok()?,
        serde_json::from_str(after).ok()?,
    );
    let (channels, other) = (texts(&before["channels"])?, texts(&after["channels"])?);
    let mut found = Vec::new();
    if channels != other {
        found.push(Cause::Parameter {
            name: format!("{list}: channels"),
            from: Some(before["channels"].clone()),
            to: Some(after["channels"].clone()),
        });
    }
    let (conda, pip) = dependencies(&before["dependencies"])?;
    let (conda_now, pip_now) = dependencies(&after["dependencies"])?;
    found.extend(specs(list, &conda, &conda_now));
    found.extend(specs(&format!("{list}: pip"), &pip, &pip_now));
    Some(found)
}

/// Lines of requirements.
pub(super) fn lines(list: &str, before: &str, after: &str) -> Vec<Cause> {
    specs(
        list,
        &before.lines().collect::<Vec<_>>(),
        &after.lines().collect::<Vec<_>>(),
    )
}

/// Whether this is a package or a wheel of a lock.
pub(super) fn is_locked(item: &Value) -> bool {
    ["name", "version", "sha256"]
        .iter()
        .all(|field| item[field].is_string())
}

/// What became of a locked package: none if it has the same version, and something else of it changed.
pub(super) fn locked(difference: &Difference<'_, Value>) -> Option<Cause> {
    let (from, to) = match difference {
        Difference::Changed(from, to) => (Some(*from), Some(*to)),
        Difference::Added(to) => (None, Some(*to)),
        Difference::Removed(from) => (Some(*from), None),
        Difference::Reordered => return None,
    };
    let version = |item: &Value| {
        let parts =
            [&item["version"], &item["build"]].map(|part| part.as_str().unwrap_or_default());
        parts.join(" ").trim_end().to_owned()
    };
    let name = from.or(to)?["name"].as_str()?;
    let (from, to) = (from.map(version), to.map(version));
    (from != to).then(|| package(LOCK, name, from.as_ref(), to.as_ref()))
}

/// Packages with versions, in any order.
pub(super) fn specs(list: &str, before: &[&str], after: &[&str]) -> Vec<Cause> {
    let (before, after) = (by_name(before), by_name(after));
    let mut found = Vec::new();
    for (name, version) in &before {
        let now = after.get(name);
        if now != Some(version) {
            found.push(package(list, name, Some(version), now));
        }
    }
    let new = after.iter().filter(|(name, _)| !before.contains_key(*name));
    found.extend(new.map(|(name, version)| package(list, name, None, Some(version))));
    found
}

fn package(list: &str, name: &str, from: Option<&String>, to: Option<&String>) -> Cause {
    Cause::Package {
        list: list.to_owned(),
        name: name.to_owned(),
        from: from.cloned(),
        to: to.cloned(),
    }
}

/// What is asked of each package; of one that is named more than once, all of it.
fn by_name<'s>(specs: &[&'s str]) -> BTreeMap<&'s str, String> {
    let mut packages: BTreeMap<&str, String> = BTreeMap::new();
    for spec in specs {
        let (name, version) = split(spec);
        let known = packages.entry(name).or_default();
        if !known.is_empty() {
            known.push_str(", ");
        }
        known.push_str(version);
    }
    packages
}

/// `numpy >=1.26` is `numpy` and `>=1.26`; `@scope/tool@2` is `@scope/tool` and `@2`; options are all name.
fn split(spec: &str) -> (&str, &str) {
    let spec = spec.trim();
    if spec.starts_with('-') {
        return (spec, "");
    }
    let start = spec.find("::").map_or(0, |at| at + 2);
    let start = start + usize::from(spec[start..].starts_with('@'));
    let end = spec[start..].find([' ', '=', '<', '>', '!', '~', ';', '@', '[', '(']);
    let (name, version) = spec.split_at(end.map_or(spec.len(), |end| start + end));
    let version = version.trim();
    let number = version.strip_prefix('@').filter(|rest| !rest.contains(':'));
    (name, number.map_or(version, str::trim))
}

fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn dependencies(value: &Value) -> Option<(Vec<&str>, Vec<&str>)> {
    let (mut conda, mut pip) = (Vec::new(), Vec::new());
    for item in value.as_array()? {
        match item {
            Value::String(spec) => conda.push(spec.as_str()),
            Value::Object(_) => pip.extend(texts(&item["pip"])?),
            _ => return None,
        }
    }
    Some((conda, pip))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_versions_are_told_apart() {
        for (spec, name, version) in [
            ("numpy", "numpy", ""),
            ("numpy >=1.26", "numpy", ">=1.26"),
            ("conda-forge::python=3.12", "conda-forge::python", "=3.12"),
            (
                "requests[socks]==2; python_version>'3'",
                "requests",
                "[socks]==2; python_version>'3'",
            ),
            ("app @ https://x/y", "app", "@ https://x/y"),
            ("@scope/tool@2", "@scope/tool", "2"),
            ("svgo@3", "svgo", "3"),
            ("--no-binary :all:", "--no-binary :all:", ""),
            ("", "", ""),
        ] {
            assert_eq!(split(spec), (name, version), "{spec}");
        }
    }

    #[test]
    fn a_package_named_twice_is_one() {
        let found = specs("x", &["a >1", "a <2"], &["a >1", "a <3"]);
        let shown: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["x: a >1, <2 -> >1, <3"]);
    }

    #[test]
    fn a_locked_package_is_told_by_its_version() {
        let package = |version: &str| {
            let digest = format!("digest of {version}");
            json!({ "name": "idna", "version": version, "build": "pyhd_0", "sha256": digest })
        };
        let (old, new) = (package("3.10"), package("3.20"));
        assert!(is_locked(&old) && !is_locked(&json!({ "name": "idna" })));
        for (difference, told) in [
            (
                Difference::Changed(&old, &new),
                Some("layercake.lock: idna 3.10 pyhd_0 -> 3.20 pyhd_0"),
            ),
            (
                Difference::Added(&new),
                Some("layercake.lock: idna 3.20 pyhd_0 added"),
            ),
            (
                Difference::Removed(&old),
                Some("layercake.lock: idna 3.10 pyhd_0 removed"),
            ),
            (Difference::Changed(&old, &old), None),
            (Difference::Reordered, None),
        ] {
            let cause = locked(&difference).map(|cause| cause.to_string());
            assert_eq!(cause.as_deref(), told);
        }
    }
}
