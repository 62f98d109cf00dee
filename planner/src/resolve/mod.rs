//! Spec and [`Facts`] to [`Model`]: every name checked, every default filled, every mistake told at once.
//!
//! Facts are asked for by being looked up: what is missing is listed in [`Resolved::needs`], and the edge
//! gathers it and resolves again. So there is one account of what a file reads, and it cannot go stale.

mod conda;
mod cycle;
mod image;
mod inputs;
mod kinds;
mod requirements;
mod run;
mod services;
mod version;

pub use inputs::LFS_HEADER;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Facts, ImageFact, Needs};
use crate::interpolate::{InterpolateError, interpolate};
use crate::model::{Base, BaseIx, Model, Stage, StageIx};
use crate::source::Span;
use crate::spec::{Spec, StageSpec, Text};
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
    let resolver = Resolver::new(spec, facts);
    let model = resolver.model(selection);
    let needs = resolver.needs.into_inner();
    let diagnostics = resolver.diagnostics.into_inner();
    let failed = diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error);
    let unanswered = !needs.texts.is_empty() || !needs.paths.is_empty();
    Resolved {
        model: model.filter(|_| !failed && !unanswered),
        needs,
        diagnostics,
    }
}

struct Resolver<'a> {
    spec: &'a Spec,
    facts: &'a Facts,
    stages: HashMap<&'a str, &'a StageSpec>,
    spans: HashMap<&'a str, Span>,
    needs: RefCell<Needs>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    bases: RefCell<Vec<Base>>,
}

impl<'a> Resolver<'a> {
    fn new(spec: &'a Spec, facts: &'a Facts) -> Self {
        let stages = spec
            .stages
            .iter()
            .map(|(name, stage)| (name.value.as_str(), stage))
            .collect();
        let spans = spec
            .stages
            .iter()
            .map(|(name, _)| (name.value.as_str(), name.span))
            .collect();
        Self {
            spec,
            facts,
            stages,
            spans,
            needs: RefCell::default(),
            diagnostics: RefCell::default(),
            bases: RefCell::default(),
        }
    }

    fn model(&self, selection: &Selection) -> Option<Model> {
        self.check_names();
        self.check_build_args();
        cycle::check(self.spec, &self.stages, |found| self.report(found));
        if self.has_errors() {
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
            platform: self.facts.platform.clone(),
            bases: self.bases.take(),
            stages,
            services,
        })
    }

    /// Where the name of the stage `name` stands.
    fn span(&self, name: &str) -> Span {
        self.spans.get(name).copied().unwrap_or_default()
    }

    fn report(&self, found: Diagnostic) {
        self.diagnostics.borrow_mut().push(found);
    }

    fn has_errors(&self) -> bool {
        self.diagnostics
            .borrow()
            .iter()
            .any(|found| found.severity == Severity::Error)
    }

    /// Every reference to a stage or a base leads somewhere, selected or not.
    fn check_names(&self) {
        let stages = self.spec.stages.names().collect();
        let bases = self.spec.bases.names().collect();
        for (_, stage) in self.spec.stages.iter() {
            for name in references(stage) {
                self.check_name("stage", name, &stages);
            }
            for name in stage.on.iter().chain(tool(stage)) {
                self.check_name("base", name, &bases);
            }
        }
        for (_, service) in self.spec.services.iter() {
            self.check_name("base", &service.base, &bases);
            for name in &service.stages {
                self.check_name("stage", name, &stages);
            }
        }
    }

    fn check_name(&self, what: &'static str, name: &Text, known: &BTreeSet<&str>) {
        if known.contains(name.value.as_str()) {
            return;
        }
        let known: Vec<_> = known.iter().copied().collect();
        let code = if what == "stage" {
            "unknown-stage"
        } else {
            "unknown-base"
        };
        let mut found = Diagnostic::error(
            code,
            name.span,
            format!("no {what} is named `{}`", name.value),
        );
        found = match suggest(&name.value, known.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => found.help(format!("declare it under `{what}s:`")),
            None => found.help(format!("the {what}s are: {}", list(&known))),
        };
        self.report(found);
    }

    fn check_build_args(&self) {
        for name in self.facts.build_args.keys() {
            if self.spec.args.get(name).is_none() && !is_predefined(name) {
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
        let known: Vec<_> = self.spec.services.names().collect();
        if known.is_empty() {
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
            return Some(known);
        };
        let mut wanted = BTreeSet::new();
        for name in names {
            match known.iter().position(|service| service == name) {
                Some(at) => {
                    wanted.insert(at);
                }
                None => self.report(unknown_service(name, &known)),
            }
        }
        Some(wanted.into_iter().map(|at| known[at]).collect())
    }

    /// The stages that the wanted services need, by name in the file's order.
    fn reachable(&self, wanted: &[&str], selection: &Selection) -> Vec<&'a str> {
        if *selection == Selection::All {
            return self.spec.stages.names().collect();
        }
        let services = wanted
            .iter()
            .filter_map(|name| self.spec.services.get(name));
        let mut open: Vec<&str> = services
            .flat_map(|service| service.stages.iter().map(|name| name.value.as_str()))
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if seen.insert(name) {
                let stage = self.stages.get(name);
                open.extend(
                    stage
                        .into_iter()
                        .flat_map(|stage| requirements_of(stage))
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
        let used: BTreeSet<_> = self
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
        let spec = *self.stages.get(name)?;
        let kind = self.kind(name, spec, index)?;
        Some(Stage {
            name: name.to_owned(),
            span: self.span(name),
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
        let reference = self.spec.bases.get(&name.value)?;
        self.intern_base(&name.value, reference)
    }

    /// The base of that reference, registered under `name` when it is new.
    fn intern_base(&self, name: &str, reference: &Text) -> Option<BaseIx> {
        if let Some(at) = self
            .bases
            .borrow()
            .iter()
            .position(|base| base.name == name)
        {
            return Some(BaseIx(at));
        }
        let filled = self.filled(reference)?;
        image::check_reference(&filled, reference.span, |found| self.report(found));
        let image = self.image(&filled);
        let mut bases = self.bases.borrow_mut();
        bases.push(Base {
            name: name.to_owned(),
            reference: filled,
            span: reference.span,
            image,
        });
        Some(BaseIx(bases.len() - 1))
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
        let default = self.spec.args.get(name)?;
        Some(
            self.facts
                .build_args
                .get(name)
                .map_or(default.value.as_str(), String::as_str),
        )
    }

    fn texts(&self, texts: &[Text]) -> Option<Vec<String>> {
        texts.iter().map(|text| self.filled(text)).collect()
    }

    fn map(&self, entries: &crate::spec::Entries<Text>) -> Option<BTreeMap<String, String>> {
        entries
            .iter()
            .map(|(name, value)| Some((name.value.clone(), self.filled(value)?)))
            .collect()
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

fn unknown_service(name: &str, known: &[&str]) -> Diagnostic {
    let found =
        Diagnostic::error_of_file("unknown-service", format!("no service is named `{name}`"));
    match suggest(name, known.iter().copied()) {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None => found.help(format!("the services are: {}", list(known))),
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
