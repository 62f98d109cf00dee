//! The builds that the daemon remembers, newest first.

use std::collections::BTreeMap;

use layercake_solve::BuildRecord;
use serde::Serialize;

/// The builds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Builds {
    /// The version of this form: 1.
    pub version: u32,
    /// The builds, newest first.
    pub builds: Vec<BuildRecord>,
}

impl Builds {
    /// The newest of them.
    pub fn of(mut builds: Vec<BuildRecord>, limit: usize) -> Self {
        builds.sort_by_key(|build| std::cmp::Reverse(build.created));
        builds.truncate(limit);
        Self {
            version: super::VERSION,
            builds,
        }
    }
}

/// The frontend option that says what is built.
const TARGET: &str = "target";

/// What the daemon is to remember of a service's build. It keeps the options of a frontend though none runs.
pub fn attributes(service: &str) -> BTreeMap<String, String> {
    [(TARGET.to_owned(), service.to_owned())].into()
}

/// What a build was of: the target that was asked for, else the frontend.
pub fn name(build: &BuildRecord) -> &str {
    let target = build.attributes.get(TARGET).map(String::as_str);
    match target.filter(|target| !target.is_empty()) {
        Some(target) => target,
        None if build.frontend.is_empty() => "-",
        None => &build.frontend,
    }
}
