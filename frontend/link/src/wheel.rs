//! Wheels into the environment, by uv's installer.

use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use rattler::install::PythonInfo;
use rattler_digest::{Sha256, compute_file_digest};
use uv_distribution_filename::WheelFilename;
use uv_install_wheel::{InstallState, Layout, LinkMode, install_wheel};
use uv_pypi_types::Scheme;
use zip::ZipArchive;

use crate::error::Problem;
use crate::group::Wheel;
use crate::times;

/// Who is named as the installer in an installed wheel's metadata.
const INSTALLER: &str = "layercake";

/// Where wheels go.
pub(crate) struct Target {
    layout: Layout,
}

impl Target {
    /// The environment in the folder `into`, which will lie at `prefix`.
    pub(crate) fn new(
        into: &Path,
        prefix: &str,
        python: Option<&PythonInfo>,
    ) -> Result<Self, Problem> {
        let python = python.ok_or(Problem::NoPython)?;
        let site_packages = into.join(&python.site_packages_path);
        let (major, minor) = python.short_version;
        let small = |part: u64| u8::try_from(part).map_err(|_| Problem::NoPython);
        let layout = Layout {
            sys_executable: Path::new(prefix).join("bin/python"),
            python_version: (small(major)?, small(minor)?),
            os_name: "posix".into(),
            scheme: Scheme {
                purelib: site_packages.clone(),
                platlib: site_packages,
                scripts: into.join(&python.bin_dir),
                data: into.to_owned(),
                include: into.join(format!("include/python{major}.{minor}")),
            },
        };
        Ok(Self { layout })
    }

    /// Installs a wheel, unpacked below `staging` on the way.
    pub(crate) fn install(&self, wheel: &Wheel, staging: &Path) -> Result<(), Problem> {
        let archive = &wheel.file()?;
        if let Some(expected) = &wheel.sha256 {
            let found = compute_file_digest::<Sha256>(archive).map_err(unreadable(archive))?;
            let found = hex::encode(found);
            if found != *expected {
                return Err(Problem::Mismatch {
                    what: "digest",
                    found,
                    expected: expected.clone(),
                });
            }
        }
        let file_name = archive.file_name().unwrap_or_default().to_string_lossy();
        let name = WheelFilename::from_str(&file_name).map_err(|_| Problem::Value {
            field: "file name",
            value: file_name.clone().into_owned(),
        })?;
        let unpacked = staging.join(&*file_name);
        unpack(archive, &unpacked)?;
        install_wheel::<(), ()>(
            &self.layout,
            false,
            &unpacked,
            &name,
            None,
            None,
            None,
            Some(INSTALLER),
            true,
            LinkMode::Hardlink,
            &InstallState::default(),
        )
        .map_err(|source| Problem::Wheel(Box::new(source)))
    }
}

impl Wheel {
    /// Its file: that of the folder, where it was built.
    fn file(&self) -> Result<PathBuf, Problem> {
        let path = Path::new(&self.archive);
        if !path.is_dir() {
            return Ok(path.to_owned());
        }
        let entries = fs::read_dir(path).map_err(unreadable(path))?;
        let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut wheels = files.filter(|file| file.extension().is_some_and(|end| end == "whl"));
        wheels.next().ok_or_else(|| Problem::Value {
            field: "folder of a wheel",
            value: self.archive.clone(),
        })
    }

    /// The name of its file.
    pub fn file_name(&self) -> &str {
        self.archive.rsplit('/').next().unwrap_or(&self.archive)
    }
}

/// Unpacks a wheel into `folder`. Of a file's mode counts whether it can be executed, and of its times none.
fn unpack(archive: &Path, folder: &Path) -> Result<(), Problem> {
    let broken = |source| Problem::Zip {
        archive: archive.to_owned(),
        source,
    };
    let file = File::open(archive).map_err(unreadable(archive))?;
    let mut zip = ZipArchive::new(file).map_err(broken)?;
    fs::create_dir_all(folder).map_err(unwritable(folder))?;
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).map_err(broken)?;
        let inside = entry.enclosed_name().ok_or_else(|| Problem::Unsafe {
            path: String::from_utf8_lossy(entry.name_raw())
                .into_owned()
                .into(),
        })?;
        if entry.is_dir() {
            continue;
        }
        let path = folder.join(inside);
        let mode = match entry.unix_mode() {
            Some(mode) if mode & 0o111 != 0 => 0o755,
            _ => 0o644,
        };
        write(&mut entry, &path, mode).map_err(unwritable(&path))?;
    }
    Ok(())
}

fn write(from: &mut impl Read, path: &Path, mode: u32) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    io::copy(from, &mut File::create(path)?)?;
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    times::fix(path)
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Problem + use<> {
    let path = path.to_owned();
    move |source| Problem::Read { path, source }
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Problem + use<> {
    let path = path.to_owned();
    move |source| Problem::Write { path, source }
}
