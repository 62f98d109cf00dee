//! `layercake.lock`: what a file's names, versions and URLs came to when they were looked up.
//!
//! A [`Lock`] is a value. It is [parsed](Lock::parse) from a text and [rendered](Lock::render) to one; both put it
//! in one order, so that the same lock is the same text. Nothing here looks anything up: `layercake lock` does.

mod check;
pub mod layers;
mod read;
mod request;
mod write;

pub use read::{LockError, UNREADABLE};
pub use request::{Request, without_credentials};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The version of the format that is written, and the only one that is read.
pub const LOCK_VERSION: i64 = 2;

/// All that is locked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// What links packages, where something was pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
    /// Images by platform.
    #[serde(rename = "base", default, skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<LockedBase>,
    /// Files from URLs.
    #[serde(rename = "fetch", default, skip_serializing_if = "Vec::is_empty")]
    pub fetches: Vec<LockedFetch>,
    /// Solved conda environments by stage and platform.
    #[serde(rename = "environment", default, skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<Environment>,
}

/// The link tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The image that holds it, pinned: `docker.io/layercake/frontend:0.1@sha256:…`.
    pub image: String,
    /// The digest of the tool's own bytes, `sha256:…`.
    #[serde(deserialize_with = "check::digest")]
    pub digest: String,
}

/// An image at one platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedBase {
    /// The reference as `layercake.yaml` has it, build arguments filled in.
    pub reference: String,
    /// The platform: `linux/amd64`.
    pub platform: String,
    /// The manifest's digest, `sha256:…`.
    #[serde(deserialize_with = "check::digest")]
    pub digest: String,
}

/// A file from a URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedFetch {
    /// Where from.
    pub url: String,
    /// The checksum of its bytes, `sha256:…`.
    #[serde(deserialize_with = "check::digest")]
    pub checksum: String,
}

/// A solved conda environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Environment {
    /// The stage.
    pub stage: String,
    /// The platform: `linux/amd64`.
    pub platform: String,
    /// The digest of what was solved, `sha256:…`: the environment's meaning, its channels and virtual packages.
    #[serde(deserialize_with = "check::digest")]
    pub spec: String,
    /// The channels as the environment file names them, the first one first.
    pub channels: Vec<String>,
    /// The conda packages that were asked for, as the environment file has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requested: Vec<String>,
    /// The lines of the environment file's `pip:` section.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requested_pip: Vec<String>,
    /// The virtual packages that the solver assumed, without the underscores.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub virtual_packages: BTreeMap<String, String>,
    /// How many layers its packages were sorted into at most.
    pub layers: usize,
    /// The conda packages, by name.
    #[serde(rename = "package", default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// The Python distributions of the `pip:` section, by name.
    #[serde(rename = "wheel", default, skip_serializing_if = "Vec::is_empty")]
    pub wheels: Vec<LockedWheel>,
}

/// A conda package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The build string.
    pub build: String,
    /// The build number.
    pub build_number: u64,
    /// The channel's folder that it lies in: `linux-64`, `noarch`.
    pub subdir: String,
    /// Where it is downloaded from, without credentials. Its last part is the name of the archive.
    pub url: String,
    /// SHA-256 of the archive, 64 hexadecimal digits.
    #[serde(deserialize_with = "check::sha256")]
    pub sha256: String,
    /// MD5 of the archive, 32 hexadecimal digits, where the channel has it.
    #[serde(
        default,
        deserialize_with = "check::md5",
        skip_serializing_if = "Option::is_none"
    )]
    pub md5: Option<String>,
    /// The archive's size in bytes.
    pub size: u64,
    /// The layer that it shares with others; it has one of its own if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// `python` or `generic`, if it suits any platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noarch: Option<Noarch>,
    /// Where this `python` keeps packages, relative to the prefix, if its channel says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python_site_packages_path: Option<String>,
    /// Whether it has a script that runs after linking.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scripts: bool,
    /// Its files, by their paths in the prefix, that another package has too and that are not the ones seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loses: Vec<String>,
    /// What it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends: Vec<String>,
    /// What versions of others it allows, if they are there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constrains: Vec<String>,
}

/// How a package without a platform is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noarch {
    /// Its modules go into the site-packages of the environment's Python, its entry points become scripts.
    Python,
    /// As it is.
    Generic,
}

/// A Python distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedWheel {
    /// Its normalised name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it is downloaded from, without credentials. Its last part is the name of the file.
    pub url: String,
    /// SHA-256 of the file, 64 hexadecimal digits.
    #[serde(deserialize_with = "check::sha256")]
    pub sha256: String,
    /// The file's size in bytes.
    pub size: u64,
    /// The layer that it shares with others; it has one of its own if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// Whether it is a source distribution, which has to be built.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sdist: bool,
    /// The names of the distributions that it needs, conda's included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
}

impl Lock {
    /// The environment of `stage` at `platform` (`linux/amd64`), if it is locked.
    pub fn environment(&self, stage: &str, platform: &str) -> Option<&Environment> {
        let mut all = self.environments.iter();
        all.find(|one| one.stage == stage && one.platform == platform)
    }

    /// The platforms that it has something for.
    pub fn platforms(&self) -> BTreeSet<&str> {
        let bases = self.bases.iter().map(|base| base.platform.as_str());
        let environments = self.environments.iter().map(|one| one.platform.as_str());
        bases.chain(environments).collect()
    }

    /// The digest of the image `reference` at `platform`, if it is locked.
    pub fn base(&self, reference: &str, platform: &str) -> Option<&str> {
        let mut all = self.bases.iter();
        all.find(|base| base.reference == reference && base.platform == platform)
            .map(|base| base.digest.as_str())
    }

    /// The checksum of what `url` gives, if it is locked.
    pub fn fetch(&self, url: &str) -> Option<&str> {
        let mut all = self.fetches.iter();
        all.find(|fetch| fetch.url == url)
            .map(|fetch| fetch.checksum.as_str())
    }

    /// The lock in the order in which it is written.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.bases.sort();
        self.fetches.sort();
        self.environments
            .sort_by(|a, b| (&a.stage, &a.platform).cmp(&(&b.stage, &b.platform)));
        for environment in &mut self.environments {
            environment.packages.sort_by(|a, b| a.name.cmp(&b.name));
            environment.wheels.sort_by(|a, b| a.name.cmp(&b.name));
            for package in &mut environment.packages {
                package.depends.sort();
                package.constrains.sort();
            }
            for wheel in &mut environment.wheels {
                wheel.requires.sort();
            }
        }
        self
    }
}

impl Package {
    /// The archive's name, the last part of its URL: `numpy-2.1.0-py312_0.conda`.
    pub fn file_name(&self) -> &str {
        last_part(&self.url)
    }
}

impl LockedWheel {
    /// The file's name, the last part of its URL.
    pub fn file_name(&self) -> &str {
        last_part(&self.url)
    }
}

/// The path of the lock that belongs to the file at `path`: `layercake.lock` for `layercake.yaml`.
pub fn lock_path(path: &str) -> String {
    let (folder, name) = path
        .rsplit_once('/')
        .map_or(("", path), |(folder, name)| (folder, name));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match folder {
        "" if !path.starts_with('/') => format!("{stem}.lock"),
        folder => format!("{folder}/{stem}.lock"),
    }
}

fn last_part(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
