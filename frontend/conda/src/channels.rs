//! Channels by the names that environment files have for them.

use rattler_conda_types::{Channel, ChannelConfig, NamedChannelOrUrl};

use crate::{Access, CondaError};

/// What conda means by `defaults` on Linux, whatever the alias is.
const DEFAULTS: [&str; 2] = [
    "https://repo.anaconda.com/pkgs/main",
    "https://repo.anaconda.com/pkgs/r",
];

/// The channels that `names` stand for, the first one first.
pub(crate) fn channels(names: &[String], access: &Access) -> Result<Vec<Channel>, CondaError> {
    let config = ChannelConfig {
        channel_alias: access.channel_alias.clone(),
        root_dir: access.root.clone(),
    };
    let mut channels = Vec::new();
    for name in names {
        match name.as_str() {
            "nodefaults" => {} // It says that no others are added, and none are.
            "defaults" => {
                for url in DEFAULTS {
                    channels.push(channel(url, &config)?);
                }
            }
            name => channels.push(channel(name, &config)?),
        }
    }
    if channels.is_empty() {
        return Err(CondaError::NoChannel);
    }
    Ok(channels)
}

fn channel(name: &str, config: &ChannelConfig) -> Result<Channel, CondaError> {
    let bad = |problem: String| CondaError::Channel {
        name: name.to_owned(),
        problem,
    };
    let named: NamedChannelOrUrl = name.parse().map_err(|error| bad(format!("{error}")))?;
    named
        .into_channel(config)
        .map_err(|error| bad(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access {
            channel_alias: "https://conda.example".parse().unwrap(),
            root: "/project".into(),
            cache: "/cache".into(),
            mirrors: Vec::new(),
            offline: false,
        }
    }

    fn urls(names: &[&str]) -> Vec<String> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let channels = channels(&names, &access()).unwrap();
        channels
            .iter()
            .map(|one| one.base_url.to_string())
            .collect()
    }

    #[test]
    fn names_are_below_the_alias_and_paths_below_the_root() {
        assert_eq!(
            urls(&[
                "conda-forge",
                "https://own.example/main",
                "./local",
                "nodefaults"
            ]),
            [
                "https://conda.example/conda-forge/",
                "https://own.example/main/",
                "file:///project/local/"
            ]
        );
        assert_eq!(
            urls(&["defaults"])[0],
            "https://repo.anaconda.com/pkgs/main/"
        );
        let none = channels(&["nodefaults".into()], &access());
        assert!(matches!(none, Err(CondaError::NoChannel)));
    }
}
