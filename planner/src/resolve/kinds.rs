//! Stage kinds: as written to as meant.

use std::collections::HashMap;

use super::{Resolver, conda, requirements};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Apt, Conda, CopyItem, Fetch, FileItem, From, Kind, Npm, Pip, StageIx, Take, TakenPath, Unpack,
    Wheel,
};
use crate::path::join;
use crate::spec::{
    AptSpec, CondaSpec, CopySpec, Entries, FetchSpec, FileSpec, FromImageSpec, GitSpec, KindSpec,
    NpmSpec, PipSpec, StageSpec, Text, UnpackSpec, WheelSpec,
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

impl Resolver<'_> {
    pub(super) fn kind(&self, name: &str, stage: &StageSpec, index: &Index) -> Option<Kind> {
        Some(match &stage.kind {
            KindSpec::Conda(conda) => Kind::Conda(self.conda(conda)?),
            KindSpec::Apt(apt) => Kind::Apt(self.apt(name, apt)?),
            KindSpec::Pip(pip) => Kind::Pip(self.pip(name, pip)?),
            KindSpec::Wheel(wheel) => Kind::Wheel(self.wheel(wheel)?),
            KindSpec::Npm(npm) => Kind::Npm(self.npm(name, npm)?),
            KindSpec::Fetch(fetch) => Kind::Fetch(self.fetch(name, fetch)?),
            KindSpec::Unpack(unpack) => Kind::Unpack(self.unpack(unpack)?),
            KindSpec::Copy(items) => Kind::Copy(
                items
                    .iter()
                    .map(|item| self.copy(item, index))
                    .collect::<Option<_>>()?,
            ),
            KindSpec::Files(files) => Kind::Files(self.files(files)?),
            KindSpec::Run(run) => Kind::Run(self.run(run, index)?),
            KindSpec::Image(image) => Kind::Image(self.take(image)?),
        })
    }

    fn conda(&self, spec: &CondaSpec) -> Option<Conda> {
        let text = self.text(&spec.spec)?;
        let environment = match conda::canonical(&text) {
            Ok(environment) => environment,
            Err(problem) => {
                let message = format!("`{}` {problem}", spec.spec.value);
                self.report(Diagnostic::error("conda-spec", spec.spec.span, message));
                return None;
            }
        };
        let prefix = match &spec.prefix {
            Some(prefix) => self.layer_path(prefix)?.path,
            None => "/opt/conda".to_owned(),
        };
        Some(Conda {
            environment,
            path: self.context_path(&spec.spec)?,
            prefix,
            tool: spec.tool.as_ref().and_then(|tool| self.base(tool)),
            virtual_packages: self.map(&spec.virtual_packages)?,
        })
    }

    fn apt(&self, name: &str, spec: &AptSpec) -> Option<Apt> {
        let debs: Option<Vec<_>> = spec.debs.iter().map(|deb| self.whole(deb)).collect();
        let packages = self.texts(&spec.packages)?.into_iter().collect();
        if spec.packages.is_empty() && spec.debs.is_empty() {
            self.nothing_to_do(name, "name `packages` or `debs`");
        }
        Some(Apt {
            packages,
            debs: debs?,
            recommends: spec.recommends,
        })
    }

    fn pip(&self, name: &str, spec: &PipSpec) -> Option<Pip> {
        let mut lines = self.texts(&spec.packages)?;
        if let Some(path) = &spec.requirements {
            match requirements::canonical(&self.text(path)?) {
                Ok(from_file) => lines.extend(from_file),
                Err((line, problem)) => {
                    let message = format!("{}:{line}: {problem}", path.value);
                    self.report(Diagnostic::error("requirements", path.span, message));
                }
            }
        }
        let requirements = match requirements::canonical(&lines.join("\n")) {
            Ok(lines) => lines,
            Err((_, problem)) => {
                let span = spec
                    .packages
                    .first()
                    .map(|first| first.span)
                    .unwrap_or_default();
                self.report(Diagnostic::error("requirements", span, problem));
                return None;
            }
        };
        if requirements.is_empty() {
            self.nothing_to_do(name, "name `requirements` or `packages`");
        }
        Some(Pip {
            requirements: requirements.join("\n") + "\n",
            python: self.optional(spec.python.as_ref())?,
            index_url: self.optional(spec.index_url.as_ref())?,
            extra_index_urls: self.texts(&spec.extra_index_urls)?,
            no_deps: spec.no_deps,
        })
    }

    fn wheel(&self, spec: &WheelSpec) -> Option<Wheel> {
        let include = match &spec.include {
            Some(patterns) => sorted(patterns),
            None => WHEEL_FILES.map(str::to_owned).to_vec(),
        };
        let mut exclude = sorted(&spec.exclude);
        exclude.extend(WHEEL_LEAVINGS.map(str::to_owned));
        let source = self.input(&spec.path, include, exclude)?;
        if let Some(crate::facts::PathFact::Folder(files)) = &source.fact {
            if !files.contains_key("pyproject.toml") && !files.contains_key("setup.py") {
                let message = format!(
                    "`{}` has neither pyproject.toml nor setup.py",
                    source.need.path
                );
                let found = Diagnostic::error("no-project", spec.path.span, message);
                self.report(
                    found.help("name the folder of a Python project, and check its `include`"),
                );
            } else if spec.include.is_none() && !files.keys().any(|name| name.starts_with("src/")) {
                let message = format!(
                    "`{}` has no folder `src`, so its wheel would be empty",
                    source.need.path
                );
                let found = Diagnostic::error("no-src", spec.path.span, message);
                self.report(
                    found.help("list what the build reads: `include: [pyproject.toml, PACKAGE]`"),
                );
            }
        } else if source.is_file() {
            let message = format!("`{}` is a file", source.need.path);
            self.report(
                Diagnostic::error("no-project", spec.path.span, message)
                    .help("name the project's folder"),
            );
        }
        Some(Wheel {
            source,
            python: self.optional(spec.python.as_ref())?,
            deps: spec.deps,
        })
    }

    fn npm(&self, name: &str, spec: &NpmSpec) -> Option<Npm> {
        match (&spec.path, &spec.to) {
            (Some(path), Some(to)) if spec.packages.is_empty() => {
                let files = ["package-lock.json", "package.json"]
                    .map(str::to_owned)
                    .to_vec();
                let source = self.input(path, files, Vec::new())?;
                Some(Npm::Project {
                    source,
                    to: self.image_path(to)?.path,
                })
            }
            (None, None) if !spec.packages.is_empty() => Some(Npm::Global(
                self.texts(&spec.packages)?.into_iter().collect(),
            )),
            _ => {
                self.nothing_to_do(name, "name either `packages`, or `path` and `to`");
                None
            }
        }
    }

    fn fetch(&self, name: &str, spec: &FetchSpec) -> Option<Fetch> {
        match (&spec.url, &spec.git) {
            (Some(url), None) => self.fetch_url(url, spec),
            (None, Some(git)) => self.fetch_git(git, spec),
            _ => {
                self.nothing_to_do(name, "name either `url` and `sha256`, or `git`");
                None
            }
        }
    }

    fn fetch_url(&self, url: &Text, spec: &FetchSpec) -> Option<Fetch> {
        let url_text = self.filled(url)?;
        if !url_text.starts_with("http://") && !url_text.starts_with("https://") {
            let message = format!("`{url_text}` is not an http or https URL");
            self.report(Diagnostic::error("fetch-url", url.span, message));
            return None;
        }
        let Some(sha256) = &spec.sha256 else {
            let found = Diagnostic::error(
                "fetch-checksum",
                url.span,
                "a fetched file needs its checksum",
            );
            self.report(found.help("add `sha256:`; `curl -L URL | sha256sum` prints it"));
            return None;
        };
        let checksum = self.hexadecimal(sha256, 64, "fetch-checksum")?;
        let to = self.layer_path(&spec.to)?;
        let file = url_text
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let into = to.folder && !spec.unpack;
        Some(Fetch::Url {
            checksum: format!("sha256:{checksum}"),
            to: if into { join(&to.path, file) } else { to.path },
            mode: spec.mode.as_ref().and_then(|mode| self.mode(mode)),
            unpack: spec.unpack,
            url: url_text,
        })
    }

    fn fetch_git(&self, git: &GitSpec, spec: &FetchSpec) -> Option<Fetch> {
        if let Some(extra) = spec.sha256.as_ref().or(spec.mode.as_ref()) {
            let found =
                Diagnostic::error("fetch-git", extra.span, "`sha256` and `mode` go with `url`");
            self.report(found.help("a commit is its own checksum; remove this"));
        }
        let path = git
            .path
            .as_ref()
            .map(|path| self.context_path(path))
            .unwrap_or(Some(String::new()))?;
        Some(Fetch::Git {
            repository: self.filled(&git.repository)?,
            commit: self.hexadecimal(&git.commit, 40, "fetch-commit")?,
            path: format!("/{path}"),
            to: self.layer_path(&spec.to)?.path,
        })
    }

    fn unpack(&self, spec: &UnpackSpec) -> Option<Unpack> {
        let archive = self.whole(&spec.from)?;
        let zip = [".zip", ".jar", ".whl"]
            .iter()
            .any(|end| archive.need.path.ends_with(end));
        let tar = [
            ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst",
        ];
        if !zip && !tar.iter().any(|end| archive.need.path.ends_with(end)) {
            let message = format!("`{}` has no ending of an archive", archive.need.path);
            let found = Diagnostic::error("unpack-format", spec.from.span, message);
            self.report(found.help("zip and tar are unpacked: .zip .jar .whl .tar .tar.gz .tgz .tar.bz2 .tar.xz .tar.zst"));
        }
        Some(Unpack {
            archive,
            to: self.layer_path(&spec.to)?.path,
            zip,
        })
    }

    fn copy(&self, spec: &CopySpec, index: &Index) -> Option<CopyItem> {
        let to = self.layer_path(&spec.to);
        let from = self.from(
            &spec.from,
            spec.stage.as_ref(),
            &spec.include,
            &spec.exclude,
            index,
        )?;
        let to = to?;
        Some(CopyItem {
            from,
            into: to.folder,
            to: to.path,
            mode: spec.mode.as_ref().map(|mode| mode.value.clone()),
            owner: self.owner(spec.owner.as_ref())?,
            span: spec.to.span,
        })
    }

    /// Files of the context or of another stage.
    pub(super) fn from(
        &self,
        from: &Text,
        stage: Option<&Text>,
        include: &[Text],
        exclude: &[Text],
        index: &Index,
    ) -> Option<From> {
        let (include, exclude) = (sorted(include), sorted(exclude));
        let Some(stage) = stage else {
            return Some(From::Context(self.input(from, include, exclude)?));
        };
        let path = self.image_path(from)?.path;
        Some(From::Stage {
            stage: *index.get(stage.value.as_str())?,
            path,
            include,
            exclude,
        })
    }

    fn files(&self, files: &Entries<FileSpec>) -> Option<Vec<FileItem>> {
        let mut items = Vec::new();
        for (path, file) in files.iter() {
            items.push(FileItem {
                path: self.layer_path(path)?.path,
                content: file.content.value.clone(),
                mode: file
                    .mode
                    .as_ref()
                    .and_then(|mode| self.mode(mode))
                    .unwrap_or(0o644),
                owner: self.owner(file.owner.as_ref())?,
                span: path.span,
            });
        }
        items.sort_by(|a, b| a.path.cmp(&b.path));
        Some(items)
    }

    fn take(&self, spec: &FromImageSpec) -> Option<Take> {
        let image = match self.spec.bases.get(&spec.from.value) {
            Some(_) => self.base(&spec.from)?,
            None => self.intern_base(&self.filled(&spec.from)?, &spec.from)?,
        };
        let mut paths = Vec::new();
        for path in &spec.paths {
            let from = self.image_path(&path.from)?.path;
            let to = path
                .to
                .as_ref()
                .map_or(Some(from.clone()), |to| Some(self.image_path(to)?.path))?;
            paths.push(TakenPath { from, to });
        }
        Some(Take { image, paths })
    }

    /// `None` stays; a text is filled in.
    pub(super) fn optional(&self, text: Option<&Text>) -> Option<Option<String>> {
        text.map(|text| self.filled(text))
            .map_or(Some(None), |filled| filled.map(Some))
    }

    /// An owner by numbers: a layer of its own has no `/etc/passwd` to look names up in.
    fn owner(&self, owner: Option<&Text>) -> Option<Option<String>> {
        let Some(text) = owner else { return Some(None) };
        let filled = self.filled(text)?;
        let is_number = |part: &str| part == "root" || part.parse::<u32>().is_ok();
        if filled.split(':').count() > 2 || !filled.split(':').all(is_number) {
            let message = format!("`{filled}` is not an owner by numbers");
            let found = Diagnostic::error("owner", text.span, message);
            self.report(
                found.help("write `1000:1000`; which number a name has is known to the base alone"),
            );
        }
        Some(Some(filled))
    }

    fn mode(&self, mode: &Text) -> Option<u32> {
        let parsed = u32::from_str_radix(&mode.value, 8)
            .ok()
            .filter(|mode| *mode <= 0o7777);
        if parsed.is_none() {
            let message = format!("`{}` is not an octal mode", mode.value);
            self.report(
                Diagnostic::error("mode", mode.span, message).help("write it as `\"0755\"`"),
            );
        }
        parsed
    }

    fn hexadecimal(&self, text: &Text, digits: usize, code: &'static str) -> Option<String> {
        let filled = self.filled(text)?;
        let value = filled
            .strip_prefix("sha256:")
            .unwrap_or(&filled)
            .to_ascii_lowercase();
        if value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(value);
        }
        let message = format!("`{filled}` is not {digits} hexadecimal digits");
        self.report(Diagnostic::error(code, text.span, message));
        None
    }

    fn nothing_to_do(&self, stage: &str, way: &str) {
        let span = self.span(stage);
        let message = format!("the stage `{stage}` does not say what to do");
        self.report(Diagnostic::error("empty-stage", span, message).help(way));
    }
}

fn sorted(patterns: &[Text]) -> Vec<String> {
    let mut patterns: Vec<_> = patterns
        .iter()
        .map(|pattern| pattern.value.clone())
        .collect();
    patterns.sort();
    patterns
}
