//! The `pip:` section of an environment to exact distributions, resolved by uv, which is a program on `PATH`.
//!
//! What conda installs is not resolved again: those distributions are left out with all that only they need. The
//! wheels are those that suit the environment's Python and the C library that the virtual packages name.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::process::Stdio;

use layercake_planner::facts::Platform;
use layercake_planner::lock::{Environment, LockedWheel, Noarch, Package};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::solve::{Solved, Update};
use crate::{CondaError, Request};

/// Conda packages whose distributions have other names; most have the same.
const RENAMED: [(&str, &str); 2] = [("matplotlib-base", "matplotlib"), ("pytorch", "torch")];

/// Resolves `pip:` sections.
#[derive(Clone, Debug)]
pub struct Pip {
    /// The program.
    pub uv: OsString,
    /// Whether only its cache is read.
    pub offline: bool,
}

#[derive(Deserialize)]
struct Pylock {
    #[serde(default)]
    packages: Vec<Distribution>,
}

#[derive(Deserialize)]
struct Distribution {
    name: String,
    version: Option<String>,
    sdist: Option<File>,
    #[serde(default)]
    wheels: Vec<File>,
}

#[derive(Clone, Deserialize)]
struct File {
    url: Option<String>,
    size: Option<u64>,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

impl Pip {
    /// The distributions that `request` asks for beside the `solved` conda packages. Those that are `locked` stay
    /// where that is possible.
    pub async fn resolve(
        &self,
        request: &Request,
        platform: &Platform,
        solved: &Solved,
        locked: Option<&Environment>,
        update: &Update,
    ) -> Result<Vec<LockedWheel>, CondaError> {
        if request.pip.is_empty() {
            return Ok(Vec::new());
        }
        let python = solved.packages.iter().find(|one| one.name == "python");
        let python = python.ok_or(CondaError::NoPython)?;
        let provided = provided(&solved.packages);
        refuse_provided(&request.pip, &provided)?;
        let folder = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
        let output = folder.path().join("pylock.toml");
        let excluded = folder.path().join("excluded.txt");
        let names: Vec<&str> = provided.keys().map(String::as_str).collect();
        fs::write(&excluded, names.join("\n")).map_err(|error| failed(error.to_string()))?;
        if let Some(kept) = preferences(locked, update) {
            fs::write(&output, kept).map_err(|error| failed(error.to_string()))?;
        }
        let tags = tags(platform, &solved.virtual_packages)?;
        let mut command = Command::new(&self.uv);
        command
            .args([
                "pip",
                "compile",
                "-",
                "--quiet",
                "--no-header",
                "--no-config",
                "--color=never",
            ])
            .args(["--format=pylock.toml", "--python-platform", &tags])
            .args(["--python-version", &python.version])
            .arg("--excludes")
            .arg(&excluded)
            .arg("--output-file")
            .arg(&output);
        if self.offline {
            command.arg("--offline");
        }
        self.run(command, &request.pip.join("\n")).await?;
        let text = fs::read_to_string(&output).map_err(|error| failed(error.to_string()))?;
        let found: Pylock = toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
        let minor = minor(&python.version);
        found
            .packages
            .into_iter()
            .map(|one| wheel(one, &minor))
            .collect()
    }

    async fn run(&self, mut command: Command, requirements: &str) -> Result<(), CondaError> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| CondaError::NoUv(error.to_string()))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A uv that ends before it has read all of this says why.
            let _ = stdin.write_all(requirements.as_bytes()).await;
        }
        let ended = child.wait_with_output().await;
        let ended = ended.map_err(|error| failed(error.to_string()))?;
        if ended.status.success() {
            return Ok(());
        }
        Err(failed(
            String::from_utf8_lossy(&ended.stderr).trim().to_owned(),
        ))
    }
}

fn failed(problem: String) -> CondaError {
    CondaError::Pip(problem)
}

/// Python distributions among conda packages, by normalised name, with their version.
fn provided(packages: &[Package]) -> BTreeMap<String, String> {
    let of_python = packages.iter().filter(|package| {
        package.noarch == Some(Noarch::Python)
            || package
                .depends
                .iter()
                .any(|need| need.split_whitespace().next() == Some("python"))
    });
    of_python
        .map(|package| {
            let renamed = RENAMED.iter().find(|(conda, _)| *conda == package.name);
            let name = renamed.map_or(package.name.as_str(), |(_, name)| name);
            (normalized(name), package.version.clone())
        })
        .collect()
}

/// One distribution comes from one side only.
fn refuse_provided(
    lines: &[String],
    provided: &BTreeMap<String, String>,
) -> Result<(), CondaError> {
    for line in lines.iter().filter(|line| !line.starts_with('-')) {
        let name = requirement_name(line);
        if let Some(version) = provided.get(&name)
            && name != normalized(line)
        {
            return Err(CondaError::Provided {
                requirement: line.clone(),
                version: version.clone(),
            });
        }
    }
    Ok(())
}

fn requirement_name(line: &str) -> String {
    let end = line.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'));
    normalized(&line[..end.unwrap_or(line.len())])
}

/// A name as the index has it: small letters, and one `-` for each run of `-`, `_` and `.`.
pub fn normalized(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

/// What uv reads as the output of an earlier run: the versions that are to stay, if there are any.
fn preferences(locked: Option<&Environment>, update: &Update) -> Option<String> {
    let moving = |name: &str| match update {
        Update::Nothing => false,
        Update::Packages(names) => names.iter().any(|moving| normalized(moving) == name),
        Update::Everything => true,
    };
    let wheels = locked.into_iter().flat_map(|locked| &locked.wheels);
    let kept = wheels.filter(|wheel| !moving(&wheel.name)).map(|wheel| {
        let (name, version) = (&wheel.name, &wheel.version);
        format!("\n[[packages]]\nname = \"{name}\"\nversion = \"{version}\"\n")
    });
    let kept: String = kept.collect();
    let head = "lock-version = \"1.0\"\ncreated-by = \"layercake\"\n";
    (!kept.is_empty()).then(|| format!("{head}{kept}"))
}

/// The platform as uv names it: the machine and the C library.
fn tags(
    platform: &Platform,
    virtual_packages: &BTreeMap<String, String>,
) -> Result<String, CondaError> {
    let machine = match platform.architecture.as_str() {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        _ => return Err(CondaError::Platform(platform.to_string())),
    };
    let glibc = virtual_packages.get("glibc").map(String::as_str);
    let minor = glibc
        .and_then(|version| version.strip_prefix("2."))
        .and_then(|rest| rest.split('.').next())
        .and_then(|minor| minor.parse::<u32>().ok());
    // Those that uv knows.
    let minor = match minor {
        Some(28..=30) => 28,
        Some(minor @ 31..=40) => minor,
        Some(41..) => 40,
        _ => 17,
    };
    Ok(format!("{machine}-manylinux_2_{minor}"))
}

/// `311` of `3.11.2`.
fn minor(python: &str) -> String {
    python.split('.').take(2).collect()
}

/// The file of a distribution that is installed: a wheel, the most special one, else the source.
fn wheel(found: Distribution, python: &str) -> Result<LockedWheel, CondaError> {
    let name = normalized(&found.name);
    let incomplete = |what| CondaError::Incomplete {
        package: name.clone(),
        what,
    };
    let best = found
        .wheels
        .into_iter()
        .filter(|file| file.url.is_some())
        .max_by_key(|file| rank(file.url.as_deref().unwrap_or_default(), python));
    let sdist = best.is_none();
    let file = best
        .or(found.sdist)
        .ok_or_else(|| incomplete("file on an index"))?;
    let mut digests = file.hashes.into_iter();
    let sha256 = digests.find(|(kind, _)| kind == "sha256");
    Ok(LockedWheel {
        version: found.version.ok_or_else(|| incomplete("version"))?,
        url: file.url.ok_or_else(|| incomplete("url"))?,
        sha256: sha256.ok_or_else(|| incomplete("sha256"))?.1,
        size: file.size.ok_or_else(|| incomplete("size"))?,
        layer: None,
        sdist,
        requires: Vec::new(),
        name,
    })
}

/// How special a wheel is, by its name, among those that suit: this very Python before the stable ABI before any,
/// a machine before none, and the newest C library.
fn rank(url: &str, python: &str) -> (bool, bool, u32) {
    let name = url.rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(".whl").unwrap_or(name);
    let mut parts = name.rsplit('-');
    let platform = parts.next().unwrap_or_default();
    let exact = format!("cp{python}");
    let abi = parts.next() == Some(exact.as_str());
    let libc = platform
        .split('.')
        .filter_map(|tag| {
            tag.strip_prefix("manylinux_2_")?
                .split('_')
                .next()?
                .parse()
                .ok()
        })
        .max();
    (abi, platform != "any", libc.unwrap_or_default())
}

/// The names that `--update` can move in an environment.
pub fn names(locked: &Environment) -> BTreeSet<&str> {
    let wheels = locked.wheels.iter().map(|wheel| wheel.name.as_str());
    let packages = locked.packages.iter().map(|package| package.name.as_str());
    wheels.chain(packages).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_special_wheel_is_taken() {
        let order = [
            "a-1-py3-none-any.whl",
            "a-1-cp37-abi3-manylinux_2_17_x86_64.whl",
            "a-1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
            "a-1-cp311-cp311-manylinux_2_28_x86_64.whl",
        ];
        assert!(order.is_sorted_by_key(|name| rank(name, "311")));
        assert_eq!(minor("3.11.2"), "311");
    }

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(normalized("Typing_Extensions"), "typing-extensions");
        assert_eq!(
            requirement_name("zope.interface[test]>=5"),
            "zope-interface"
        );
    }

    #[test]
    fn a_distribution_comes_from_one_side() {
        let provided = BTreeMap::from([("numpy".to_owned(), "1.26".to_owned())]);
        let check = |line: &str| refuse_provided(&[line.to_owned()], &provided);
        assert!(check("numpy").is_ok(), "it is there already");
        assert!(check("requests>=2").is_ok());
        assert!(matches!(
            check("numpy==2"),
            Err(CondaError::Provided { .. })
        ));
    }

    #[test]
    fn the_c_library_is_that_of_the_virtual_packages() {
        let platform = Platform::default();
        for (glibc, expected) in [
            ("2.28", "x86_64-manylinux_2_28"),
            ("2.17", "x86_64-manylinux_2_17"),
            ("2.36", "x86_64-manylinux_2_36"),
            ("2.99", "x86_64-manylinux_2_40"),
        ] {
            let given = BTreeMap::from([("glibc".to_owned(), glibc.to_owned())]);
            assert_eq!(tags(&platform, &given).unwrap(), expected);
        }
    }
}
