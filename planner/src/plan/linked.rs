//! A locked conda environment to the groups in which it is linked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::facts::Platform;
use crate::lock::layers::Item;
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

/// Runs the scripts that packages have for after they are linked, in this order.
#[derive(Clone, Debug, Serialize)]
pub struct ScriptStep {
    /// Where the environment lies.
    pub prefix: String,
    /// Each after those of the packages that its own depends on.
    pub scripts: Vec<PackageScript>,
}

/// The script of one package, and what conda tells it.
#[derive(Clone, Debug, Serialize)]
pub struct PackageScript {
    /// The package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its build number.
    pub build_number: u64,
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
    refuse_scripts(stage, conda, locked)?;
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
    let packages = groups(&locked.packages).into_iter().map(|group| {
        let any_python = |package: &&Package| package.noarch == Some(Noarch::Python);
        let needs_python = group.items.iter().any(any_python);
        let step = LinkStep {
            python: python.clone().filter(|_| needs_python),
            packages: group.without_layers(),
            ..empty.clone()
        };
        (group.name.to_owned(), step)
    });
    let wheels = groups(&locked.wheels).into_iter().map(|group| {
        let step = LinkStep {
            python: python.clone(),
            wheels: group.without_layers(),
            ..empty.clone()
        };
        (format!("pip-{}", group.name), step)
    });
    Ok(packages.chain(wheels).collect())
}

/// What lies in one layer.
struct Group<'l, T> {
    /// What it is called: by its package, if that is alone, or as the lock has it.
    name: &'l str,
    items: Vec<&'l T>,
}

/// The layers of a lock, lowest first.
fn groups<T: Item>(items: &[T]) -> Vec<Group<'_, T>> {
    let mut layers: BTreeMap<(bool, &str), Vec<&T>> = BTreeMap::new();
    for item in items {
        let layer = (item.layer().is_some(), item.layer().unwrap_or(item.name()));
        layers.entry(layer).or_default().push(item);
    }
    let groups = layers.into_iter();
    let mut groups: Vec<_> = groups
        .map(|((_, name), items)| Group { name, items })
        .collect();
    groups.sort_by(|a, b| a.rank().cmp(&b.rank()));
    groups
}

impl<T: Item> Group<'_, T> {
    /// What is large and rarely changes lies below: the interpreter, then what stands alone, compiled packages
    /// before others.
    fn rank(&self) -> impl Ord + use<'_, T> {
        let python = self.items.iter().any(|item| item.name() == "python");
        let shared = self.items.iter().any(|item| item.layer().is_some());
        let noarch = self.items.iter().all(|item| item.is_noarch());
        let size: u64 = self.items.iter().map(|item| item.size()).sum();
        (!python, shared, noarch, Reverse(size), self.name)
    }

    /// The packages as they are linked: what a layer is called is no part of its key.
    fn without_layers(&self) -> Vec<T> {
        let items = self.items.iter().map(|item| {
            let mut item = T::clone(item);
            item.put(None);
            item
        });
        items.collect()
    }
}

/// The scripts that run after linking, if there are any.
pub(super) fn scripts(conda: &Conda) -> Option<ScriptStep> {
    let packages = &conda.locked.as_ref()?.packages;
    let scripts = in_order(packages).into_iter();
    let scripts = scripts
        .filter(|package| package.scripts)
        .map(|package| PackageScript {
            name: package.name.clone(),
            version: package.version.clone(),
            build_number: package.build_number,
        });
    let step = ScriptStep {
        prefix: conda.prefix.clone(),
        scripts: scripts.collect(),
    };
    (!step.scripts.is_empty()).then_some(step)
}

/// Packages, each after those that it depends on; of those in a circle one comes first all the same.
fn in_order(packages: &[Package]) -> Vec<&Package> {
    let by_name: BTreeMap<&str, &Package> = packages.iter().map(|one| (&*one.name, one)).collect();
    let needed = |package: &Package| -> Vec<&Package> {
        let names = package.depends.iter().map(|spec| spec.split(' ').next());
        let needed = names.filter_map(|name| by_name.get(name?).copied());
        needed.collect()
    };
    let mut ordered = Vec::new();
    let mut seen = BTreeSet::new();
    for package in packages {
        let mut open = vec![(package, false)];
        while let Some((package, is_ready)) = open.pop() {
            if is_ready {
                ordered.push(package);
            } else if seen.insert(&package.name) {
                open.push((package, true));
                open.extend(needed(package).into_iter().map(|one| (one, false)));
            }
        }
    }
    ordered
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

/// What a script does depends on more than the package: it runs only where the file says so.
fn refuse_scripts(
    stage: &Stage,
    conda: &Conda,
    locked: &LockedEnvironment,
) -> Result<(), Box<Diagnostic>> {
    let packages = locked.packages.iter();
    let scripts = packages.filter(|package| package.scripts);
    let names: BTreeSet<_> = scripts
        .map(|package| package.name.as_str())
        .filter(|name| !conda.scripts.contains(*name))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = names.into_iter().collect();
    let message = format!(
        "packages of `{}` have scripts that run after linking: {}",
        stage.name,
        list(&names)
    );
    let found = Diagnostic::error("locked-environment", stage.span, message);
    let way = format!(
        "allow them, `scripts: [{}]`, or leave the packages out",
        names.join(", ")
    );
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
