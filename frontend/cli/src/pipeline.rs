//! The pure pipeline of the planner, fed with facts. Every command and the frontend plan by this one function.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use layercake_planner::advice::advise;
use layercake_planner::diagnostic::{Diagnostic, Severity};
use layercake_planner::facts::{Facts, Platform};
use layercake_planner::parse::parse;
use layercake_planner::plan::{self, Plan};
use layercake_planner::resolve::{Resolved, Selection, resolve};
use layercake_planner::source::Source;
use layercake_planner::spec::Spec;

use crate::facts::Context;
use crate::facts::tree::Tree;

/// Which part of a file is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it, stages that no service uses included.
    Whole,
    /// The services named, or all services if none is.
    Services(Vec<String>),
}

/// Where facts about images come from.
pub trait Images {
    /// Adds what is known of the images to the facts. What cannot be known is left out.
    async fn learn(
        &mut self,
        references: &BTreeSet<String>,
        facts: &mut Facts,
    ) -> anyhow::Result<()>;
}

/// Nobody is asked about images: plans are complete but for their digests.
#[derive(Debug)]
pub struct NoImages;

impl Images for NoImages {
    async fn learn(&mut self, _: &BTreeSet<String>, _: &mut Facts) -> anyhow::Result<()> {
        Ok(())
    }
}

/// What planning came to.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The plan, if there is no error.
    pub plan: Option<Plan>,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// What could do better, for whoever asks what is to be said of the file.
    pub advice: Vec<Diagnostic>,
    /// What was learnt of the world.
    pub facts: Facts,
}

/// A file from which nothing can be built.
#[derive(Clone, Debug)]
pub struct Rejected {
    /// The file.
    pub source: Source,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

impl fmt::Display for Rejected {
    /// The first error; the rest is for whoever shows diagnostics.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self
            .diagnostics
            .iter()
            .find(|found| found.severity == Severity::Error);
        match first {
            Some(first) => write!(f, "{}: {}", self.source.name, first.message),
            None => write!(f, "{} cannot be built", self.source.name),
        }
    }
}

impl std::error::Error for Rejected {}

impl Planned {
    /// All that there is to say of the file.
    pub fn told(self) -> Vec<Diagnostic> {
        self.diagnostics.into_iter().chain(self.advice).collect()
    }

    /// The plan and the warnings, unless there are errors.
    pub fn accept(self, source: &Source) -> Result<(Plan, Vec<Diagnostic>), Rejected> {
        let Self {
            plan, diagnostics, ..
        } = self;
        match plan {
            Some(plan) => Ok((plan, diagnostics)),
            None => Err(Rejected {
                source: source.clone(),
                diagnostics,
            }),
        }
    }
}

/// What a build is told from outside.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The platform built for.
    pub platform: Platform,
    /// Build arguments.
    pub build_args: BTreeMap<String, String>,
    /// Image references in place of those of the file, by the base's name or the reference there.
    pub bases: BTreeMap<String, String>,
    /// The lock beside the file, if there is one.
    pub lock: Option<Source>,
}

/// Plans what `scope` names of the file, learning of the world what that takes.
pub async fn plan(
    source: &Source,
    scope: &Scope,
    given: Given,
    context: &mut Context<impl Tree>,
    images: &mut impl Images,
) -> anyhow::Result<Planned> {
    let facts = Facts {
        platform: given.platform,
        build_args: given.build_args,
        lock: given.lock,
        ..Facts::default()
    };
    plan_with(source, scope, &given.bases, facts, context, images).await
}

/// Plans once more what was planned with these facts, when the context can tell more of its files than it did.
pub async fn plan_again(
    source: &Source,
    scope: &Scope,
    bases: &BTreeMap<String, String>,
    facts: Facts,
    context: &mut Context<impl Tree>,
) -> anyhow::Result<Planned> {
    let facts = Facts {
        paths: BTreeMap::new(),
        ..facts
    };
    plan_with(source, scope, bases, facts, context, &mut NoImages).await
}

async fn plan_with(
    source: &Source,
    scope: &Scope,
    bases: &BTreeMap<String, String>,
    facts: Facts,
    context: &mut Context<impl Tree>,
    images: &mut impl Images,
) -> anyhow::Result<Planned> {
    let (mut spec, mut diagnostics) = parse(source);
    replace_bases(&mut spec, bases);
    let (resolved, facts) = learn(&spec, &selection(&spec, scope), facts, context, images).await?;
    diagnostics.extend(resolved.diagnostics);
    let mut planned = Planned {
        plan: None,
        advice: resolved.model.as_ref().map(advise).unwrap_or_default(),
        diagnostics,
        facts,
    };
    if let Some(model) = resolved.model.filter(|_| !has_errors(&planned.diagnostics)) {
        match plan::plan(&model) {
            Ok(plan) => planned.plan = Some(plan),
            Err(conflicts) => planned.diagnostics.extend(conflicts),
        }
    }
    Ok(planned)
}

/// What all of the file means, with no image looked up and `checksums` known of what URLs give.
pub async fn resolve_whole(
    source: &Source,
    given: Given,
    checksums: &BTreeMap<String, String>,
    context: &mut Context<impl Tree>,
) -> anyhow::Result<Resolved> {
    let (mut spec, mut diagnostics) = parse(source);
    replace_bases(&mut spec, &given.bases);
    let facts = Facts {
        platform: given.platform,
        build_args: given.build_args,
        lock: given.lock,
        checksums: checksums.clone(),
        ..Facts::default()
    };
    let (mut resolved, _) = learn(&spec, &Selection::All, facts, context, &mut NoImages).await?;
    diagnostics.append(&mut resolved.diagnostics);
    resolved.model = resolved.model.filter(|_| !has_errors(&diagnostics));
    resolved.diagnostics = diagnostics;
    Ok(resolved)
}

/// Puts other images in place of bases, as if the file named them.
fn replace_bases(spec: &mut Spec, bases: &BTreeMap<String, String>) {
    for (name, reference) in &mut spec.bases.0 {
        let other = bases
            .get(&name.value)
            .or_else(|| bases.get(&reference.value));
        if let Some(other) = other {
            reference.value.clone_from(other);
        }
    }
}

/// Resolves again and again, until nothing more is asked or nothing more can be known.
async fn learn(
    spec: &Spec,
    selection: &Selection,
    mut facts: Facts,
    context: &mut Context<impl Tree>,
    images: &mut impl Images,
) -> anyhow::Result<(Resolved, Facts)> {
    loop {
        let resolved = resolve(spec, &facts, selection);
        let known = known(&facts);
        let mut found = Facts::default();
        // Registries are on their way while files are hashed.
        let (images, context) = tokio::join!(
            images.learn(&resolved.needs.images, &mut found),
            context.learn(&resolved.needs, &mut facts)
        );
        context.and(images)?;
        facts.images.append(&mut found.images);
        if self::known(&facts) == known {
            return Ok((resolved, facts));
        }
    }
}

fn known(facts: &Facts) -> usize {
    facts.texts.len() + facts.paths.len() + facts.images.len()
}

fn selection(spec: &Spec, scope: &Scope) -> Selection {
    match scope {
        Scope::Whole => Selection::All,
        Scope::Services(names) if names.is_empty() => {
            Selection::Services(spec.services.names().map(str::to_owned).collect())
        }
        Scope::Services(names) => Selection::Services(names.clone()),
    }
}

fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error)
}
