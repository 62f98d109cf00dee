//! What to link: the description of a group, as JSON.

use serde::{Deserialize, Serialize};

/// Packages that are linked together, and what they have to know of the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Group {
    /// Where the environment will lie: the absolute path that is written into files in place of the one that
    /// packages were built with.
    pub prefix: String,
    /// The conda platform, such as `linux-64`.
    pub platform: String,
    /// The environment's Python; needed where one of the packages is `noarch: python`, and for wheels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<Python>,
    /// The packages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// Wheels, which are installed over the packages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wheels: Vec<Wheel>,
}

/// What a `noarch` Python package has to know of the Python that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Python {
    /// Major and minor version, such as `3.11`.
    pub version: String,
    /// The folder for packages, relative to the prefix, where it is not the usual one of this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_packages: Option<String>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Package {
    /// The path of its archive, a `.conda` or `.tar.bz2` file.
    pub archive: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its build string.
    pub build: String,
    /// The folder of the channel that it is from, such as `linux-64` or `noarch`.
    pub subdir: String,
    /// The address that its record names; nothing is fetched from there.
    pub url: String,
    /// SHA-256 of its archive, hexadecimal.
    pub sha256: String,
    /// MD5 of its archive, hexadecimal; some conda tools compare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// The packages that it depends on, as the channel has them.
    #[serde(default)]
    pub depends: Vec<String>,
    /// What versions of others it allows, as the channel has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constrains: Vec<String>,
    /// Paths of its files, relative to the prefix, that other packages have too and win: these files lie
    /// under `__clobbers__` instead, where rattler puts them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loses: Vec<String>,
}

/// One wheel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wheel {
    /// The path of the file, whose name says what it is; or of a folder that has one wheel, which was built.
    pub archive: String,
    /// SHA-256 of the file, hexadecimal, where it is known before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Package {
    /// The name of its archive, by which conda tools know it.
    pub fn file_name(&self) -> &str {
        self.archive.rsplit('/').next().unwrap_or(&self.archive)
    }
}
