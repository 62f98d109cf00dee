//! Archives to folders, checked against the description.

use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};

use rattler_conda_types::package::{IndexJson, PackageFile as _, PathsJson};
use rattler_digest::{Sha256, parse_digest_from_hex};
use rattler_package_streaming::read::extract_conda_via_buffering;
use rattler_package_streaming::{ExtractError, ExtractResult, fs::extract};

use crate::error::Problem;
use crate::group::Package;

/// An archive unpacked.
pub(crate) struct Unpacked {
    /// Where.
    pub folder: PathBuf,
    /// What the package says of itself.
    pub index: IndexJson,
    /// Its files.
    pub paths: PathsJson,
    /// The size of its archive in bytes.
    pub size: u64,
}

/// Unpacks the archive of `package` into `folder`, which it makes.
pub(crate) fn unpack(package: &Package, folder: PathBuf) -> Result<Unpacked, Problem> {
    let archive = Path::new(&package.archive);
    let done = unpack_archive(archive, &folder).map_err(|source| Problem::Unpack {
        archive: archive.to_owned(),
        source: Box::new(source),
    })?;
    let sha256 =
        parse_digest_from_hex::<Sha256>(&package.sha256).ok_or_else(|| Problem::Value {
            field: "SHA-256",
            value: package.sha256.clone(),
        })?;
    same("digest", hex::encode(done.sha256), hex::encode(sha256))?;
    let metadata = |file| move |source| Problem::Metadata { file, source };
    let index = IndexJson::from_package_directory(&folder).map_err(metadata("info/index.json"))?;
    same(
        "name",
        index.name.as_normalized().to_owned(),
        package.name.clone(),
    )?;
    same(
        "version",
        index.version.to_string(),
        package.version.clone(),
    )?;
    same("build", index.build.to_string(), package.build.clone())?;
    let paths = PathsJson::from_package_directory_with_deprecated_fallback(&folder)
        .map_err(metadata("info/paths.json"))?;
    for entry in &paths.paths {
        check_inside(&entry.relative_path)?;
    }
    Ok(Unpacked {
        folder,
        index,
        paths,
        size: done.total_size,
    })
}

/// In one pass where that is possible. A zip that has the sizes of its parts only at its end is read whole first.
fn unpack_archive(archive: &Path, folder: &Path) -> Result<ExtractResult, ExtractError> {
    match extract(archive, folder) {
        Err(ExtractError::ZipError(_)) => {
            fs::remove_dir_all(folder)?;
            extract_conda_via_buffering(File::open(archive)?, folder)
        }
        done => done,
    }
}

/// A path that leads out of the prefix must not be followed.
fn check_inside(path: &Path) -> Result<(), Problem> {
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if inside && !path.as_os_str().is_empty() {
        return Ok(());
    }
    Err(Problem::Unsafe {
        path: path.to_owned(),
    })
}

fn same(what: &'static str, found: String, expected: String) -> Result<(), Problem> {
    if found == expected {
        return Ok(());
    }
    Err(Problem::Mismatch {
        what,
        found,
        expected,
    })
}
