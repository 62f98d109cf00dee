//! Spec and [`Facts`] to [`Model`]: every name checked, every default filled, every mistake told at once.
//!
//! Facts are asked for by being looked up: what is missing is listed in [`Resolved::needs`], and the edge
//! gathers it and resolves again. So there is one account of what a file reads, and it cannot go stale.

mod conda;
mod cycle;
mod fetch;
mod files;
mod image;
mod inputs;
mod kinds;
mod lock;
mod pyproject;
mod requirements;
mod run;
mod services;
mod version;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Facts, ImageFact, Needs, PathFact, PathNeed};
use crate::findings::Findings;
use crate::interpolate::{InterpolateError, interpolate};
use crate::lock::Lock;
use crate::model::{Base, BaseIx, Kind, Model, Stage, StageIx};
use crate::source::Span;
use crate::spec::{Entries, ServiceSpec, Spec, StageSpec, Text};
use crate::suggest::{list, suggest};

/// Which services are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Every service, and every stage whether used or not.
    All,
    /// The services named.
    Services(Vec<String>),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The model, unless there are errors or unanswered questions about files.
    pub model: Option<Model>,
    /// Facts that were looked up and are missing.
    pub needs: Needs,
    /// What is wrong, and what likely is.
    pub diagnostics: Vec<Diagnostic>,
}

/// Resolves what `selection` names of `spec`.
pub fn resolve(spec: &Spec, facts: &Facts, selection: &Selection) -> Resolved {
    let mut resolver = Resolver::new(spec, facts);
    resolver.read_lock();
    let model = resolver.model(selection);
    let needs = resolver.needs.into_inner();
    let failed = resolver.failed.get();
    let unanswered = !needs.texts.is_empty() || !needs.paths.is_empty();
    Resolved {
        model: model.filter(|_| !failed && !unanswered),
        needs,
        diagnostics: resolver.findings.into_inner().into_diagnostics(),
    }
}

/// What the file declares under some key, by name, with the places of the names.
type Declared<'a, T> = HashMap<&'a str, (Span, &'a T)>;
type Stages<'a> = Declared<'a, StageSpec>;

/// What is wrong is reported and left out, so that whatever comes after it is looked at too: no model is made
/// of what remains.
struct Resolver<'a> {
    spec: &'a Spec,
    facts: &'a Facts,
    stages: Stages<'a>,
    services: Declared<'a, ServiceSpec>,
    base_specs: Declared<'a, Text>,
    args: Declared<'a, Text>,
    needs: RefCell<Needs>,
    findings: RefCell<Findings>,
    failed: Cell<bool>,
    bases: RefCell<Vec<Base>>,
    base_index: RefCell<HashMap<String, BaseIx>>,
    read: RefCell<BTreeMap<PathNeed, Arc<PathFact>>>,
    lock: Option<Lock>,
}

fn indexed<T>(entries: &Entries<T>) -> Declared<'_, T> {
    let entries = entries.iter();
    entries
        .map(|(name, value)| (name.value.as_str(), (name.span, value)))
        .collect()
}

impl<'a> Resolver<'a> {
    fn new(spec: &'a Spec, facts: &'a Facts) -> Self {
        Self {
            spec,
            facts,
            stages: indexed(&spec.stages),
            services: indexed(&spec.services),
            base_specs: indexed(&spec.bases),
            args: indexed(&spec.args),
            needs: RefCell::default(),
            findings: RefCell::default(),
            failed: Cell::default(),
            bases: RefCell::default(),
            base_index: RefCell::default(),
            read: RefCell::default(),
            lock: None,
        }
    }

    fn model(&self, selection: &Selection) -> Option<Model> {
        self.check_names();
        self.check_build_args();
        cycle::check(self.spec, &self.stages, |found| self.report(found));
        if self.failed.get() {
            return None; // Names that lead nowhere would only make more noise below.
        }
        let wanted = self.wanted(selection)?;
        let names = self.reachable(&wanted, selection);
        let index: HashMap<&str, StageIx> = names
            .iter()
            .enumerate()
            .map(|(at, name)| (*name, StageIx(at)))
            .collect();
        let version = self.version();
        let registry = self.registry();
        let stages: Vec<_> = names
            .iter()
            .filter_map(|name| self.stage(name, &index))
            .collect();
        let services: Vec<_> = wanted
            .iter()
            .filter_map(|name| self.service(name, &index, version.as_deref()))
            .collect();
        self.warn_unused(selection, &names);
        (stages.len() == names.len()).then(|| Model {
            project: self
                .spec
                .project
                .as_ref()
                .map_or("layercake", |name| &name.value)
                .to_owned(),
            version,
            registry,
            platform: self.facts.platform.clone(),
            bases: self.bases.take(),
            stages,
            services,
        })
    }

    /// Where the name of the stage `name` stands.
    fn span(&self, name: &str) -> Span {
        self.stages
            .get(name)
            .map(|(span, _)| *span)
            .unwrap_or_default()
    }

    fn report(&self, found: Diagnostic) {
        if found.severity == Severity::Error {
            self.failed.set(true);
        }
        self.findings.borrow_mut().push(found);
    }

    /// Every reference to a stage or a base leads somewhere, selected or not.
    fn check_names(&self) {
        let stages = Known::new("stage", self.spec.stages.names());
        let bases = Known::new("base", self.spec.bases.names());
        for (_, stage) in self.spec.stages.iter() {
            for name in references(stage) {
                self.check_name(name, &stages);
            }
            for name in stage.on.iter().chain(tool(stage)) {
                self.check_name(name, &bases);
            }
        }
        for (_, service) in self.spec.services.iter() {
            self.check_name(&service.base, &bases);
            for name in &service.stages {
                self.check_name(name, &stages);
            }
        }
    }

    fn check_name(&self, name: &Text, known: &Known) {
        if let Some(help) = known.instead_of(&name.value) {
            let message = format!("no {} is named `{}`", known.what, name.value);
            let code = match known.what {
                "stage" => "unknown-stage",
                _ => "unknown-base",
            };
            self.report(Diagnostic::error(code, name.span, message).help(help));
        }
    }

    fn check_build_args(&self) {
        for name in self.facts.build_args.keys() {
            if !self.args.contains_key(name.as_str()) && !is_predefined(name) {
                self.report(
                    Diagnostic::warning_of_file(
                        "unused-build-arg",
                        format!("the build argument `{name}` is not declared under `args:`, so nothing uses it"),
                    )
                    .help(format!("declare it with its default: `args: {{ {name}: ... }}`")),
                );
            }
        }
    }

    fn wanted(&self, selection: &Selection) -> Option<Vec<&'a str>> {
        let known = Known::new("service", self.spec.services.names());
        if known.names.is_empty() {
            self.report(
                Diagnostic::error_of_file(
                    "no-services",
                    "the file has no services, so there is nothing to build",
                )
                .help("add one: `services: { web: { base: python, stages: [...] } }`"),
            );
            return None;
        }
        let Selection::Services(names) = selection else {
            return Some(known.names);
        };
        for name in names {
            if let Some(help) = known.instead_of(name) {
                let message = format!("no service is named `{name}`");
                self.report(Diagnostic::error_of_file("unknown-service", message).help(help));
            }
        }
        let names: HashSet<&str> = names.iter().map(String::as_str).collect();
        let wanted = known.names.into_iter().filter(|name| names.contains(name));
        Some(wanted.collect())
    }

    /// The stages that the wanted services need, by name in the file's order.
    fn reachable(&self, wanted: &[&str], selection: &Selection) -> Vec<&'a str> {
        if *selection == Selection::All {
            return self.spec.stages.names().collect();
        }
        let services = wanted.iter().filter_map(|name| self.services.get(name));
        let mut open: Vec<&str> = services
            .flat_map(|(_, service)| service.stages.iter().map(|name| name.value.as_str()))
            .collect();
        let mut seen = HashSet::new();
        while let Some(name) = open.pop() {
            if seen.insert(name) {
                let stage = self.stages.get(name);
                open.extend(
                    stage
                        .into_iter()
                        .flat_map(|(_, stage)| requirements_of(stage))
                        .map(|to| to.value.as_str()),
                );
            }
        }
        self.spec
            .stages
            .names()
            .filter(|name| seen.contains(name))
            .collect()
    }

    fn warn_unused(&self, selection: &Selection, names: &[&str]) {
        if *selection != Selection::All {
            return;
        }
        let everything: Vec<_> = self.spec.services.names().collect();
        let used: HashSet<_> = self
            .reachable(&everything, &Selection::Services(Vec::new()))
            .into_iter()
            .collect();
        for name in names.iter().filter(|name| !used.contains(*name)) {
            let span = self.span(name);
            self.report(
                Diagnostic::warning(
                    "unused-stage",
                    span,
                    format!("no service has the stage `{name}`"),
                )
                .help("list it in a service's `stages`, or remove it"),
            );
        }
    }

    fn stage(&self, name: &str, index: &HashMap<&str, StageIx>) -> Option<Stage> {
        let (span, spec) = *self.stages.get(name)?;
        let kind = self.kind(name, spec, index)?;
        self.check_on(spec, &kind);
        Some(Stage {
            name: name.to_owned(),
            span,
            on: spec.on.as_ref().and_then(|base| self.base(base)),
            needs: spec
                .needs
                .iter()
                .filter_map(|to| index.get(to.value.as_str()).copied())
                .collect(),
            after: spec
                .after
                .iter()
                .filter_map(|to| index.get(to.value.as_str()).copied())
                .collect(),
            expensive: spec.expensive,
            kind,
        })
    }

    /// The declared base named `name`.
    fn base(&self, name: &Text) -> Option<BaseIx> {
        let (_, reference) = *self.base_specs.get(name.value.as_str())?;
        self.intern_base(&name.value, reference)
    }

    /// The base of that reference, registered under `name` when it is new.
    fn intern_base(&self, name: &str, reference: &Text) -> Option<BaseIx> {
        if let Some(index) = self.base_index.borrow().get(name) {
            return Some(*index);
        }
        let filled = self.filled(reference)?;
        self.check_reference(name, &filled, reference.span);
        let image = self.image(&self.locked_reference(&filled, reference.span));
        let mut bases = self.bases.borrow_mut();
        let index = BaseIx(bases.len());
        self.base_index.borrow_mut().insert(name.to_owned(), index);
        bases.push(Base {
            name: name.to_owned(),
            reference: filled,
            span: reference.span,
            image,
        });
        Some(index)
    }

    /// An option that would do nothing is not taken in silence.
    fn check_on(&self, spec: &StageSpec, kind: &Kind) {
        let Some(on) = &spec.on else { return };
        let message = match kind {
            Kind::Conda(conda) if conda.tool.is_some() => {
                "`on` does nothing beside `tool`, which names the image that does the work"
                    .to_owned()
            }
            Kind::Unpack(unpack) if unpack.zip => return,
            Kind::Unpack(_) => {
                "`on` does nothing: a tar archive is unpacked without a base".to_owned()
            }
            Kind::Copy(_) | Kind::Files(_) | Kind::Fetch(_) | Kind::Image(_) => {
                format!("`on` does nothing: `{}` runs on no base", kind.name())
            }
            _ => return,
        };
        self.report(Diagnostic::warning("unused-on", on.span, message).help("remove `on`"));
    }

    fn image(&self, reference: &str) -> Option<ImageFact> {
        let fact = self.facts.images.get(reference).cloned();
        if fact.is_none() {
            self.needs.borrow_mut().images.insert(reference.to_owned());
        }
        fact
    }

    /// A text with build arguments filled in.
    fn filled(&self, text: &Text) -> Option<String> {
        match interpolate(&text.value, |name| self.argument(name)) {
            Ok(filled) => Some(filled),
            Err(InterpolateError::Unknown(name)) => {
                let known: Vec<_> = self.spec.args.names().collect();
                let found = Diagnostic::error(
                    "unknown-arg",
                    text.span,
                    format!("no build argument is named `{name}`"),
                );
                let near = suggest(&name, known.iter().copied())
                    .map(|near| format!("did you mean `${{{near}}}`?"));
                let way = near.unwrap_or_else(|| {
                    format!(
                        "declare it: `args: {{ {name}: ... }}`, or write `$$` for a dollar sign"
                    )
                });
                self.report(found.help(way));
                None
            }
            Err(InterpolateError::Open(brace)) => {
                let found =
                    Diagnostic::error("open-brace", text.span, format!("`{brace}` is not closed"));
                self.report(found.help("write `${NAME}`, or `$$` for a dollar sign"));
                None
            }
        }
    }

    /// The value of the build argument `name`.
    fn argument(&self, name: &str) -> Option<&'a str> {
        let (_, default) = self.args.get(name)?;
        Some(
            self.facts
                .build_args
                .get(name)
                .map_or(default.value.as_str(), String::as_str),
        )
    }

    fn optional(&self, text: Option<&Text>) -> Option<String> {
        self.filled(text?)
    }

    fn optional_path(&self, path: Option<&Text>) -> Option<String> {
        Some(self.image_path(path?)?.path)
    }

    fn image_paths(&self, paths: &[Text]) -> Vec<String> {
        let paths = paths.iter().filter_map(|path| self.image_path(path));
        paths.map(|path| path.path).collect()
    }

    fn texts(&self, texts: &[Text]) -> Vec<String> {
        texts.iter().filter_map(|text| self.filled(text)).collect()
    }

    fn map(&self, entries: &Entries<Text>) -> BTreeMap<String, String> {
        let entries = entries.iter();
        entries
            .filter_map(|(name, value)| Some((name.value.clone(), self.filled(value)?)))
            .collect()
    }

    fn nothing_to_do(&self, stage: &str, way: &str) {
        let message = format!("the stage `{stage}` does not say what to do");
        self.report(Diagnostic::error("empty-stage", self.span(stage), message).help(way));
    }
}

/// The names of stages that `stage` refers to.
fn references(stage: &StageSpec) -> impl Iterator<Item = &Text> {
    requirements_of(stage).chain(&stage.after)
}

/// The names of stages that must run before `stage` can.
fn requirements_of(stage: &StageSpec) -> impl Iterator<Item = &Text> {
    stage.needs.iter().chain(kinds::sources(&stage.kind))
}

fn tool(stage: &StageSpec) -> Option<&Text> {
    match &stage.kind {
        crate::spec::KindSpec::Conda(conda) => conda.tool.as_ref(),
        _ => None,
    }
}

/// Names that lead somewhere.
struct Known<'a> {
    what: &'static str,
    names: Vec<&'a str>,
    set: HashSet<&'a str>,
}

impl<'a> Known<'a> {
    /// The most names that a message lists.
    const LISTED: usize = 10;

    fn new(what: &'static str, names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<_> = names.collect();
        let set = names.iter().copied().collect();
        Self { what, names, set }
    }

    /// What to do about a name that leads nowhere; none if it does.
    fn instead_of(&self, name: &str) -> Option<String> {
        if self.set.contains(name) {
            return None;
        }
        if let Some(near) = suggest(name, self.names.iter().copied()) {
            return Some(format!("did you mean `{near}`?"));
        }
        let what = self.what;
        Some(match self.names.len() {
            0 => format!("declare it under `{what}s:`"),
            1..=Self::LISTED => format!("the {what}s are: {}", list(&self.names)),
            more => format!("declare it under `{what}s:`, which has {more} others"),
        })
    }
}

/// BuildKit's own build arguments, which any build may be given.
fn is_predefined(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with("BUILDKIT_")
        || name == "SOURCE_DATE_EPOCH"
        || [
            "http_proxy",
            "https_proxy",
            "ftp_proxy",
            "no_proxy",
            "all_proxy",
        ]
        .contains(&lower.as_str())
}
