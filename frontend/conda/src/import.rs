//! What the locks of other tools pin: `conda-lock.yml`, `pixi.lock`, and the lists of URLs that begin with `@EXPLICIT`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use layercake_planner::facts::Platform;
use layercake_planner::lock::{Environment, LockedWheel, without_credentials};
use rattler_conda_types::package::DistArchiveIdentifier;
use rattler_conda_types::{
    ExplicitEnvironmentSpec, MatchSpec, PackageNameMatcher, RepoDataRecord, Subdir,
};
use rattler_lock::conda_lock::ImportOptions;
use rattler_lock::{CondaPackageData, LockFile};
use rattler_repodata_gateway::RepoData;
use thiserror::Error;
use url::Url;

use crate::channels::channels;
use crate::pip::normalized;
use crate::solve::{chain, subdir};
use crate::{Conda, CondaError, Request};

/// Why the lock of another tool cannot be taken.
#[derive(Debug, Error)]
pub enum ImportError {
    /// It is none that is known, or not well-formed.
    #[error("it is no conda-lock.yml, no pixi.lock and no list of URLs with @EXPLICIT: {0}")]
    Unreadable(String),
    /// It pins nothing for a platform.
    #[error("it has nothing for {platform}; it has {known}")]
    NoPlatform {
        /// The platform, as conda names it.
        platform: String,
        /// The platforms that it has.
        known: String,
    },
    /// Several environments, none of which is meant.
    #[error(
        "it has the environments {0}; rename the one that is meant to `default`, or the stage to its name"
    )]
    Environments(String),
    /// Something that is not downloaded from a channel or an index.
    #[error(
        "{0} is built from source there, and a lock has packages only; publish it to a channel"
    )]
    Source(String),
    /// A package that no channel lists and that the file does not describe.
    #[error("{package} is in no channel that the environment file names; add its channel there")]
    Missing {
        /// The archive.
        package: String,
    },
    /// A package with another checksum than its channel has.
    #[error(
        "{package} has another checksum in its channel: what was locked is no longer what is there"
    )]
    Checksum {
        /// The archive.
        package: String,
    },
    /// What the request comes to is something else.
    #[error("what it pins is not what the environment file asks for:\n  {}\nway out: have both ask for the same, or lock without it", .0.join("\n  "))]
    Other(Vec<String>),
    /// Channels cannot be read.
    #[error(transparent)]
    Conda(#[from] CondaError),
}

/// What a lock pins for one platform.
#[derive(Clone, Debug)]
pub struct Pins {
    packages: Vec<Pin>,
    /// Python distributions: normalised name and version.
    wheels: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Pin {
    archive: DistArchiveIdentifier,
    sha256: Option<String>,
    md5: Option<String>,
    /// All that there is to know of the package, where the file has it.
    record: Option<RepoDataRecord>,
}

impl Pins {
    /// Those of a file's `text` for `platform`. Of several environments it takes the one named `stage`, else
    /// `default`, else the only one.
    pub fn read(text: &str, stage: &str, platform: &Platform) -> Result<Self, ImportError> {
        let subdir = subdir(platform)?;
        if text.lines().any(|line| line.trim() == "@EXPLICIT") {
            return explicit(text, subdir);
        }
        let lock = if text.lines().any(|line| line.starts_with("metadata:")) {
            let document = rattler_conda_lock::Document::parse(text).map_err(unreadable)?;
            LockFile::from_conda_lock_document(&document, &ImportOptions::default())
                .map_err(unreadable)?
        } else {
            LockFile::from_str_with_base_directory(text, None::<&Path>).map_err(unreadable)?
        };
        of_lock(&lock, stage, subdir)
    }
}

fn unreadable(error: impl std::error::Error) -> ImportError {
    ImportError::Unreadable(chain(&error))
}

fn explicit(text: &str, subdir: Subdir) -> Result<Pins, ImportError> {
    let list: ExplicitEnvironmentSpec = text.parse().map_err(unreadable)?;
    if let Some(other) = list.platform.filter(|other| *other != subdir) {
        return Err(ImportError::NoPlatform {
            platform: subdir.to_string(),
            known: other.to_string(),
        });
    }
    let pins = list.packages.into_iter().map(|entry| {
        let fragment = entry.url.fragment().unwrap_or_default().to_owned();
        let digest = fragment.strip_prefix("sha256:").unwrap_or(&fragment);
        let of_length = |length| (digest.len() == length).then(|| digest.to_lowercase());
        Ok(Pin {
            archive: archive(&entry.url)?,
            sha256: of_length(64),
            md5: of_length(32),
            record: None,
        })
    });
    Ok(Pins {
        packages: pins.collect::<Result<_, ImportError>>()?,
        wheels: BTreeMap::new(),
    })
}

fn archive(url: &Url) -> Result<DistArchiveIdentifier, ImportError> {
    let name = url.path_segments().and_then(|mut parts| parts.next_back());
    let archive = name.and_then(|name| name.parse().ok());
    archive.ok_or_else(|| {
        let url = without_credentials(url.as_str());
        ImportError::Unreadable(format!("{url} is no conda package"))
    })
}

fn of_lock(lock: &LockFile, stage: &str, subdir: Subdir) -> Result<Pins, ImportError> {
    let mut all = lock.environments();
    let environment = lock
        .environment(stage)
        .or_else(|| lock.default_environment())
        .or_else(|| all.next().map(|(_, only)| only).filter(|_| all.len() == 0))
        .ok_or_else(|| {
            let names: Vec<&str> = lock.environments().map(|(name, _)| name).collect();
            ImportError::Environments(names.join(", "))
        })?;
    let mut platforms = environment.platforms();
    let platform = platforms
        .find(|platform| platform.subdir() == subdir)
        .ok_or_else(|| {
            let known = environment.platforms();
            let known: Vec<String> = known.map(|one| one.subdir().to_string()).collect();
            ImportError::NoPlatform {
                platform: subdir.to_string(),
                known: known.join(", "),
            }
        })?;
    let mut pins = Pins {
        packages: Vec::new(),
        wheels: BTreeMap::new(),
    };
    for package in environment.conda_packages(platform).into_iter().flatten() {
        pins.packages.push(pin(package)?);
    }
    for wheel in environment.pypi_packages(platform).into_iter().flatten() {
        let name = normalized(wheel.name().as_ref());
        let version = wheel
            .version()
            .ok_or_else(|| ImportError::Source(name.clone()))?;
        pins.wheels.insert(name, version.to_string());
    }
    Ok(pins)
}

fn pin(data: &CondaPackageData) -> Result<Pin, ImportError> {
    let source = || ImportError::Source(data.name().as_normalized().to_owned());
    let binary = data.as_binary().ok_or_else(source)?;
    let record = RepoDataRecord::try_from(binary).map_err(unreadable)?;
    let of = &record.package_record;
    Ok(Pin {
        archive: record.identifier.clone(),
        sha256: of.sha256.map(hex::encode),
        md5: of.md5.map(hex::encode),
        record: Some(record),
    })
}

impl Pin {
    /// Whether a record has its checksum; none that both know is none that says otherwise.
    fn agrees(&self, record: &RepoDataRecord) -> bool {
        let of = &record.package_record;
        let same = |own: &Option<String>, other: Option<String>| match (own, other) {
            (Some(own), Some(other)) => *own == other,
            _ => true,
        };
        same(&self.sha256, of.sha256.map(hex::encode)) && same(&self.md5, of.md5.map(hex::encode))
    }

    /// Its record in a channel, else the one that the file had, if that is whole.
    fn resolved(self, available: &[RepoData]) -> Result<RepoDataRecord, ImportError> {
        let package = self.archive.to_string();
        let mut records = available.iter().flat_map(RepoData::iter);
        let mut listed = records
            .by_ref()
            .filter(|record| record.identifier == self.archive)
            .peekable();
        let is_listed = listed.peek().is_some();
        if let Some(record) = listed.find(|record| self.agrees(record)) {
            return Ok(record.clone());
        }
        match self.record {
            _ if is_listed => Err(ImportError::Checksum { package }),
            Some(record) if crate::record::package(&record).is_ok() => Ok(record),
            _ => Err(ImportError::Missing { package }),
        }
    }
}

impl Conda {
    /// The pins as an environment that is locked already, for `request` to be solved with.
    pub async fn adopt(
        &self,
        pins: Pins,
        request: &Request,
        platform: &Platform,
    ) -> Result<Environment, ImportError> {
        let channels = channels(&request.channels, self.access())?;
        let names: BTreeSet<_> = pins
            .packages
            .iter()
            .map(|pin| pin.archive.identifier.name.clone())
            .collect();
        let specs = names
            .into_iter()
            .filter_map(|name| name.parse().ok())
            .map(|name| MatchSpec {
                name: PackageNameMatcher::Exact(name),
                ..MatchSpec::default()
            });
        let subdirs = [subdir(platform)?, Subdir::NoArch];
        let available = self
            .gateway()
            .query(channels, subdirs, specs.collect::<Vec<_>>())
            .recursive(false)
            .await
            .map_err(|error| CondaError::Repodata(chain(&error)))?;
        let packages = pins.packages.into_iter();
        let records = packages.map(|pin| pin.resolved(&available.repodata));
        let records = records.collect::<Result<_, _>>()?;
        let wheels = pins.wheels.into_iter().map(|(name, version)| LockedWheel {
            name,
            version,
            url: String::new(), // uv looks it up by the version.
            sha256: String::new(),
            size: 0,
            layer: None,
            sdist: false,
            requires: Vec::new(),
        });
        Ok(Environment {
            stage: String::new(),
            platform: platform.to_string(),
            spec: request.digest(),
            channels: request.told_channels(),
            requested: request.told_packages(),
            requested_pip: request.pip.clone(),
            virtual_packages: BTreeMap::new(),
            layers: 0, // Of whoever adopts it.
            packages: self.described(records, None).await?.0,
            wheels: wheels.collect(),
        })
    }
}

/// Holds what a request came to against what was imported: nothing of that may have moved. Tells what nothing needs,
/// which is left out.
pub fn compare(imported: &Environment, found: &Environment) -> Result<Vec<String>, ImportError> {
    let (mut others, mut left) = (Vec::new(), Vec::new());
    let versions = |of: &Environment| -> BTreeMap<(bool, String), String> {
        let packages = of
            .packages
            .iter()
            .map(|one| ((false, one.name.clone()), one.file_name().to_owned()));
        let wheels = of
            .wheels
            .iter()
            .map(|one| ((true, one.name.clone()), one.version.clone()));
        packages.chain(wheels).collect()
    };
    let (before, after) = (versions(imported), versions(found));
    for (key, pinned) in &before {
        let name = &key.1;
        match after.get(key) {
            None => left.push(name.clone()),
            Some(same) if same == pinned => {}
            Some(other) => others.push(format!(
                "{name}: it has {pinned}, and the environment comes to {other}"
            )),
        }
    }
    let says_nothing = |is_wheel: bool| is_wheel && imported.wheels.is_empty();
    let new = after
        .keys()
        .filter(|key| !before.contains_key(*key) && !says_nothing(key.0));
    others.extend(
        new.map(|(_, name)| format!("{name}: it does not have it, and the environment needs it")),
    );
    if others.is_empty() {
        Ok(left)
    } else {
        Err(ImportError::Other(others))
    }
}
