//! Platforms, normalized as containerd normalizes them, so that one platform has one spelling in every digest.

use std::fmt;
use std::str::FromStr;

use buildkit_proto::pb;

use crate::LlbError;

/// An operating system and an architecture, for example `linux/amd64` or `linux/arm/v7`.
///
/// An operation without a platform runs on the daemon's own.
///
/// ```
/// use buildkit_llb::Platform;
///
/// let platform: Platform = "linux/aarch64/v8".parse()?;
/// assert_eq!(platform.to_string(), "linux/arm64");
/// # Ok::<(), buildkit_llb::LlbError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: String,
    os_version: String,
    os_features: Vec<String>,
}

impl Platform {
    /// A platform from an operating system and an architecture as Go names them (`linux`, `amd64`).
    pub fn new(os: &str, architecture: &str) -> Self {
        Self::with_variant(os, architecture, "")
    }

    /// A platform with a variant of the architecture, for example `v7` of `arm`; the empty variant is the default one.
    pub fn with_variant(os: &str, architecture: &str, variant: &str) -> Self {
        let (architecture, variant) =
            normalize(&architecture.to_lowercase(), &variant.to_lowercase());
        let os = match os.to_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            os => os.to_owned(),
        };
        Self {
            os,
            architecture,
            variant,
            os_version: String::new(),
            os_features: Vec::new(),
        }
    }

    /// Requires a version of the operating system, as Windows images do.
    #[must_use]
    pub fn os_version(mut self, version: impl Into<String>) -> Self {
        self.os_version = version.into();
        self
    }

    /// Requires a feature of the operating system, for example `win32k`.
    #[must_use]
    pub fn os_feature(mut self, feature: impl Into<String>) -> Self {
        self.os_features.push(feature.into());
        self
    }

    /// The operating system, for example `linux`.
    pub fn os(&self) -> &str {
        &self.os
    }

    /// The architecture, for example `amd64`.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// The variant of the architecture; empty for the default one.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// The platform as another client wrote it.
    pub(crate) fn from_pb(platform: pb::Platform) -> Self {
        let pb::Platform {
            architecture,
            os,
            variant,
            os_version,
            os_features,
        } = platform;
        Self {
            os_version,
            os_features,
            ..Self::with_variant(&os, &architecture, &variant)
        }
    }

    pub(crate) fn to_pb(&self) -> pb::Platform {
        pb::Platform {
            architecture: self.architecture.clone(),
            os: self.os.clone(),
            variant: self.variant.clone(),
            os_version: self.os_version.clone(),
            os_features: self.os_features.clone(),
        }
    }
}

impl FromStr for Platform {
    type Err = LlbError;

    /// Reads `os/architecture[/variant]`. Both first parts are needed: what a missing one means would depend on the
    /// machine that reads it.
    fn from_str(text: &str) -> Result<Self, LlbError> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            _ if !parts.iter().copied().all(is_component) => Err(LlbError::InvalidPlatform {
                platform: text.to_owned(),
            }),
            [os, architecture] => Ok(Self::new(os, architecture)),
            [os, architecture, variant] => Ok(Self::with_variant(os, architecture, variant)),
            _ => Err(LlbError::InvalidPlatform {
                platform: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        Ok(())
    }
}

fn is_component(part: &str) -> bool {
    !part.is_empty()
        && part
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// The names by which the architectures of images go, and their variants with the default one left out.
fn normalize(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = match (architecture, variant) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
        ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
        ("aarch64", variant) => ("arm64", variant),
        ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
        ("armel", _) | ("arm", "6") => ("arm", "v6"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "8") => ("arm", "v8"),
        other => other,
    };
    (architecture.to_owned(), variant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(text.parse::<Platform>().unwrap().to_string(), expect);
    }

    #[test]
    fn spellings_of_one_platform_are_equal() {
        check("linux/amd64", "linux/amd64");
        check("Linux/x86_64", "linux/amd64");
        check("linux/amd64/v1", "linux/amd64");
        check("linux/amd64/v3", "linux/amd64/v3");
        check("linux/arm64/v8", "linux/arm64");
        check("linux/aarch64", "linux/arm64");
        check("linux/arm64/9", "linux/arm64/v9");
        check("linux/arm", "linux/arm/v7");
        check("linux/arm/6", "linux/arm/v6");
        check("linux/armel", "linux/arm/v6");
        check("macos/arm64", "darwin/arm64");
    }

    #[test]
    fn incomplete_platforms_are_refused() {
        for text in [
            "",
            "linux",
            "linux/",
            "/amd64",
            "linux/amd64/v1/x",
            "linux/*",
            "windows(10)/amd64",
        ] {
            let error = text.parse::<Platform>().unwrap_err();
            assert_eq!(
                error,
                LlbError::InvalidPlatform {
                    platform: text.to_owned()
                }
            );
        }
    }
}
