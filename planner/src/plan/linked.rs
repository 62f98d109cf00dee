//! A locked conda environment to the groups in which it is linked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::facts::Platform;
use crate::graph::StageId;
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
    /// The stages that build those of the wheels that are locked as their sources, in the same order.
    #[serde(skip)]
    pub built: Vec<StageId>,
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

/// Builds the wheel of a distribution that is locked as its source.
#[derive(Clone, Debug, Serialize)]
pub struct SdistStep {
    /// The interpreter that builds it, and that it is for.
    pub python: String,
    /// The source.
    #[serde(flatten)]
    pub source: LockedWheel,
}

/// What the wheels that are locked as their sources are built by.
pub(super) struct Sources {
    /// The environment's Python with pip, and what these need: no other package has them built again.
    pub python: LinkStep,
    /// The wheels.
    pub sdists: Vec<SdistStep>,
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

/// What a locked environment is made of.
#[derive(Default)]
pub(super) struct Steps {
    /// What is built before, if something is.
    pub sources: Option<Sources>,
    /// The groups with their names, lowest layer first.
    pub groups: Vec<(String, LinkStep)>,
}

/// What a locked environment is made of; or what keeps it from being linked.
pub(super) fn steps(
    stage: &Stage,
    conda: &Conda,
    platform: &Platform,
) -> Result<Steps, Box<Diagnostic>> {
    let Some(locked) = &conda.locked else {
        return Ok(Steps::default());
    };
    if locked.packages.is_empty() {
        let message = format!("`{}` is locked to no packages at all", stage.name);
        return Err(Diagnostic::error("locked-environment", stage.span, message).into());
    }
    let tool = tool(stage, locked)?;
    refuse_scripts(stage, conda, locked)?;
    let empty = LinkStep {
        prefix: conda.prefix.clone(),
        platform: conda_platform(stage, platform)?,
        python: None,
        packages: Vec::new(),
        wheels: Vec::new(),
        built: Vec::new(),
        tool_image: tool.image.clone(),
        tool: tool.digest.clone(),
    };
    let python = python(&locked.packages);
    let sources = sources(stage, conda, locked, &empty)?;
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
    Ok(Steps {
        sources,
        groups: packages.chain(wheels).collect(),
    })
}

/// Python with pip, for the wheels that have to be built.
fn sources(
    stage: &Stage,
    conda: &Conda,
    locked: &LockedEnvironment,
    empty: &LinkStep,
) -> Result<Option<Sources>, Box<Diagnostic>> {
    let wheels = locked.wheels.iter();
    let sdists: Vec<_> = wheels.filter(|wheel| wheel.sdist).collect();
    if sdists.is_empty() {
        return Ok(None);
    }
    let by_name = by_name(&locked.packages);
    let (Some(interpreter), Some(pip)) = (by_name.get("python"), by_name.get("pip")) else {
        let names: Vec<_> = sdists.iter().map(|sdist| sdist.name.as_str()).collect();
        let message = format!(
            "`{}` has no pip, by which {} would be built: for this Python and platform there is no wheel",
            stage.name,
            list(&names)
        );
        let found = Diagnostic::error("locked-environment", stage.span, message);
        return Err(found.help("add `python` and `pip` to its packages").into());
    };
    let mut packages = in_order(&by_name, [*interpreter, *pip]);
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    let group = Group {
        name: "python",
        items: packages,
    };
    let python = LinkStep {
        python: python(&locked.packages),
        packages: group.without_layers(),
        ..empty.clone()
    };
    let sdists = sdists.into_iter().map(|source| SdistStep {
        python: crate::path::join(&conda.prefix, "bin/python"),
        source: LockedWheel {
            layer: None,
            ..source.clone()
        },
    });
    Ok(Some(Sources {
        python,
        sdists: sdists.collect(),
    }))
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
    let scripts = in_order(&by_name(packages), packages).into_iter();
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

fn by_name(packages: &[Package]) -> BTreeMap<&str, &Package> {
    packages.iter().map(|one| (&*one.name, one)).collect()
}

/// Packages and all that they depend on, each after what it depends on; of those in a circle one comes first all the
/// same.
fn in_order<'l>(
    by_name: &BTreeMap<&str, &'l Package>,
    packages: impl IntoIterator<Item = &'l Package>,
) -> Vec<&'l Package> {
    let needed = |package: &'l Package| {
        let names = package.depends.iter().map(|spec| spec.split(' ').next());
        names.filter_map(|name| by_name.get(name?).copied())
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
                open.extend(needed(package).map(|one| (one, false)));
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
