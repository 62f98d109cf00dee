//! The Plan: one graph of stages for all selected services.
//!
//! A stage of the file has one instance per filesystem that it runs on. `clx-common` is built into a wheel
//! once, and installed once for each interpreter that gets it: three stages of the plan from one of the file.
//! [`plan`] makes the instances, chains those that write one database, orders what is merged, and gives
//! every stage its [`Key`].

mod conflict;
mod image;
mod instances;
mod key;
mod linked;
mod names;
mod order;
mod problems;
mod stage_image;
mod verify;
mod work;

pub use key::{FileKey, ImageKey, InputKey, Key, KeyRecord, RootKey, StageKey};
pub use linked::{LinkPython, LinkStep, PackageScript, ScriptStep, SdistStep};
pub use stage_image::{is_stage_tag, registry_warning};
pub use work::{CopyFrom, CopyStep, Mounted, Python, RunStep, Work};

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::facts::{PathNeed, Platform};
use crate::graph::Graph;
pub use crate::graph::{Edge, StageId};
use crate::model::{Base, BaseIx, ImageSettings, Input, Model};
use crate::source::Span;
use crate::spec::Text;

/// What is built, from what, in which order. Immutable once made.
#[derive(Clone, Debug)]
pub struct Plan {
    graph: Graph,
    stages: Vec<Stage>,
    /// The services, in the file's order.
    pub services: Vec<Service>,
    /// The images that stages and services stand on.
    pub bases: Vec<Base>,
    /// The project's name.
    pub project: String,
    /// The version that tags name.
    pub version: Option<String>,
    /// The repository that the results of expensive stages are published to and taken from.
    pub registry: Option<Text>,
    /// The platform built for.
    pub platform: Platform,
}

/// One stage of the plan: one thing that BuildKit runs, or finds in its cache.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name in the plan: `conda-env`, `clx-common@python`.
    pub id: String,
    /// The stage of the file that it is an instance of; a service's for its `finish`.
    pub name: String,
    /// Where that is in the file.
    pub span: Span,
    /// Its kind: `conda`, `wheel`, `install`, `finish`, ...
    pub kind: &'static str,
    /// The filesystem it runs on.
    pub root: Root,
    /// What it does.
    pub work: Work,
    /// What becomes of what it wrote.
    pub yields: Yields,
    /// Whether it must not run by surprise.
    pub expensive: bool,
    /// The services that have it in their image or need it on the way.
    pub services: BTreeSet<String>,
    /// What decides whether it runs again.
    pub key: Key,
}

/// The filesystem that a stage runs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// None: the result does not depend on any base.
    Scratch,
    /// A base, and on it the files of other stages.
    Base {
        /// The base.
        base: BaseIx,
        /// The stages merged on it, lowest first: those needed, and those that they need. A single one that
        /// leaves a whole root on this base stands for all that is below it.
        needs: Vec<StageId>,
    },
}

impl Stage {
    /// Whether its result is the whole filesystem that it ran on, with its own changes, and stands on `base`.
    pub fn leaves_root_on(&self, base: BaseIx) -> bool {
        let on = matches!(self.root, Root::Base { base: own, .. } if own == base);
        on && self.yields == Yields::Difference
    }
}

/// What becomes of what a stage wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yields {
    /// The difference that it made to its root is a layer.
    Difference,
    /// Its result is a tree of its own, rooted at `/`, and a layer.
    Tree,
    /// Its result is read by other stages, and in no image.
    Artifact,
}

/// One service of the plan.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Its base.
    pub base: BaseIx,
    /// The stages merged on the base, lowest first.
    pub layers: Vec<StageId>,
    /// The stage that runs on the merged whole.
    pub finish: Option<StageId>,
    /// Its image's configuration.
    pub image: ImageSettings,
    /// Its tags.
    pub tags: Vec<String>,
}

/// Plans the model: every service it has.
///
/// # Errors
/// All conflicts at once: two stages that write one path without an order, a stage that the services would
/// build on different bases, and so on.
pub fn plan(model: &Model) -> Result<Plan, Vec<Diagnostic>> {
    let (mut plan, merged) = instances::instantiate(model)?;
    let conflicts = conflict::find(&plan, model, &merged);
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    key::record(&mut plan);
    debug_assert_eq!(plan.verify(), Ok(()));
    Ok(plan)
}

impl Plan {
    /// All stages with their ids; one comes after what it depends on.
    pub fn stages(&self) -> impl ExactSizeIterator<Item = (StageId, &Stage)> {
        self.ids().zip(&self.stages)
    }

    /// The stage `id`.
    pub fn stage(&self, id: StageId) -> &Stage {
        &self.stages[id.index()]
    }

    /// The base at `index`.
    pub fn base(&self, index: BaseIx) -> &Base {
        &self.bases[index.0]
    }

    /// The service named `name`.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// The stages that each service has or needs on the way, by its name, in the plan's order.
    pub fn stages_by_service(&self) -> BTreeMap<&str, Vec<StageId>> {
        let mut stages: BTreeMap<&str, Vec<StageId>> = BTreeMap::new();
        for (id, stage) in self.stages() {
            for service in &stage.services {
                stages.entry(service).or_default().push(id);
            }
        }
        stages
    }

    /// What `id` depends on directly.
    pub fn before(&self, id: StageId) -> Vec<(StageId, Edge)> {
        self.graph.before(id)
    }

    /// What depends on `id` directly.
    pub fn after(&self, id: StageId) -> Vec<StageId> {
        self.graph.after(id)
    }

    /// What runs again when `id` does: `id`, and all that depends on it, directly or not.
    pub fn cascade(&self, id: StageId) -> Vec<StageId> {
        self.graph.cascade(id)
    }

    /// Everything that the stages read of the context: what one transfer has to bring.
    pub fn context(&self) -> BTreeSet<&PathNeed> {
        self.stages
            .iter()
            .flat_map(|stage| stage.work.inputs())
            .map(|input: &Input| &input.need)
            .collect()
    }

    /// Whether the bytes of all files that its stages read are known, so that its records can be held against others.
    pub fn knows_bytes(&self) -> bool {
        let mut inputs = self.stages.iter().flat_map(|stage| &stage.key.inputs);
        inputs.all(InputKey::is_known)
    }

    fn ids(&self) -> impl ExactSizeIterator<Item = StageId> + use<> {
        crate::graph::ids(self.stages.len())
    }
}
