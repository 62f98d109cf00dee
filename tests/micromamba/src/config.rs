//! Where environments, packages and channels are, from the environment and condarc.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rattler_conda_types::ChannelConfig;

use crate::cli::Target;

/// The settings that a command works with.
pub struct Config {
    /// The base environment, with the others below `envs`.
    pub root_prefix: PathBuf,
    /// The package cache.
    pub packages: PathBuf,
    /// How channels are found by name.
    pub channels: ChannelConfig,
}

impl Config {
    /// Gathers the settings.
    pub fn from_environment(root_prefix: Option<PathBuf>) -> Result<Self> {
        let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let root_prefix = root_prefix.unwrap_or_else(|| home.join("micromamba"));
        let packages = env::var_os("CONDA_PKGS_DIRS")
            .and_then(|list| env::split_paths(&list).next())
            .unwrap_or_else(|| root_prefix.join("pkgs"));

        let mut channels = ChannelConfig::default_with_root_dir(env::current_dir()?);
        let files = [
            home.join(".condarc"),
            root_prefix.join(".condarc"),
            PathBuf::from("/etc/conda/.condarc"),
        ];
        let alias = env::var("CONDA_CHANNEL_ALIAS").ok();
        let alias = alias.or_else(|| files.iter().find_map(|file| channel_alias(file)));
        if let Some(alias) = alias {
            channels.channel_alias = alias
                .parse()
                .with_context(|| format!("channel_alias {alias:?} is no URL"))?;
        }
        Ok(Self {
            root_prefix,
            packages,
            channels,
        })
    }

    /// The folder of an environment.
    pub fn prefix(&self, target: &Target) -> PathBuf {
        match (&target.prefix, &target.name) {
            (Some(prefix), _) => prefix.clone(),
            (None, Some(name)) => self.named_prefix(name),
            (None, None) => {
                env::var_os("CONDA_PREFIX").map_or_else(|| self.root_prefix.clone(), PathBuf::from)
            }
        }
    }

    /// The folder of an environment that is given by its name or its path.
    pub fn named_prefix(&self, name: &str) -> PathBuf {
        match name {
            "base" => self.root_prefix.clone(),
            path if path.contains('/') => PathBuf::from(path),
            name => self.root_prefix.join("envs").join(name),
        }
    }
}

/// `channel_alias` of a condarc file; nothing else in it matters here.
fn channel_alias(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("channel_alias:"))?;
    Some(value.trim().trim_matches(['"', '\'']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_found_by_name_or_folder() {
        let config = Config::from_environment(Some("/opt/conda".into())).unwrap();
        assert_eq!(config.named_prefix("base"), Path::new("/opt/conda"));
        assert_eq!(config.named_prefix("x"), Path::new("/opt/conda/envs/x"));
        assert_eq!(config.named_prefix("./x"), Path::new("./x"));
        let target = Target {
            name: None,
            prefix: Some("/p".into()),
        };
        assert_eq!(config.prefix(&target), Path::new("/p"));
    }

    #[test]
    fn the_channel_alias_is_read_from_condarc() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".condarc");
        fs::write(&file, "channels: [a]\nchannel_alias: \"http://h/c\"\n").unwrap();
        assert_eq!(channel_alias(&file).as_deref(), Some("http://h/c"));
        assert_eq!(channel_alias(&folder.path().join("none")), None);
    }
}
