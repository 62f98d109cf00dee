//! Platforms, as people write them.

use std::env::consts;

use buildkit_llb::Platform as Normal;
use layercake_planner::facts::Platform;

use super::UsageError;

/// Reads one platform, in any of its spellings.
pub fn parse_platform(text: &str) -> Result<Platform, UsageError> {
    if text.contains(',') {
        let message = format!(
            "`{text}` names several platforms, and one is built at a time; build once for each"
        );
        return Err(UsageError::new(message));
    }
    let normal: Normal = text.parse().map_err(|_| {
        UsageError::new(format!(
            "`{text}` is not a platform; write one like linux/amd64 or linux/arm64"
        ))
    })?;
    if normal.os() != "linux" {
        return Err(UsageError::new(format!(
            "`{text}` is not a Linux platform, and only those are built"
        )));
    }
    Ok(from(&normal))
}

/// The platform of this machine, if it ran Linux: its containers do.
pub fn host_platform() -> Platform {
    from(&Normal::new("linux", consts::ARCH))
}

/// A platform as BuildKit's messages have it.
pub fn to_wire(platform: &Platform) -> buildkit_proto::pb::Platform {
    buildkit_proto::pb::Platform {
        architecture: platform.architecture.clone(),
        os: platform.os.clone(),
        variant: platform.variant.clone(),
        ..Default::default()
    }
}

/// A platform as definitions have it.
pub fn to_llb(platform: &Platform) -> Normal {
    Normal::with_variant(&platform.os, &platform.architecture, &platform.variant)
}

fn from(normal: &Normal) -> Platform {
    Platform {
        os: normal.os().to_owned(),
        architecture: normal.architecture().to_owned(),
        variant: normal.variant().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_linux_platform_is_read() {
        assert_eq!(
            parse_platform("linux/aarch64").unwrap().to_string(),
            "linux/arm64"
        );
        assert_eq!(
            parse_platform("linux/arm/v6").unwrap().to_string(),
            "linux/arm/v6"
        );
        for (text, says) in [
            ("linux/amd64,linux/arm64", "several"),
            ("amd64", "like linux"),
            ("windows/amd64", "Linux"),
        ] {
            let error = parse_platform(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
