//! Why a group cannot be linked.

use std::path::PathBuf;

use rattler::install::InstallError;
use rattler_package_streaming::ExtractError;
use thiserror::Error;
use zip::result::ZipError;

/// Why a group cannot be linked.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The environment as a whole: its folder, its platform, its Python.
    #[error("{what}")]
    Environment {
        /// What cannot be done.
        what: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// One package.
    #[error("cannot link {package}")]
    Package {
        /// Its archive's name.
        package: String,
        /// Why.
        source: Problem,
    },
}

impl LinkError {
    pub(crate) fn wheels(source: Problem) -> Self {
        Self::environment("cannot install wheels", source)
    }

    pub(crate) fn environment(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Environment {
            what: what.into(),
            source: source.into(),
        }
    }
}

/// What is wrong with a package, or went wrong with it.
#[derive(Debug, Error)]
pub enum Problem {
    /// A value of the description is not what it should be.
    #[error("its {field} is `{value}`, which is none")]
    Value {
        /// Which.
        field: &'static str,
        /// The value.
        value: String,
    },
    /// The archive cannot be read as one.
    #[error("cannot unpack {}", archive.display())]
    Unpack {
        /// The archive.
        archive: PathBuf,
        /// Why.
        source: Box<ExtractError>,
    },
    /// The archive is another one.
    #[error("its archive has the {what} {found}, not {expected}")]
    Mismatch {
        /// What differs.
        what: &'static str,
        /// What was found.
        found: String,
        /// What the description says.
        expected: String,
    },
    /// A file of the package's own description cannot be read.
    #[error("cannot read its {file}")]
    Metadata {
        /// Which.
        file: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A file would lie outside of the environment.
    #[error("its file `{}` would lie outside of the environment", path.display())]
    Unsafe {
        /// The path.
        path: PathBuf,
    },
    /// A `noarch` Python package in an environment without Python.
    #[error("it is for any Python, but the environment has none")]
    NoPython,
    /// Its files cannot be put in place.
    #[error(transparent)]
    Link(Box<InstallError>),
    /// A wheel cannot be put in place.
    #[error(transparent)]
    Wheel(Box<uv_install_wheel::Error>),
    /// A wheel cannot be read as a zip archive.
    #[error("cannot unpack {}", archive.display())]
    Zip {
        /// The archive.
        archive: PathBuf,
        /// Why.
        source: ZipError,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl From<InstallError> for Problem {
    fn from(error: InstallError) -> Self {
        Self::Link(Box::new(error))
    }
}

/// Whether `error` comes from a disk that is full.
pub fn is_disk_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let full = error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::StorageFull);
        if full {
            return true;
        }
        next = error.source();
    }
    false
}
