//! What lies in the archives of packages: scripts that run after linking, and files that several packages have.
//!
//! Channels do not say, so the archives are asked, once: of a `.conda` on a server only the end is downloaded.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use futures::stream::{self, StreamExt, TryStreamExt};
use layercake_planner::lock::Package;
use rattler_conda_types::package::{Files, PackageFile, PathType, PathsJson};
use rattler_conda_types::{PackageRecord, RepoDataRecord};
use rattler_package_streaming::ExtractError;
use rattler_package_streaming::reqwest::fetch::fetch_package_file_from_remote_url;
use rattler_package_streaming::seek::read_package_file;
use reqwest_middleware::ClientWithMiddleware;

use crate::CondaError;

/// How many archives are looked into at once.
const AT_ONCE: usize = 16;

/// Files that two packages have and that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clobber {
    /// The package whose files are seen.
    pub winner: String,
    /// The package whose files are not.
    pub loser: String,
    /// Their paths in the prefix.
    pub paths: Vec<String>,
}

/// Reads what archives hold, and keeps it: an archive never changes.
pub(crate) struct Archives<'c> {
    pub(crate) client: &'c ClientWithMiddleware,
    /// The folder of what was read before.
    pub(crate) cache: PathBuf,
}

/// A package of an environment with what its archive holds.
struct Found {
    package: Package,
    record: RepoDataRecord,
    paths: PathsJson,
}

impl Archives<'_> {
    /// Completes the packages of an environment by what their archives hold. Tells files that differ; which of them is
    /// seen is decided as rattler does when it installs: that of the package which depends on the other, else that of
    /// the later name.
    pub(crate) async fn complete(
        &self,
        packages: Vec<(Package, RepoDataRecord)>,
    ) -> Result<(Vec<Package>, Vec<Clobber>), CondaError> {
        let mut found: Vec<Found> = stream::iter(packages)
            .map(|(package, record)| async move {
                let paths = self.paths(&package, &record).await?;
                Ok(Found {
                    package,
                    record,
                    paths,
                })
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        found.sort_by(|a, b| a.package.name.cmp(&b.package.name));
        let (lost, clobbers) = lost(&found);
        let packages = found.into_iter().zip(lost).map(|(found, loses)| {
            let script = format!("bin/.{}-post-link.sh", found.package.name);
            let mut paths = found.paths.paths.iter();
            Package {
                scripts: paths.any(|path| path.relative_path == Path::new(&script)),
                loses,
                ..found.package
            }
        });
        Ok((packages.collect(), clobbers))
    }

    async fn paths(
        &self,
        package: &Package,
        record: &RepoDataRecord,
    ) -> Result<PathsJson, CondaError> {
        let kept = self.cache.join(format!("{}.json", package.sha256));
        if let Some(paths) = fs::read(&kept)
            .ok()
            .and_then(|bytes| PathsJson::from_slice(&bytes).ok())
        {
            return Ok(paths);
        }
        let paths = match self.info(record).await? {
            Some(paths) => paths,
            None => self.listed(record).await?,
        };
        // What cannot be kept is read again.
        let _ = fs::create_dir_all(&self.cache)
            .and_then(|()| tempfile::NamedTempFile::new_in(&self.cache))
            .and_then(|file| fs::write(file.path(), serde_json::to_vec(&paths)?).map(|()| file))
            .map(|file| file.persist(kept));
        Ok(paths)
    }

    /// The paths of an archive from before there was `info/paths.json`, in 2017.
    async fn listed(&self, record: &RepoDataRecord) -> Result<PathsJson, CondaError> {
        let files: Option<Files> = self.info(record).await?;
        let files = files.ok_or_else(|| CondaError::Archive {
            package: record.identifier.to_string(),
            problem: "it has neither info/paths.json nor info/files, so it is no package of conda"
                .into(),
        })?;
        let of_a_file = |_: &Path| Ok::<_, Infallible>(PathType::HardLink);
        let Ok(paths) = PathsJson::from_deprecated(files, None, None, None, of_a_file);
        Ok(paths)
    }

    /// A file of an archive's `info`; none where the archive does not have it.
    async fn info<P: PackageFile + Send + 'static>(
        &self,
        record: &RepoDataRecord,
    ) -> Result<Option<P>, CondaError> {
        let failed = |problem: String| CondaError::Archive {
            package: record.identifier.to_string(),
            problem,
        };
        let found = match record.url.to_file_path() {
            Ok(path) => tokio::task::spawn_blocking(move || read_package_file(path))
                .await
                .map_err(|error| failed(error.to_string()))?,
            Err(()) => {
                fetch_package_file_from_remote_url(self.client.clone(), record.url.clone()).await
            }
        };
        match found {
            Ok(file) => Ok(Some(file)),
            Err(ExtractError::MissingComponent) => Ok(None),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

/// The paths that each package loses to another, sorted, and what of that is to be told.
fn lost(found: &[Found]) -> (Vec<Vec<String>>, Vec<Clobber>) {
    let python = found.iter().find(|one| one.package.name == "python");
    let site_packages = python.map(|python| site_packages(&python.package));
    let places: HashMap<&str, usize> = (0..found.len())
        .map(|at| (found[at].package.name.as_str(), at))
        .collect();
    let records = found.iter().map(|one| &one.record).collect();
    let ordered = PackageRecord::sort_topologically(records);
    let mut owners: HashMap<PathBuf, (usize, Option<&[u8]>)> = HashMap::new();
    let mut lost = vec![Vec::new(); found.len()];
    let mut told: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for record in ordered.iter().rev() {
        let Some(at) = places.get(record.package_record.name.as_normalized()) else {
            continue;
        };
        let one = &found[*at];
        for entry in &one.paths.paths {
            let place = match &site_packages {
                Some(folder) if one.record.package_record.noarch.is_python() => {
                    placed(&entry.relative_path, folder)
                }
                _ => entry.relative_path.clone(),
            };
            let content = entry.sha256.as_ref().map(AsRef::as_ref);
            let Some((winner, its)) = owners.get(&place) else {
                owners.insert(place, (*at, content));
                continue;
            };
            let path = place.to_string_lossy().into_owned();
            if content.is_none() || *its != content {
                let pair = (found[*winner].package.name.as_str(), &*one.package.name);
                told.entry(pair).or_default().push(path.clone());
            }
            lost[*at].push(path);
        }
    }
    for paths in lost.iter_mut().chain(told.values_mut()) {
        paths.sort();
    }
    let clobbers = told.into_iter().map(|((winner, loser), paths)| Clobber {
        winner: winner.to_owned(),
        loser: loser.to_owned(),
        paths,
    });
    (lost, clobbers.collect())
}

/// Where a Python keeps packages, relative to the prefix.
fn site_packages(python: &Package) -> PathBuf {
    if let Some(path) = &python.python_site_packages_path {
        return path.into();
    }
    let minor: Vec<_> = python.version.split('.').take(2).collect();
    format!("lib/python{}/site-packages", minor.join(".")).into()
}

/// Where a file of a package for any Python goes.
fn placed(path: &Path, site_packages: &Path) -> PathBuf {
    if let Ok(rest) = path.strip_prefix("site-packages") {
        site_packages.join(rest)
    } else if let Ok(rest) = path.strip_prefix("python-scripts") {
        Path::new("bin").join(rest)
    } else {
        path.to_owned()
    }
}
