//! A [`Plan`] to LLB definitions and image configurations. The only lowering: `layercake llb`, `layercake build`
//! and the frontend all call [`lower`].
//!
//! Each stage of the plan becomes one main vertex, named `[STAGE] what it does`, and whatever else it takes,
//! named `[internal] ...`. A service is its base with the stages' layers merged onto it, so a stage that
//! changes leaves its siblings as they are. Where the daemon cannot merge, the same stages are stacked.
//!
//! Nothing here reads a clock, the environment or a file: equal plans give equal bytes.

mod assemble;
mod context;
mod error;
mod image;
mod locate;
mod work;

pub use context::ContextSource;
pub use error::LowerError;
pub use image::bare as bare_config;

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Definition, Digest, Merge};
use layercake_planner::explain::{self, Records};
use layercake_planner::plan::{Plan, StageId};
use layercake_planner::source::Source;

/// What lowering needs beside the plan.
#[derive(Clone, Debug)]
pub struct LowerOptions {
    /// Where the files of the context come from.
    pub context: ContextSource,
    /// What the daemon can do.
    pub abilities: Abilities,
    /// Which stages run even when their results are known.
    pub no_cache: NoCache,
    /// What tells the forced runs of stages from others, by the digests of their keys. It is in the environment of a
    /// stage's command, so BuildKit takes it for another command, with the same cache mounts.
    pub reruns: BTreeMap<String, String>,
    /// Images to take the results of stages from, in place of running them: references with digests. They are for
    /// daemons that can merge.
    pub published: BTreeMap<StageId, String>,
    /// The file that the plan was made from; a failing vertex is shown as a place in it.
    pub source: Option<Source>,
    /// Labels that every image gets, over those of the file.
    pub labels: BTreeMap<String, String>,
}

/// What a daemon can do; ask its capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// `mergeop` and `diffop`. Docker with a graph-driver store has neither.
    pub merge: bool,
    /// Modes such as `u=rwX,go=rX` in copies: without it a file's umask decides whether what reads it runs again.
    pub symbolic_modes: bool,
}

impl Default for Abilities {
    fn default() -> Self {
        Self {
            merge: true,
            symbolic_modes: true,
        }
    }
}

/// Which stages run even when their results are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NoCache {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// Those of these names in the file.
    Stages(BTreeSet<String>),
}

impl NoCache {
    /// Whether the stage of this name in the file is among them.
    pub fn has(&self, stage: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Stages(names) => names.contains(stage),
        }
    }
}

/// What became of a plan.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// One for each service or stage that was asked for, in the plan's order.
    pub images: Vec<LoweredImage>,
    /// The main vertices of each stage: one, or where nothing can be merged one for each place where it is
    /// stacked. Two stages that do the same on the same root are one vertex.
    pub vertices: BTreeMap<StageId, BTreeSet<Digest>>,
}

/// What became of a service, or of a stage that is an image of its own.
#[derive(Clone, Debug)]
pub struct LoweredImage {
    /// Its name.
    pub name: String,
    /// The stages that it is made of.
    pub stages: Vec<StageId>,
    /// How BuildKit makes its filesystem.
    pub definition: Definition,
    /// The image configuration as JSON: OCI's fields and Docker's.
    pub config: Vec<u8>,
    /// The base's configuration as JSON, which BuildKit records beside it; none where there is no base.
    pub base_config: Option<Vec<u8>>,
    /// Its tags.
    pub tags: Vec<String>,
    /// What its manifest says besides: of a stage the whole key and the key records, as its labels do, for tools that
    /// read no configuration.
    pub annotations: BTreeMap<String, String>,
}

/// Lowers every service of the plan.
///
/// # Errors
/// An image was not resolved, or a value is one that BuildKit has no way to express.
pub fn lower(plan: &Plan, options: &LowerOptions) -> Result<Lowered, LowerError> {
    let mut lowering = assemble::Lowering::new(plan, options, wanted(plan))?;
    let mut images = Vec::with_capacity(plan.services.len());
    let mut by_service = plan.stages_by_service();
    for service in &plan.services {
        let output = lowering.service(service)?;
        let stages = by_service.remove(service.name.as_str()).unwrap_or_default();
        let base = plan.base(service.base);
        let base_image = base
            .image
            .as_ref()
            .ok_or_else(|| LowerError::unresolved(base))?;
        images.push(LoweredImage {
            name: service.name.clone(),
            definition: Definition::of(&output),
            config: image::config(service, base_image, &labels(plan, &stages, options))?,
            base_config: Some(base_image.config.to_string().into_bytes()),
            tags: service.tags.clone(),
            annotations: BTreeMap::new(),
            stages,
        });
    }
    let vertices = lowering.vertices;
    Ok(Lowered { images, vertices })
}

/// All that a plan's services are made of as one graph, for whoever asks what there is without building.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The graph.
    pub definition: Definition,
    /// The main vertices of each stage, as [`Lowered::vertices`] has them.
    pub vertices: BTreeMap<StageId, BTreeSet<Digest>>,
}

/// Lowers every service of the plan into one graph, in which what they share is once.
///
/// # Errors
/// As with [`lower`].
pub fn lower_whole(plan: &Plan, options: &LowerOptions) -> Result<Whole, LowerError> {
    let mut lowering = assemble::Lowering::new(plan, options, wanted(plan))?;
    let services = plan.services.iter();
    let services: Vec<_> = services
        .map(|service| lowering.service(service))
        .collect::<Result<_, _>>()?;
    let definition = Definition::of(Merge::of(services).build().as_ref());
    let vertices = lowering.vertices;
    Ok(Whole {
        definition,
        vertices,
    })
}

/// The stages at the top of the services.
fn wanted(plan: &Plan) -> impl Iterator<Item = StageId> {
    plan.services.iter().flat_map(|service| {
        let layers = service.layers.iter();
        layers.chain(&service.finish).copied()
    })
}

/// Lowers the results of stages, each as an image of its own, tagged as in `tags`. What a stage wrote is all that its
/// image has.
///
/// # Errors
/// As with [`lower`].
pub fn lower_stages(
    plan: &Plan,
    options: &LowerOptions,
    tags: &BTreeMap<StageId, String>,
) -> Result<Lowered, LowerError> {
    let mut lowering = assemble::Lowering::new(plan, options, tags.keys().copied())?;
    let mut images = Vec::with_capacity(tags.len());
    for (id, tag) in tags {
        let output = lowering.alone(*id)?;
        let stages = reachable(plan, [*id], &BTreeMap::new());
        let stages: Vec<StageId> = stages.into_iter().collect();
        let key = (
            KEY_LABEL.to_owned(),
            plan.stage(*id).key.digest().to_owned(),
        );
        let mut labels = labels(plan, &stages, options);
        labels.extend([key]);
        let mut annotations = labels.clone();
        annotations.retain(|name, _| [KEY_LABEL, explain::LABEL].contains(&name.as_str()));
        images.push(LoweredImage {
            name: plan.stage(*id).id.clone(),
            stages,
            definition: Definition::of(&output),
            config: image::bare(&plan.platform, &labels),
            base_config: None,
            tags: vec![tag.clone()],
            annotations,
        });
    }
    let vertices = lowering.vertices;
    Ok(Lowered { images, vertices })
}

/// The label that has the whole key of a stage whose result is an image.
pub const KEY_LABEL: &str = "dev.layercake.key";

/// Labels of an image beside those of the file: the records of its stages among them.
fn labels(plan: &Plan, stages: &[StageId], options: &LowerOptions) -> BTreeMap<String, String> {
    let mut labels = options.labels.clone();
    if let Some(records) = explain::label(Records::of_stages(plan, stages)) {
        labels.insert(explain::LABEL.to_owned(), records);
    }
    labels
}

/// What the making of `wanted` takes: they, and what they stand on and read, but for what published results save.
fn reachable(
    plan: &Plan,
    wanted: impl IntoIterator<Item = StageId>,
    published: &BTreeMap<StageId, String>,
) -> BTreeSet<StageId> {
    let mut open: Vec<StageId> = wanted.into_iter().collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id) && !published.contains_key(&id) {
            open.extend(plan.before(id).into_iter().map(|(id, _)| id));
        }
    }
    found
}

/// The stage whose main vertex is named `name`.
///
/// ```
/// assert_eq!(layercake_lower::stage_of("[conda-env] micromamba install"), Some("conda-env"));
/// assert_eq!(layercake_lower::stage_of("[internal] load files"), None);
/// ```
pub fn stage_of(name: &str) -> Option<&str> {
    let (stage, _) = name.strip_prefix('[')?.split_once("] ")?;
    (stage != "internal").then_some(stage)
}

/// The name of a stage's main vertex.
fn vertex_name(plan: &Plan, id: StageId, what: &str) -> String {
    format!("[{}] {what}", plan.stage(id).id)
}
