//! Results of expensive stages that a registry has, found by their keys alone: no cache service, any machine.

mod prune;

pub use prune::{Pruning, prune};

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::stream;
use layercake_lower::{Abilities, KEY_LABEL};
use layercake_planner::diagnostic::Diagnostic;
use layercake_planner::plan::{Plan, StageId, registry_warning};
use layercake_planner::suggest::{list, suggest};
use layercake_solve::{ResolveMode, Solver};
use serde_json::Value;

use crate::images::request;
use crate::printer::Printer;
use crate::settings::UsageError;

/// How many images are asked for at once.
const AT_ONCE: usize = 16;

/// Whole results that were found, to be taken in place of running the stages: references with digests.
pub type StageImages = BTreeMap<StageId, String>;

/// Looks up what the plan's registry has of its expensive stages; nothing for a daemon that cannot merge, which has no
/// use for it. What keeps some from being looked up is a warning.
pub async fn look_up(
    solver: &impl Solver,
    plan: &Plan,
    abilities: Abilities,
    mode: ResolveMode,
    warnings: &mut Vec<Diagnostic>,
) -> StageImages {
    let Some(registry) = plan.registry.as_ref().filter(|_| abilities.merge) else {
        return StageImages::new();
    };
    let mut warn = |problem| warnings.push(registry_warning(registry.span, problem));
    let images = plan.stage_images();
    let asked = images.iter().map(async |(id, reference)| {
        let key = plan.stage(*id).key.digest();
        (*id, ask(solver, plan, reference, key, mode).await)
    });
    let answers: Vec<_> = stream::iter(asked)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let (mut found, mut silent) = (StageImages::new(), None);
    for (id, answer) in answers {
        match answer {
            Answer::Found(reference) => drop(found.insert(id, reference)),
            Answer::Missing => {}
            Answer::Other(problem) => warn(problem),
            Answer::Silent(problem) => silent = Some(problem),
        }
    }
    if let Some(problem) = silent {
        let registry = &registry.value; // One problem says it for all.
        warn(format!("{registry} cannot be asked for stages: {problem}"));
    }
    found
}

/// Whether an expensive stage might have an image, if only the bytes of files were read.
pub fn needs_bytes(plan: &Plan) -> bool {
    let known = plan.stage_images();
    let mut stages = plan.stages();
    plan.registry.is_some() && stages.any(|(id, stage)| stage.expensive && !known.contains_key(&id))
}

/// The stages to publish, with their references: those of these names, or all expensive ones, but for those that the
/// registry has.
pub fn to_publish(
    plan: &Plan,
    names: &[String],
    known: &StageImages,
    printer: &Printer,
) -> Result<BTreeMap<StageId, String>, UsageError> {
    if plan.registry.is_none() {
        return Err(no_registry());
    }
    let mut images = plan.stage_images();
    check_names(plan, names, &images)?;
    images.retain(|id, _| names.is_empty() || names.contains(&plan.stage(*id).name));
    for (id, reference) in images.extract_if(.., |id, _| known.contains_key(id)) {
        let stage = &plan.stage(id).id;
        printer.note(&format!("{stage} is published: {reference}"));
    }
    Ok(images)
}

fn no_registry() -> UsageError {
    UsageError::new(
        "the file does not say where stages are published; add `registry: HOST/NAME` to it",
    )
}

fn check_names(
    plan: &Plan,
    names: &[String],
    images: &BTreeMap<StageId, String>,
) -> Result<(), UsageError> {
    let names_of = |wanted: &dyn Fn(StageId) -> bool| -> BTreeSet<&str> {
        let stages = plan.stages().filter(|(id, _)| wanted(*id));
        stages.map(|(_, stage)| stage.name.as_str()).collect()
    };
    let (all, expensive) = (
        names_of(&|_| true),
        names_of(&|id| images.contains_key(&id)),
    );
    if expensive.is_empty() {
        return Err(UsageError::new(
            "no stage is expensive, so there is nothing to publish; add `expensive: true` to those that others should \
             not have to run",
        ));
    }
    let Some(name) = names.iter().find(|name| !expensive.contains(name.as_str())) else {
        return Ok(());
    };
    Err(UsageError::new(if all.contains(name.as_str()) {
        format!(
            "the stage `{name}` is not expensive, so no build would look for it; add `expensive: true` to it"
        )
    } else {
        let expensive: Vec<&str> = expensive.into_iter().collect();
        let way = match suggest(name, all) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the expensive stages are {}", list(&expensive)),
        };
        format!("no service has a stage `{name}`; {way}")
    }))
}

/// What a registry says of one stage.
enum Answer {
    /// It has this image.
    Found(String),
    /// It has none.
    Missing,
    /// It has something else under this tag.
    Other(String),
    /// It cannot be asked.
    Silent(String),
}

async fn ask(
    solver: &impl Solver,
    plan: &Plan,
    reference: &str,
    key: &str,
    mode: ResolveMode,
) -> Answer {
    let request = match request(reference, &plan.platform, mode) {
        Ok(request) => request,
        Err(error) => return Answer::Silent(error.to_string()),
    };
    let image = match solver.resolve_image(&request).await {
        Ok(image) => image,
        Err(failure) if failure.is_not_found() => return Answer::Missing,
        Err(failure) => return Answer::Silent(failure.message().to_owned()),
    };
    let config: Value = serde_json::from_slice(&image.config).unwrap_or_default();
    if config["config"]["Labels"][KEY_LABEL].as_str() == Some(key) {
        return Answer::Found(format!("{reference}@{}", image.digest));
    }
    Answer::Other(format!(
        "{reference} is not what its tag says, as its label {KEY_LABEL} is not {key}; it is left alone"
    ))
}
