//! What `layercake lock` works by.

use std::path::PathBuf;

use layercake_conda::{Access, Update};
use layercake_planner::facts::Platform;
use url::Url;

use super::{Environment, UsageError, parse_platform};
use crate::args::LockArgs;

/// Where conda's tools look for channels that are given by name alone.
const CHANNEL_ALIAS: &str = "https://conda.anaconda.org";

/// What to lock, and how.
#[derive(Clone, Debug)]
pub struct LockSettings {
    /// The platforms that were asked for; those of the lock if none.
    pub platforms: Vec<Platform>,
    /// Which packages move.
    pub update: Update,
    /// Whether bases move.
    pub update_bases: bool,
    /// Whether the tool that links packages moves.
    pub update_tool: bool,
    /// Locks of other tools, with the stages that they are for where these are named.
    pub imports: Vec<(Option<String>, PathBuf)>,
    /// How channels are reached.
    pub access: Access,
}

impl LockSettings {
    /// Merges arguments and environment. Takes the platforms from the project's arguments: a lock is for several.
    pub fn new(args: &mut LockArgs, environment: &impl Environment) -> Result<Self, UsageError> {
        let platforms = args.project.platform.take().unwrap_or_default();
        let platforms = platforms
            .split(',')
            .map(str::trim)
            .filter(|platform| !platform.is_empty())
            .map(parse_platform)
            .collect::<Result<_, _>>()?;
        let update = if args.update_all {
            Update::Everything
        } else if args.update.is_empty() {
            Update::Nothing
        } else {
            Update::Packages(args.update.iter().map(|name| name.to_lowercase()).collect())
        };
        let alias = environment("CONDA_CHANNEL_ALIAS").filter(|alias| !alias.is_empty());
        let channel_alias = url(alias.as_deref().unwrap_or(CHANNEL_ALIAS))?;
        let mirrors = args.mirrors.iter().map(|pair| match pair.split_once('=') {
            Some((original, mirror)) => Ok((url(original)?, url(mirror)?)),
            None => Err(UsageError::new(format!(
                "`{pair}` names no mirror; write --channel-mirror https://conda.anaconda.org/conda-forge=https://..."
            ))),
        });
        Ok(Self {
            platforms,
            update,
            update_bases: args.update_bases,
            update_tool: args.update_tool,
            imports: args.imports.iter().map(|text| import(text)).collect(),
            access: Access {
                channel_alias,
                root: args.project.context.clone(),
                cache: cache_dir(args.cache_dir.clone(), environment)?,
                mirrors: mirrors.collect::<Result<_, _>>()?,
                offline: args.offline,
            },
        })
    }
}

/// `[STAGE=]FILE`; names of stages have no `/` and no `.`.
fn import(text: &str) -> (Option<String>, PathBuf) {
    match text.split_once('=') {
        Some((stage, file)) if !stage.contains(['/', '.']) => (Some(stage.to_owned()), file.into()),
        _ => (None, text.into()),
    }
}

fn url(text: &str) -> Result<Url, UsageError> {
    text.parse()
        .map_err(|error| UsageError::new(format!("`{text}` is not a URL: {error}")))
}

fn cache_dir(
    given: Option<PathBuf>,
    environment: &impl Environment,
) -> Result<PathBuf, UsageError> {
    let of = |name, below: &str| {
        let folder = environment(name).filter(|folder| !folder.is_empty());
        folder.map(|folder| PathBuf::from(folder).join(below))
    };
    given
        .or_else(|| of("XDG_CACHE_HOME", "layercake"))
        .or_else(|| of("HOME", ".cache/layercake"))
        .ok_or_else(|| {
            UsageError::new("there is no HOME to keep a cache in; name a folder by --cache-dir")
        })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn settings(line: &str, environment: &[(&str, &str)]) -> Result<LockSettings, UsageError> {
        let Command::Lock(mut args) = Cli::parse_from(
            ["layercake", "lock"]
                .into_iter()
                .chain(line.split_whitespace()),
        )
        .command
        else {
            unreachable!("the line begins with lock")
        };
        let found = |name: &str| {
            let mut all = environment.iter();
            all.find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        LockSettings::new(&mut args, &found)
    }

    #[test]
    fn arguments_and_environment_are_merged() {
        let found = settings(
            "--platform linux/amd64,linux/aarch64 --update NumPy,scipy --channel-mirror https://a.example/c=https://b.example",
            &[
                ("HOME", "/home/u"),
                ("CONDA_CHANNEL_ALIAS", "https://own.example"),
            ],
        );
        let found = found.unwrap();
        let platforms: Vec<_> = found.platforms.iter().map(ToString::to_string).collect();
        assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
        let names = ["numpy", "scipy"].map(str::to_owned);
        assert_eq!(found.update, Update::Packages(names.into()));
        assert_eq!(found.access.channel_alias.as_str(), "https://own.example/");
        assert_eq!(
            found.access.cache,
            PathBuf::from("/home/u/.cache/layercake")
        );
        assert_eq!(found.access.mirrors[0].1.as_str(), "https://b.example/");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(settings("--channel-mirror https://a.example", &[("HOME", "/h")]).is_err());
        assert!(settings("", &[("HOME", "/h"), ("CONDA_CHANNEL_ALIAS", "own")]).is_err());
        assert!(settings("", &[]).is_err());
        assert!(settings("--platform windows/amd64", &[("HOME", "/h")]).is_err());
    }
}
