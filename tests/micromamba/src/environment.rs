//! What is to be installed: an environment file and the command line, as one request.

use anyhow::{Context as _, Result, bail};
use rattler_conda_types::{
    Channel, ChannelConfig, EnvironmentYaml, MatchSpec, NamedChannelOrUrl, ParseStrictness,
};

use crate::cli::InstallOptions;

/// The packages that are asked for, and the channels to take them from.
pub struct Request {
    /// The conda packages.
    pub specs: Vec<MatchSpec>,
    /// The channels, the first one first.
    pub channels: Vec<Channel>,
    /// The packages for pip.
    pub pip: Vec<String>,
}

impl Request {
    /// Reads the environment file, if one is given, and adds the command line's share.
    pub fn new(options: &InstallOptions, config: &ChannelConfig) -> Result<Self> {
        let file = match &options.file {
            Some(path) => EnvironmentYaml::from_path(path)
                .with_context(|| format!("could not read {}", path.display()))?,
            None => EnvironmentYaml::default(),
        };
        let mut specs: Vec<MatchSpec> = file.match_specs().cloned().collect();
        for spec in &options.specs {
            specs.push(MatchSpec::from_str(spec, ParseStrictness::Lenient)?);
        }
        let pip = file.pip_specs().unwrap_or_default().to_vec();
        if specs.is_empty() && pip.is_empty() {
            bail!("nothing to install: give packages, or a file with dependencies");
        }

        let mut named: Vec<NamedChannelOrUrl> = Vec::new();
        for channel in &options.channels {
            named.push(channel.parse()?);
        }
        if !options.override_channels {
            named.extend(file.channels);
        }
        // `nodefaults` is no channel: it says that none may be added.
        named.retain(|channel| channel.as_str() != "nodefaults");
        if named.is_empty() {
            bail!("no channel: name one with -c or under channels: in the file");
        }
        let channels = named
            .into_iter()
            .map(|channel| Ok(channel.into_channel(config)?))
            .collect::<Result<_>>()?;
        Ok(Self {
            specs,
            channels,
            pip,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cli::Target;

    fn request(yaml: &str, channels: &[&str], override_channels: bool) -> Result<Request> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("packages.yaml");
        fs::write(&file, yaml).unwrap();
        let options = InstallOptions {
            target: Target::default(),
            file: Some(file),
            channels: channels.iter().map(ToString::to_string).collect(),
            override_channels,
            yes: true,
            specs: vec!["idna<4".into()],
        };
        let config = ChannelConfig {
            channel_alias: "http://127.0.0.1:1/".parse().unwrap(),
            root_dir: folder.path().into(),
        };
        Request::new(&options, &config)
    }

    const FILE: &str = "channels: [conda-forge, nodefaults]\n\
        dependencies:\n- python=3.11\n- numpy >=2\n- pip:\n  - a-wheel==1\n";

    #[track_caller]
    fn check_channels(request: &Request, expected: &[&str]) {
        let urls: Vec<&str> = request
            .channels
            .iter()
            .map(|it| it.base_url.as_str())
            .collect();
        assert_eq!(urls, expected);
    }

    #[test]
    fn the_file_and_the_command_line_make_one_request() {
        let found = request(FILE, &["file:///own"], false).unwrap();
        check_channels(&found, &["file:///own/", "http://127.0.0.1:1/conda-forge/"]);
        let specs: Vec<String> = found.specs.iter().map(ToString::to_string).collect();
        assert_eq!(specs, ["python 3.11.*", "numpy >=2", "idna <4"]);
        assert_eq!(found.pip, ["a-wheel==1"]);
    }

    #[test]
    fn the_files_channels_can_be_overridden() {
        let found = request(FILE, &["own"], true).unwrap();
        check_channels(&found, &["http://127.0.0.1:1/own/"]);
        let error = request(FILE, &[], true).err().unwrap().to_string();
        assert!(error.starts_with("no channel"), "{error}");
    }
}
