//! Stage kinds that install packages: as written to as meant.

use std::collections::{BTreeSet, HashMap};

use super::{Resolver, conda, pyproject, requirements};
use crate::diagnostic::Diagnostic;
use crate::facts::PathFact;
use crate::lock::Package;
use crate::model::{Apt, Conda, Input, Kind, LockedEnvironment, Npm, Pip, StageIx, Wheel};
use crate::spec::{
    AptSpec, CondaSpec, Installer, KindSpec, NpmSpec, PipSpec, StageSpec, Text, WheelSpec,
};

/// What a wheel's build reads when the file does not say.
const WHEEL_FILES: [&str; 7] = [
    "LICENSE*",
    "MANIFEST.in",
    "README*",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "src",
];

/// What no wheel's build reads.
const WHEEL_LEAVINGS: [&str; 3] = ["**/*.egg-info", "**/*.pyc", "**/__pycache__"];

/// The stages that a kind takes files from.
pub(super) fn sources(kind: &KindSpec) -> Vec<&Text> {
    match kind {
        KindSpec::Copy(items) => items
            .iter()
            .filter_map(|item| item.stage.as_ref())
            .collect(),
        KindSpec::Run(run) => run
            .inputs
            .iter()
            .filter_map(|input| input.stage.as_ref())
            .collect(),
        _ => Vec::new(),
    }
}

pub(super) type Index<'i> = HashMap<&'i str, StageIx>;

/// The layers of an environment whose stage does not say.
const DEFAULT_LAYERS: usize = 40;

/// The layers that an environment can have.
const MOST_LAYERS: u32 = 100;

impl Resolver<'_> {
    pub(super) fn kind(&self, name: &str, stage: &StageSpec, index: &Index) -> Option<Kind> {
        Some(match &stage.kind {
            KindSpec::Conda(conda) => Kind::Conda(self.conda(name, conda)?),
            KindSpec::Apt(apt) => Kind::Apt(self.apt(name, apt)),
            KindSpec::Pip(pip) => Kind::Pip(self.pip(name, pip)?),
            KindSpec::Wheel(wheel) => Kind::Wheel(self.wheel(wheel)?),
            KindSpec::Npm(npm) => Kind::Npm(self.npm(name, npm)?),
            KindSpec::Fetch(fetch) => Kind::Fetch(self.fetch(name, fetch)?),
            KindSpec::Unpack(unpack) => Kind::Unpack(self.unpack(unpack)?),
            KindSpec::Copy(items) => {
                if items.is_empty() {
                    self.nothing_to_do(name, "say what is copied: `{ from: src, to: /app }`");
                }
                let items = items.iter().filter_map(|item| self.copy(item, index));
                Kind::Copy(items.collect())
            }
            KindSpec::Files(files) => Kind::Files(self.files(files)),
            KindSpec::Run(run) => Kind::Run(self.run(run, index)),
            KindSpec::Image(image) => Kind::Image(self.take(name, image)?),
        })
    }

    fn conda(&self, name: &str, spec: &CondaSpec) -> Option<Conda> {
        let environment = self.environment_file(&spec.spec);
        let prefix = match &spec.prefix {
            Some(prefix) => self.layer_folder(prefix),
            None => Some("/opt/conda".to_owned()),
        };
        let virtual_packages = self.map(&spec.virtual_packages);
        let tool = spec.tool.as_ref().and_then(|tool| self.base(tool));
        let environment = environment?;
        let layers = self.layers(spec)?;
        let locked = self.locked(name, spec, layers, &environment, &virtual_packages);
        let scripts = self.allowed_scripts(name, spec, locked.as_ref());
        Some(Conda {
            environment,
            path: self.context_path(&spec.spec)?,
            prefix: prefix?,
            tool,
            virtual_packages,
            layers,
            scripts,
            lockable: spec.installer.is_none(),
            locked,
        })
    }

    /// How many layers a locked environment has at most: an image has 127, and its base and other stages need some.
    fn layers(&self, spec: &CondaSpec) -> Option<usize> {
        let Some(layers) = &spec.layers else {
            return Some(DEFAULT_LAYERS);
        };
        let problem = match (layers.value, spec.installer) {
            (_, Some(Installer::Micromamba)) => {
                let message =
                    "`layers` does nothing beside `installer: micromamba`, which makes one layer";
                Diagnostic::error("conflict", layers.span, message).help("remove one of the two")
            }
            (2..=MOST_LAYERS, None) => return usize::try_from(layers.value).ok(),
            (other, None) => {
                let message = format!("an environment cannot have {other} layers");
                let found = Diagnostic::error("bad-choice", layers.span, message);
                found.help(format!("write a number from 2 to {MOST_LAYERS}"))
            }
        };
        self.report(problem);
        None
    }

    /// The packages whose scripts may run.
    fn allowed_scripts(
        &self,
        name: &str,
        spec: &CondaSpec,
        locked: Option<&LockedEnvironment>,
    ) -> BTreeSet<String> {
        let mut allowed = BTreeSet::new();
        for package in &spec.scripts {
            if spec.installer.is_some() {
                let message = "`scripts` does nothing beside `installer: micromamba`, which runs those of all packages";
                let found = Diagnostic::error("conflict", package.span, message);
                self.report(found.help("remove one of the two"));
                break;
            }
            let Some(package_name) = self.filled(package) else {
                continue;
            };
            let mut packages = locked.into_iter().flat_map(|locked| &locked.packages);
            let has_script = |known: &Package| known.scripts && known.name == package_name;
            if locked.is_some() && !packages.any(has_script) {
                let message = format!(
                    "no package `{package_name}` of `{name}` has a script that runs after linking"
                );
                let found = Diagnostic::warning("locked-environment", package.span, message);
                self.report(found.help("remove it from `scripts`"));
            }
            allowed.insert(package_name);
        }
        allowed
    }

    fn environment_file(&self, path: &Text) -> Option<String> {
        let text = self.text(path)?;
        let problem = match conda::canonical(&text) {
            Ok(environment) => return Some(environment),
            Err(problem) => problem,
        };
        let message = format!("`{}` {problem}", path.value);
        let found = Diagnostic::error("conda-spec", path.span, message);
        self.report(found.help(
            "write it as conda does: `channels: [conda-forge]`, `dependencies: [python=3.12]`",
        ));
        None
    }

    fn apt(&self, name: &str, spec: &AptSpec) -> Apt {
        if spec.packages.is_empty() && spec.debs.is_empty() {
            self.nothing_to_do(name, "name `packages` or `debs`");
        }
        let debs = spec.debs.iter().filter_map(|deb| self.whole(deb));
        let mut debs: Vec<Input> = debs.collect();
        debs.sort_by(|a, b| a.need.cmp(&b.need));
        debs.dedup_by(|a, b| a.need == b.need);
        Apt {
            packages: self.packages(&spec.packages),
            debs,
            recommends: spec.recommends,
        }
    }

    /// Names of packages, none of which a package manager would take for something else.
    fn packages(&self, names: &[Text]) -> BTreeSet<String> {
        let names = names.iter().filter_map(|name| {
            let filled = self.filled(name)?;
            let odd = filled.starts_with('-') || filled.contains(char::is_whitespace);
            if odd || filled.is_empty() {
                let message = format!("`{filled}` is not the name of one package");
                let found = Diagnostic::error("package-name", name.span, message);
                self.report(found.help("list each package by itself: `[graphviz, unzip]`"));
            }
            Some(filled)
        });
        names.collect()
    }

    fn pip(&self, name: &str, spec: &PipSpec) -> Option<Pip> {
        let mut lines: Vec<String> = spec
            .packages
            .iter()
            .flat_map(|package| self.requirement(package))
            .collect();
        let from_file = spec.requirements.as_ref();
        lines.extend(
            from_file
                .into_iter()
                .flat_map(|path| self.requirements_file(path)),
        );
        if spec.packages.is_empty() && spec.requirements.is_none() {
            self.nothing_to_do(name, "name `requirements` or `packages`");
        }
        let requirements = requirements::canonical(&lines.join("\n")).ok()?;
        Some(Pip {
            requirements: requirements.join("\n") + "\n",
            path: from_file.and_then(|path| self.context_path(path)),
            python: self.optional(spec.python.as_ref()),
            index_url: self.optional(spec.index_url.as_ref()),
            extra_index_urls: self.texts(&spec.extra_index_urls),
            no_deps: spec.no_deps,
        })
    }

    fn requirements_file(&self, path: &Text) -> Vec<String> {
        let Some(text) = self.text(path) else {
            return Vec::new();
        };
        let message = match requirements::canonical(&text) {
            Ok(lines) if lines.is_empty() => format!("`{}` requires nothing", path.value),
            Ok(lines) => return lines,
            Err(problem) => format!("{}:{}: {problem}", path.value, problem.line),
        };
        let found = Diagnostic::error("requirements", path.span, message);
        self.report(found.help("a stage reads this one file: packages from an index, one a line"));
        Vec::new()
    }

    fn requirement(&self, package: &Text) -> Vec<String> {
        let filled = self.filled(package).unwrap_or_default();
        requirements::canonical(&filled).unwrap_or_else(|problem| {
            let found = Diagnostic::error("requirements", package.span, problem.to_string());
            self.report(found.help("require packages from an index: `[\"requests>=2.32\"]`"));
            Vec::new()
        })
    }

    fn wheel(&self, spec: &WheelSpec) -> Option<Wheel> {
        let include = match &spec.include {
            Some(patterns) => self.patterns(patterns),
            None => WHEEL_FILES.map(str::to_owned).to_vec(),
        };
        let mut exclude = self.patterns(&spec.exclude);
        exclude.extend(WHEEL_LEAVINGS.map(str::to_owned));
        let python = self.optional(spec.python.as_ref());
        let source = self.input(&spec.path, include, exclude)?;
        self.check_project(&source, spec);
        let requires = self.build_requires(&source, spec);
        Some(Wheel {
            source,
            requires,
            python,
            deps: spec.deps,
        })
    }

    /// What the project's build system requires.
    fn build_requires(&self, source: &Input, spec: &WheelSpec) -> Vec<String> {
        let path = match source.need.path.as_str() {
            "" => pyproject::FILE.to_owned(),
            folder => format!("{folder}/{}", pyproject::FILE),
        };
        let requires = match source.fact.as_deref() {
            Some(PathFact::Folder(files)) if files.contains_key(pyproject::FILE) => {
                let file = Text {
                    value: path.clone(),
                    span: spec.path.span,
                };
                match self.text(&file) {
                    Some(text) => pyproject::build_requires(&text),
                    None => return Vec::new(), // Not known yet, or reported.
                }
            }
            _ => pyproject::build_requires(""),
        };
        requires.unwrap_or_else(|problem| {
            let message = format!("`{path}` {problem}");
            let found = Diagnostic::error("no-project", spec.path.span, message);
            self.report(found.help("write `[build-system]` as packaging.python.org describes it"));
            Vec::new()
        })
    }

    /// The folder looks like that of a Python project.
    fn check_project(&self, source: &Input, spec: &WheelSpec) {
        let (code, fact, way) = match source.fact.as_deref() {
            Some(PathFact::File(_)) => ("no-project", "is a file", "name the project's folder"),
            Some(PathFact::Folder(files)) if files.is_empty() => return, // Reported already.
            Some(PathFact::Folder(files)) => {
                let has = |name: &str| files.contains_key(name);
                let has_code = || files.keys().any(|name| name.starts_with("src/"));
                if !has("pyproject.toml") && !has("setup.py") {
                    (
                        "no-project",
                        "has neither pyproject.toml nor setup.py",
                        "name the folder of a Python project, and check its `include`",
                    )
                } else if spec.include.is_none() && !has_code() {
                    (
                        "no-src",
                        "has no folder `src`, so its wheel would be empty",
                        "list what the build reads: `include: [pyproject.toml, PACKAGE]`",
                    )
                } else {
                    return;
                }
            }
            _ => return,
        };
        let message = format!("`{}` {fact}", spec.path.value);
        self.report(Diagnostic::error(code, spec.path.span, message).help(way));
    }

    fn npm(&self, name: &str, spec: &NpmSpec) -> Option<Npm> {
        match (&spec.path, &spec.to) {
            (Some(path), Some(to)) if spec.packages.is_empty() => {
                let files = ["package-lock.json", "package.json"].map(str::to_owned);
                let source = self.input(path, files.to_vec(), Vec::new());
                let to = self.layer_folder(to);
                Some(Npm::Project {
                    source: source?,
                    to: to?,
                })
            }
            (None, None) if !spec.packages.is_empty() => {
                Some(Npm::Global(self.packages(&spec.packages)))
            }
            _ => {
                self.nothing_to_do(name, "name either `packages`, or `path` and `to`");
                None
            }
        }
    }
}
