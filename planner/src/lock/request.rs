//! What a conda environment asks for, and how that differs from what a lock was made for.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Environment;

/// What is solved: an environment file's meaning and the virtual packages that its stage sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The channels, the first one first.
    pub channels: Vec<String>,
    /// Match specs, sorted.
    pub packages: Vec<String>,
    /// The lines of the `pip:` section.
    pub pip: Vec<String>,
    /// The virtual packages that the stage sets, without the underscores.
    pub virtual_packages: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Meaning {
    #[serde(default)]
    channels: Vec<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Dependency {
    Package(String),
    Pip { pip: Vec<String> },
}

impl Request {
    /// The request of a conda stage, from the [environment](crate::model::Conda::environment) and the virtual
    /// packages that its model has.
    ///
    /// # Panics
    /// If the environment is not one that a model has.
    pub fn new(environment: &str, virtual_packages: &BTreeMap<String, String>) -> Self {
        let meaning: Meaning =
            serde_json::from_str(environment).expect("a model's environments are canonical JSON");
        let mut request = Self {
            channels: meaning.channels,
            virtual_packages: virtual_packages.clone(),
            ..Self::default()
        };
        for dependency in meaning.dependencies {
            match dependency {
                Dependency::Package(package) => request.packages.push(package),
                Dependency::Pip { pip } => request.pip.extend(pip),
            }
        }
        request
    }

    /// The channels without what must not be written down.
    pub fn told_channels(&self) -> Vec<String> {
        let channels = self.channels.iter();
        channels.map(|name| without_credentials(name)).collect()
    }

    /// The match specs without what must not be written down: a spec may name its channel.
    pub fn told_packages(&self) -> Vec<String> {
        let specs = self
            .packages
            .iter()
            .map(|spec| match spec.split_once("::") {
                Some((channel, rest)) => format!("{}::{rest}", without_credentials(channel)),
                None => spec.clone(),
            });
        specs.collect()
    }

    /// The digest by which a lock knows what it was made for, `sha256:…`.
    pub fn digest(&self) -> String {
        let value: Value = json!([
            self.told_channels(),
            self.told_packages(),
            self.pip,
            self.virtual_packages
        ]);
        format!("sha256:{}", hex::encode(Sha256::digest(value.to_string())))
    }

    /// What it asks for that `locked` was not made for, and the reverse, one fragment each; none if it is the same.
    pub fn changes_since(&self, locked: &Environment) -> Vec<String> {
        if locked.spec == self.digest() {
            return Vec::new();
        }
        let mut changes = Vec::new();
        let channels = self.told_channels();
        if channels != locked.channels {
            changes.push(format!(
                "the channels were {} and are {}",
                locked.channels.join(", "),
                channels.join(", ")
            ));
        }
        changes.extend(differences("", &locked.requested, &self.told_packages()));
        changes.extend(differences("pip's ", &locked.requested_pip, &self.pip));
        for (name, version) in &self.virtual_packages {
            match locked.virtual_packages.get(name) {
                Some(before) if before == version => {}
                Some(before) => {
                    changes.push(format!("`__{name}` was {before:?} and is {version:?}"));
                }
                None => changes.push(format!("`__{name}` is new")),
            }
        }
        if changes.is_empty() {
            changes.push("a virtual package is no longer set".to_owned());
        }
        changes
    }
}

/// A channel or an address without what must not be written down: a name and password, or a token as anaconda.org
/// has it. Names and paths have none.
pub fn without_credentials(channel: &str) -> String {
    let Some((scheme, rest)) = channel.split_once("://") else {
        return channel.to_owned();
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or(host);
    let token = path
        .strip_prefix("t/")
        .and_then(|path| path.split_once('/'));
    let path = token.map_or(path, |(_, path)| path);
    let slash = if rest.contains('/') { "/" } else { "" };
    format!("{scheme}://{host}{slash}{path}")
}

/// What became of each package that is asked for, by its name.
fn differences(whose: &str, before: &[String], after: &[String]) -> Vec<String> {
    let by_name = |lines: &[String]| -> BTreeMap<String, Vec<String>> {
        let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in lines {
            named
                .entry(package_name(line).to_owned())
                .or_default()
                .push(line.clone());
        }
        named
    };
    let (before, mut after) = (by_name(before), by_name(after));
    let mut changes = Vec::new();
    for (name, before) in &before {
        match after.remove(name) {
            None => changes.push(format!("{whose}`{name}` is gone")),
            Some(after) if after == *before => {}
            Some(after) => changes.push(format!(
                "{whose}`{}` became `{}`",
                before.join("`, `"),
                after.join("`, `")
            )),
        }
    }
    changes.extend(
        after
            .values()
            .map(|lines| format!("{whose}`{}` is new", lines.join("`, `"))),
    );
    changes
}

/// The name in a match spec or a requirement, without its channel.
fn package_name(spec: &str) -> &str {
    let spec = spec.rsplit_once("::").map_or(spec, |(_, spec)| spec);
    let end = spec.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'));
    &spec[..end.unwrap_or(spec.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(packages: &[&str], pip: &[&str], cuda: Option<&str>) -> Request {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        let cuda = cuda.map(|version| ("cuda".to_owned(), version.to_owned()));
        Request {
            channels: vec!["conda-forge".into()],
            packages: texts(packages),
            pip: texts(pip),
            virtual_packages: cuda.into_iter().collect(),
        }
    }

    fn locked(request: &Request) -> Environment {
        Environment {
            stage: "env".into(),
            platform: "linux/amd64".into(),
            spec: request.digest(),
            channels: request.channels.clone(),
            requested: request.packages.clone(),
            requested_pip: request.pip.clone(),
            virtual_packages: request.virtual_packages.clone(),
            layers: 40,
            packages: Vec::new(),
            wheels: Vec::new(),
        }
    }

    #[track_caller]
    fn check(before: &Request, after: &Request, changes: &[&str]) {
        assert_eq!(after.changes_since(&locked(before)), changes);
    }

    #[test]
    fn what_changed_is_named() {
        let before = request(&["numpy >=1", "python 3.11.*"], &["requests"], Some("12.4"));
        check(&before, &before, &[]);
        check(
            &before,
            &request(
                &["conda-forge::numpy >=2", "scipy"],
                &["requests==2"],
                Some("12.5"),
            ),
            &[
                "`numpy >=1` became `conda-forge::numpy >=2`",
                "`python` is gone",
                "`scipy` is new",
                "pip's `requests` became `requests==2`",
                "`__cuda` was \"12.4\" and is \"12.5\"",
            ],
        );
        check(
            &before,
            &request(&["numpy >=1", "python 3.11.*"], &["requests"], None),
            &["a virtual package is no longer set"],
        );
    }

    #[test]
    fn no_credential_is_written_down() {
        for (url, expected) in [
            (
                "https://me:secret@h.example/c/a.conda",
                "https://h.example/c/a.conda",
            ),
            (
                "https://h.example/t/tk-1/c/a.conda",
                "https://h.example/c/a.conda",
            ),
            ("https://me:s@h.example", "https://h.example"),
            ("file:///c/a.conda", "file:///c/a.conda"),
            ("conda-forge", "conda-forge"),
        ] {
            assert_eq!(without_credentials(url), expected);
        }
        let mut with = request(&["https://h.example/t/tk-1/c::numpy"], &[], None);
        with.channels = vec!["https://h.example/t/tk-1/c".into()];
        let mut without = request(&["https://h.example/c::numpy"], &[], None);
        without.channels = vec!["https://h.example/c".into()];
        assert_eq!(with.digest(), without.digest());
        assert_eq!(with.changes_since(&locked(&without)), Vec::<String>::new());
    }

    #[test]
    fn a_models_environment_is_read() {
        let text = r#"{"channels":["a"],"dependencies":["numpy >=1",{"pip":["requests"]}]}"#;
        let read = Request::new(text, &BTreeMap::new());
        let mut expected = request(&["numpy >=1"], &["requests"], None);
        expected.channels = vec!["a".into()];
        assert_eq!(read, expected);
        assert_ne!(
            expected.digest(),
            request(&["numpy >=1"], &["requests"], None).digest()
        );
    }
}
