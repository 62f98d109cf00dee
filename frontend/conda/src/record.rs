//! Packages as the rattler crates have them, and as the lock has them.

use layercake_planner::lock::{Noarch, Package, without_credentials};
use rattler_conda_types::package::DistArchiveIdentifier;
use rattler_conda_types::{
    NoArchKind, NoArchType, PackageName, PackageRecord, RepoDataRecord, VersionWithSource,
};
use url::Url;

use crate::CondaError;

/// TOML has no larger integers; no archive is as large.
const MOST: u64 = i64::MAX.unsigned_abs();

/// A package of a channel as the lock has it; its layer is not chosen, its files are not known yet.
pub(crate) fn package(record: &RepoDataRecord) -> Result<Package, CondaError> {
    let of = &record.package_record;
    let incomplete = |what| CondaError::Incomplete {
        package: record.identifier.to_string(),
        what,
    };
    let sorted = |texts: &[String]| {
        let mut texts = texts.to_vec();
        texts.sort();
        texts
    };
    Ok(Package {
        name: of.name.as_normalized().to_owned(),
        version: of.version.to_string(),
        build: of.build.to_string(),
        build_number: of.build_number,
        subdir: of.subdir.clone(),
        url: without_credentials(record.url.as_str()),
        sha256: hex::encode(of.sha256.ok_or_else(|| incomplete("sha256"))?),
        md5: of.md5.map(hex::encode),
        size: of
            .size
            .filter(|size| *size <= MOST)
            .ok_or_else(|| incomplete("size"))?,
        noarch: of.noarch.kind().map(|kind| match kind {
            NoArchKind::Python => Noarch::Python,
            NoArchKind::Generic => Noarch::Generic,
        }),
        python_site_packages_path: of.python_site_packages_path.clone(),
        layer: None,
        scripts: false,
        loses: Vec::new(),
        depends: sorted(&of.depends),
        constrains: sorted(&of.constrains),
    })
}

/// A locked package as the solver takes it; none if it is not one, which a lock written by hand can have.
pub(crate) fn record(package: &Package) -> Option<RepoDataRecord> {
    let name: PackageName = package.name.parse().ok()?;
    let version: VersionWithSource = package.version.parse().ok()?;
    let record = PackageRecord {
        build_number: package.build_number,
        subdir: package.subdir.clone(),
        sha256: digest(&package.sha256),
        md5: package.md5.as_deref().and_then(digest),
        size: Some(package.size),
        noarch: match package.noarch {
            None => NoArchType::none(),
            Some(Noarch::Python) => NoArchType::python(),
            Some(Noarch::Generic) => NoArchType::generic(),
        },
        python_site_packages_path: package.python_site_packages_path.clone(),
        depends: package.depends.clone(),
        constrains: package.constrains.clone(),
        ..PackageRecord::new(name, version, package.build.parse().ok()?)
    };
    let url: Url = package.url.parse().ok()?;
    Some(RepoDataRecord {
        package_record: record,
        identifier: package.file_name().parse::<DistArchiveIdentifier>().ok()?,
        channel: channel_of(&url),
        url,
    })
}

fn digest<D: From<[u8; N]>, const N: usize>(text: &str) -> Option<D> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes.into())
}

/// The channel that a package's URL lies in: two parts above the archive.
fn channel_of(url: &Url) -> Option<String> {
    Some(url.join("..").ok()?.to_string())
}
