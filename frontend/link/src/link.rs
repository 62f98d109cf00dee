//! Packages into the environment.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rattler::install::{
    ExternalSymlinkPolicy, InstallDriver, InstallOptions, PythonInfo, link_package_sync,
};
use rattler_conda_types::package::{AboutJson, DistArchiveIdentifier, PackageFile as _};
use rattler_conda_types::prefix::Prefix;
use rattler_conda_types::prefix_record::{PathType, PathsEntry};
use rattler_conda_types::{
    PackageName, PackageRecord, PrefixRecord, RepoDataRecord, Subdir, Version,
};
use rattler_digest::{Md5, Sha256, parse_digest_from_hex};
use rayon::prelude::*;
use rustix::fs::Mode;
use url::Url;

use crate::clobber::{Clobber, Owners};
use crate::error::{LinkError, Problem};
use crate::group::{Group, Package, Python, Wheel};
use crate::place::{self, Mover};
use crate::times;
use crate::unpack::{Unpacked, unpack};
use crate::wheel::Target;

/// Where archives are unpacked: in the environment's own folder, so that their files can be moved into place and
/// none is written twice. It is gone in the end.
const STAGING: &str = ".layercake-link";

/// Links a group into the folder `into`, which stands for the group's prefix.
///
/// Of two packages that have one file, the one that depends on the other wins, as in an installation by rattler
/// of just this group; else the one of the later name. The other's file lies under `__clobbers__`.
///
/// # Errors
/// The first package that cannot be linked, with the file and the cause. `into` then holds part of the group.
pub fn link(group: &Group, into: &Path) -> Result<Vec<Clobber>, LinkError> {
    rustix::process::umask(Mode::from_raw_mode(0o022));
    let platform: Subdir = group
        .platform
        .parse()
        .map_err(|error| LinkError::environment("cannot link for this platform", error))?;
    let python = group
        .python
        .as_ref()
        .map(|python| python_info(python, platform))
        .transpose()?;
    let in_folder = |what: &str| {
        let what = format!("{what} {}", into.display());
        move |error: std::io::Error| LinkError::environment(what, error)
    };
    let environment = Prefix::create(into).map_err(in_folder("cannot make an environment of"))?;
    let staging = into.join(STAGING);
    let linker = Linker {
        environment: &environment,
        prefix: &group.prefix,
        platform,
        python,
    };
    let clobbers = linker.all(&group.packages, &staging)?;
    if !group.wheels.is_empty() {
        let python = linker.python.as_ref();
        let target = Target::new(into, &group.prefix, python).map_err(LinkError::wheels)?;
        for wheel in &group.wheels {
            target.install(wheel, &staging).map_err(of_wheel(wheel))?;
        }
    }
    // What is in a wheel has no time worth keeping.
    let fix_times = if group.wheels.is_empty() {
        times::fix_folders
    } else {
        times::fix_all
    };
    fs::remove_dir_all(&staging)
        .and_then(|()| times::fix(&into.join("conda-meta/history")))
        .and_then(|()| times::fix(&into.join("CACHEDIR.TAG")))
        .and_then(|()| fix_times(into))
        .map_err(in_folder("cannot finish the environment in"))?;
    Ok(clobbers)
}

fn python_info(python: &Python, platform: Subdir) -> Result<PythonInfo, LinkError> {
    let what = format!("cannot link for Python {}", python.version);
    let version: Version = python
        .version
        .parse()
        .map_err(|error| LinkError::environment(&what, error))?;
    PythonInfo::from_version(&version, python.site_packages.as_deref(), platform)
        .map_err(|error| LinkError::environment(&what, error))
}

/// An environment under construction.
struct Linker<'g> {
    environment: &'g Prefix,
    prefix: &'g str,
    platform: Subdir,
    python: Option<PythonInfo>,
}

/// A package unpacked, and its record but for its files.
struct Ready<'g> {
    package: &'g Package,
    unpacked: Unpacked,
    record: RepoDataRecord,
}

impl AsRef<PackageRecord> for Ready<'_> {
    fn as_ref(&self) -> &PackageRecord {
        &self.record.package_record
    }
}

impl Linker<'_> {
    fn all(&self, packages: &[Package], staging: &Path) -> Result<Vec<Clobber>, LinkError> {
        let prepared = packages.par_iter().map(|package| {
            let unpacked = unpack(package, staging.join(package.file_name()));
            let prepared = unpacked.and_then(|unpacked| prepare(package, unpacked));
            prepared.map(Arc::new).map_err(of(package))
        });
        let prepared: Vec<_> = prepared.collect();
        // Of several that fail, the first one is told each time.
        let mut ready = prepared.into_iter().collect::<Result<Vec<_>, _>>()?;
        ready.sort_by(|a, b| a.package.name.cmp(&b.package.name));
        let mut owners = Owners::default();
        // rattler gives a path to the last in this order.
        for ready in PackageRecord::sort_topologically(ready.iter().map(Shared).collect())
            .iter()
            .rev()
        {
            let ready = ready.0;
            self.one(ready, &mut owners).map_err(of(ready.package))?;
        }
        Ok(owners.into_clobbers())
    }

    fn one(&self, ready: &Ready<'_>, owners: &mut Owners) -> Result<(), Problem> {
        let Ready {
            package, unpacked, ..
        } = ready;
        if unpacked.index.noarch.is_python() && self.python.is_none() {
            return Err(Problem::NoPython);
        }
        let entries = &unpacked.paths.paths;
        let places: Vec<_> = entries
            .iter()
            .map(|entry| self.place(unpacked, &entry.relative_path))
            .collect();
        let lost = owners.claim(&package.name, &places, &package.loses);
        let root = self.environment.path();
        let place = |path: &Path| self.place(unpacked, path);
        let moved = Mover::new(&unpacked.folder, root, entries, &lost, place).run()?;
        let mut rest = unpacked.paths.clone();
        rest.paths
            .retain(|entry| !moved.contains(&entry.relative_path));
        let options = InstallOptions {
            target_prefix: Some(self.prefix.into()),
            paths_json: Some(rest),
            index_json: Some(unpacked.index.clone()),
            allow_symbolic_links: Some(true),
            allow_hard_links: Some(true),
            allow_ref_links: Some(false),
            platform: Some(self.platform),
            python_info: self.python.clone(),
            external_symlink_policy: ExternalSymlinkPolicy::Allow,
            ..InstallOptions::default()
        };
        // rattler looks here for paths that are taken; `lost` are, by someone who is not this package.
        let mut taken = InstallDriver::default().clobber_registry().clone();
        if !lost.is_empty() {
            let mut other = unpacked.index.clone();
            other.name = PackageName::new_unchecked("another");
            let entries = entries.iter().cloned().zip(places);
            let entries: Vec<_> = entries.filter(|(_, place)| lost.contains(place)).collect();
            taken.register_paths(&other, &entries);
        }
        let taken = Arc::new(Mutex::new(taken));
        let (mut paths, _) = link_package_sync(&unpacked.folder, self.environment, taken, options)?;
        for entry in entries {
            if moved.contains(&entry.relative_path) {
                let place = self.place(unpacked, &entry.relative_path);
                paths.push(place::record(entry, place, root)?);
            }
        }
        paths.sort_by(|a, b| a.relative_path.cmp(&b.relative_path));
        self.fix_times(unpacked, &paths)?;
        self.write_record(ready, paths)
    }

    /// Where a path of a package lies, relative to the prefix.
    fn place(&self, unpacked: &Unpacked, path: &Path) -> PathBuf {
        let noarch = unpacked.index.noarch.is_python();
        match self.python.as_ref().filter(|_| noarch) {
            Some(python) => python.get_python_noarch_target_path(path).into_owned(),
            None => path.to_owned(),
        }
    }

    /// Scripts that were written here have the time of day, and so has what was changed of a package that does
    /// not tell when it was made.
    fn fix_times(&self, unpacked: &Unpacked, paths: &[PathsEntry]) -> Result<(), Problem> {
        let dated = unpacked.folder.join(AboutJson::package_path()).exists();
        for entry in paths {
            let written = entry.path_type == PathType::UnixPythonEntryPoint
                || entry.file_mode.is_some() && !dated;
            if written {
                let path = self.environment.join(&entry.relative_path);
                times::fix(&path).map_err(|source| Problem::Write { path, source })?;
            }
        }
        Ok(())
    }

    fn write_record(&self, ready: &Ready<'_>, paths: Vec<PathsEntry>) -> Result<(), Problem> {
        let record = PrefixRecord::from_repodata_record(ready.record.clone(), paths);
        let path = self.environment.join("conda-meta").join(record.file_name());
        let written = File::create(&path)
            .and_then(|file| record.write_to(std::io::BufWriter::new(file), true))
            .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o644)))
            .and_then(|()| times::fix(&path));
        written.map_err(|source| Problem::Write { path, source })
    }
}

/// A package that is sorted together with others.
#[derive(Clone)]
struct Shared<'a, 'g>(&'a Arc<Ready<'g>>);

impl AsRef<PackageRecord> for Shared<'_, '_> {
    fn as_ref(&self) -> &PackageRecord {
        (**self.0).as_ref()
    }
}

/// The record of a package: what its archive says of it, and over that what the channel says.
fn prepare(package: &Package, unpacked: Unpacked) -> Result<Ready<'_>, Problem> {
    let value = |field, value: &str| Problem::Value {
        field,
        value: value.to_owned(),
    };
    let url: Url = package
        .url
        .parse()
        .map_err(|_| value("address", &package.url))?;
    let identifier = DistArchiveIdentifier::try_from_filename(package.file_name())
        .ok_or_else(|| value("file name", package.file_name()))?;
    let md5 = package
        .md5
        .as_ref()
        .map(|md5| parse_digest_from_hex::<Md5>(md5).ok_or_else(|| value("MD5", md5)))
        .transpose()?;
    let mut index = unpacked.index.clone();
    index.subdir = Some(package.subdir.clone());
    index.depends.clone_from(&package.depends);
    index.constrains.clone_from(&package.constrains);
    let sha256 = parse_digest_from_hex::<Sha256>(&package.sha256);
    let package_record = PackageRecord::from_index_json(index, Some(unpacked.size), sha256, md5)
        .map_err(|_| value("folder of the channel", &package.subdir))?;
    let record = RepoDataRecord {
        package_record,
        identifier,
        channel: channel_of(package),
        url,
    };
    Ok(Ready {
        package,
        unpacked,
        record,
    })
}

/// The channel: the address without folder and file name.
fn channel_of(package: &Package) -> Option<String> {
    let (folder, _) = package.url.rsplit_once('/')?;
    folder.strip_suffix(&package.subdir).map(str::to_owned)
}

/// The same problem, with the package that has it.
fn of(package: &Package) -> impl FnOnce(Problem) -> LinkError + use<> {
    let package = package.file_name().to_owned();
    move |source| LinkError::Package { package, source }
}

/// The same problem, with the wheel that has it.
fn of_wheel(wheel: &Wheel) -> impl FnOnce(Problem) -> LinkError + use<> {
    let package = wheel.file_name().to_owned();
    move |source| LinkError::Package { package, source }
}
