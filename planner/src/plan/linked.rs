//! A locked conda environment to the groups in which it is linked.

use std::collections::BTreeSet;

use serde::Serialize;

use super::groups::{group, shares};
use crate::diagnostic::Diagnostic;
use crate::facts::Platform;
use crate::lock::{LockedWheel, Noarch, Package, Tool};
use crate::model::{Conda, LockedEnvironment, Stage};
use crate::suggest::list;

/// Packages of a locked environment that are linked together.
#[derive(Clone, Debug, Serialize)]
pub struct LinkStep {
    /// Where the environment lies.
    pub prefix: String,
    /// The conda platform.
    pub platform: &'static str,
    /// The Python that wheels and packages without a platform are linked for, where there are such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python: Option<LinkPython>,
    /// The packages, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// The wheels, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wheels: Vec<LockedWheel>,
    /// The image that has the tool. Not in the key: the tool's own digest says what it is.
    #[serde(skip)]
    pub tool_image: String,
    /// The digest of the tool.
    pub tool: String,
}

/// The Python that packages are linked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkPython {
    /// Major and minor version: nothing else of it decides where files go.
    pub version: String,
    /// Where it keeps packages, relative to the prefix, if its channel says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_packages: Option<String>,
}

impl LinkStep {
    /// The bytes of its archives.
    pub fn size(&self) -> u64 {
        let packages = self.packages.iter().map(|package| package.size);
        packages
            .chain(self.wheels.iter().map(|wheel| wheel.size))
            .sum()
    }
}

/// The groups of a locked environment with their names, lowest layer first; or what keeps it from being linked.
pub(super) fn steps(
    stage: &Stage,
    conda: &Conda,
    platform: &Platform,
) -> Result<Vec<(String, LinkStep)>, Box<Diagnostic>> {
    let Some(locked) = &conda.locked else {
        return Ok(Vec::new());
    };
    if locked.packages.is_empty() {
        let message = format!("`{}` is locked to no packages at all", stage.name);
        return Err(Diagnostic::error("locked-environment", stage.span, message).into());
    }
    let tool = tool(stage, locked)?;
    refuse_scripts(stage, locked)?;
    refuse_sources(stage, locked)?;
    let platform = conda_platform(stage, platform)?;
    let python = python(&locked.packages);
    let empty = LinkStep {
        prefix: conda.prefix.clone(),
        platform,
        python: None,
        packages: Vec::new(),
        wheels: Vec::new(),
        tool_image: tool.image.clone(),
        tool: tool.digest.clone(),
    };
    let (package_layers, wheel_layers) = shares(conda.layers);
    let groups = group(&locked.packages, package_layers).into_iter();
    let packages = groups.map(|group| {
        let any_python = |package: &&Package| package.noarch == Some(Noarch::Python);
        let needs_python = group.packages.iter().any(any_python);
        let step = LinkStep {
            python: python.clone().filter(|_| needs_python),
            packages: group.packages.into_iter().cloned().collect(),
            ..empty.clone()
        };
        (group.name, step)
    });
    let groups = group(&locked.wheels, wheel_layers).into_iter();
    let wheels = groups.map(|group| {
        let step = LinkStep {
            python: python.clone(),
            wheels: group.packages.into_iter().cloned().collect(),
            ..empty.clone()
        };
        (format!("pip-{}", group.name), step)
    });
    Ok(packages.chain(wheels).collect())
}

/// The environment's Python, if it has one.
fn python(packages: &[Package]) -> Option<LinkPython> {
    let python = packages.iter().find(|package| package.name == "python")?;
    let mut parts = python.version.split('.');
    let minor = [parts.next()?, parts.next()?].join(".");
    Some(LinkPython {
        version: minor,
        site_packages: python.python_site_packages_path.clone(),
    })
}

/// The folder of channels that has the packages of a platform.
fn conda_platform(stage: &Stage, platform: &Platform) -> Result<&'static str, Box<Diagnostic>> {
    match (platform.os.as_str(), platform.architecture.as_str()) {
        ("linux", "amd64") => Ok("linux-64"),
        ("linux", "arm64") => Ok("linux-aarch64"),
        ("linux", "ppc64le") => Ok("linux-ppc64le"),
        ("linux", "s390x") => Ok("linux-s390x"),
        ("linux", "riscv64") => Ok("linux-riscv64"),
        _ => {
            let message = format!("conda has no packages for {platform}");
            Err(Diagnostic::error("locked-environment", stage.span, message).into())
        }
    }
}

fn tool<'l>(stage: &Stage, locked: &'l LockedEnvironment) -> Result<&'l Tool, Box<Diagnostic>> {
    locked.tool.as_ref().ok_or_else(|| {
        let message = format!(
            "`{}` is locked, but the lock does not say which tool links its packages",
            stage.name
        );
        Diagnostic::error("locked-environment", stage.span, message)
            .help("run `layercake lock --update-tool`")
            .into()
    })
}

/// What a script would do depends on more than the package, and would undo that groups are independent.
fn refuse_scripts(stage: &Stage, locked: &LockedEnvironment) -> Result<(), Box<Diagnostic>> {
    let packages = locked.packages.iter();
    let scripts = packages.filter(|package| package.scripts);
    let names: BTreeSet<_> = scripts.map(|package| package.name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = names.into_iter().collect();
    let message = format!(
        "`{}` cannot be linked package by package: scripts run when these are installed: {}",
        stage.name,
        list(&names)
    );
    let found = Diagnostic::error("locked-environment", stage.span, message);
    let way =
        "leave them out, or have it solved and installed in the build: `installer: micromamba`";
    Err(found.help(way).into())
}

/// Building takes compilers and headers, of which a lock knows nothing.
fn refuse_sources(stage: &Stage, locked: &LockedEnvironment) -> Result<(), Box<Diagnostic>> {
    let sources = locked.wheels.iter().filter(|wheel| wheel.sdist);
    let names: Vec<_> = sources.map(|wheel| wheel.name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let message = format!(
        "the `pip:` section of `{}` has no wheel for this Python and platform of {}",
        stage.name,
        list(&names)
    );
    let found = Diagnostic::error("locked-environment", stage.span, message);
    let way = "ask for a version that has wheels, or move it to a `pip` stage of its own";
    Err(found.help(way).into())
}
