//! Layers put together: stages merged on a base, or stacked where the daemon cannot merge.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use buildkit_llb::{
    Annotate, CopyOptions, Diff, Digest, Exec, ExecNode, FileOps, LlbError, Merge, Mkdir, Output,
    Source,
};
use layercake_planner::model::BaseIx;
use layercake_planner::plan::{Plan, Root, Service, Stage, StageId, Yields};

use crate::context::Context;
use crate::image::{config_of, working_directory};
use crate::locate::Locator;
use crate::{LowerError, LowerOptions, reachable, vertex_name};

/// The variable that tells a forced run of a stage from others.
const RUN: &str = "LAYERCAKE_RUN";

/// One lowering under way: every stage, base and root is made once, whoever uses it.
pub(crate) struct Lowering<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) context: Option<Context>,
    options: &'p LowerOptions,
    locator: Option<Locator>,
    bases: HashMap<BaseIx, Output>,
    /// What each stage gave when it ran on its own root.
    results: HashMap<StageId, Output>,
    roots: HashMap<Root, Output>,
    /// The main vertices of each stage: one, or one for each place where it is stacked.
    pub(crate) vertices: BTreeMap<StageId, BTreeSet<Digest>>,
}

impl<'p> Lowering<'p> {
    /// With the stages that are asked for.
    pub(crate) fn new(
        plan: &'p Plan,
        options: &'p LowerOptions,
        wanted: impl IntoIterator<Item = StageId>,
    ) -> Result<Self, LowerError> {
        let needs = plan.context();
        let context = (!needs.is_empty())
            .then(|| Context::new(&options.context, &needs, options.abilities))
            .transpose()?;
        let mut lowering = Self {
            plan,
            context,
            options,
            locator: options.source.as_ref().map(Locator::new),
            bases: HashMap::new(),
            results: HashMap::new(),
            roots: HashMap::new(),
            vertices: BTreeMap::new(),
        };
        // In the plan's order, so that what a stage needs is there already and nothing recurses.
        let reachable = reachable(plan, wanted, lowering.published());
        for id in with_results(plan, options.abilities.merge) {
            if reachable.contains(&id) && lowering.image_of(id).is_none() {
                lowering.result(id)?;
            }
        }
        Ok(lowering)
    }

    /// The filesystem of a service.
    pub(crate) fn service(&mut self, service: &Service) -> Result<Output, LowerError> {
        let base = self.base(service.base)?;
        let whole = if self.options.abilities.merge {
            let bottom = self.with_workdir(base, service)?;
            self.on(bottom, &service.layers, &service.name)?
        } else {
            // Last, so that no stage runs on it: it belongs to the image's configuration.
            let top = self.on(base, &service.layers, &service.name)?;
            self.with_workdir(top, service)?
        };
        match service.finish {
            Some(finish) => self.work(finish, Some(whole)),
            None => Ok(whole),
        }
    }

    /// A filesystem with the working directory that the service's image names, as `WORKDIR` makes it.
    fn with_workdir(&self, files: Output, service: &Service) -> Result<Output, LowerError> {
        let image = self.plan.base(service.base).image.as_ref();
        let own = image.and_then(|image| working_directory(&config_of(image)));
        match &service.image.workdir {
            Some(workdir) if workdir != "/" && own.as_ref() != Some(workdir) => {
                let options = Mkdir {
                    parents: true,
                    ..Mkdir::default()
                };
                let made = FileOps::on(files).mkdir(workdir, options);
                Ok(made.named(format!("[internal] make {workdir}")).build()?)
            }
            _ => Ok(files),
        }
    }

    /// What a stage gave, by itself: what it adds to an image, or has for others to read.
    pub(crate) fn alone(&mut self, id: StageId) -> Result<Output, LowerError> {
        let layer = self.layer(id)?;
        layer.ok_or(LowerError::Nothing {
            stage: self.plan.stage(id).id.clone(),
        })
    }

    fn published(&self) -> &'p BTreeMap<StageId, String> {
        static NONE: BTreeMap<StageId, String> = BTreeMap::new();
        if self.options.abilities.merge {
            &self.options.published
        } else {
            &NONE
        }
    }

    /// The published image of what a stage gave by itself.
    fn image_of(&self, id: StageId) -> Option<&'p String> {
        self.published().get(&id)
    }

    /// What a stage gave: with [`Yields::Difference`] its whole root, else its own tree.
    pub(crate) fn result(&mut self, id: StageId) -> Result<Output, LowerError> {
        if let Some(result) = self.results.get(&id) {
            return Ok(result.clone());
        }
        let result = if let Some(image) = self.image_of(id) {
            self.with_taken(id, image)?
        } else {
            let root = self.root(id)?;
            self.work(id, root)?
        };
        self.results.insert(id, result.clone());
        Ok(result)
    }

    /// What a stage gave, with what an image has of it in place of what it would do.
    fn with_taken(&mut self, id: StageId, image: &str) -> Result<Output, LowerError> {
        let stage = self.plan.stage(id);
        let taken = self.taken(id, image)?;
        if stage.yields != Yields::Difference {
            return Ok(taken);
        }
        let root = self.root(id)?;
        let whole = Merge::of(root.into_iter().chain([taken.clone()]));
        let whole = whole.named(format!("[internal] root with {}", stage.id));
        Ok(whole.build().unwrap_or(taken))
    }

    /// What a stage gave by itself, as an image has it.
    fn taken(&mut self, id: StageId, image: &str) -> Result<Output, LowerError> {
        let source = Source::image(image).platform(self.platform());
        // It is no work of the stage, so it does not bear the stage's name.
        let name = format!("[internal] {} published as {image}", self.plan.stage(id).id);
        let source = self.tied(id, source.named(name));
        let output = self.of_stage(id, source.build())?;
        let vertices = self.vertices.entry(id).or_default();
        vertices.insert(output.digest().clone());
        Ok(output)
    }

    fn platform(&self) -> buildkit_llb::Platform {
        let platform = &self.plan.platform;
        buildkit_llb::Platform::with_variant(
            &platform.os,
            &platform.architecture,
            &platform.variant,
        )
    }

    /// The filesystem that a stage runs on.
    fn root(&mut self, id: StageId) -> Result<Option<Output>, LowerError> {
        let stage = self.plan.stage(id);
        let Root::Base { base, needs } = &stage.root else {
            return Ok(None);
        };
        if let Some(root) = self.roots.get(&stage.root) {
            return Ok(Some(root.clone()));
        }
        let root = match needs.as_slice() {
            [one] if self.plan.stage(*one).leaves_root_on(*base) => self.result(*one)?,
            layers => {
                let floor = self.floor(*base)?;
                self.on(floor, layers, &format!("root of {}", stage.id))?
            }
        };
        self.roots.insert(stage.root.clone(), root.clone());
        Ok(Some(root))
    }

    /// A filesystem with layers on it, lowest first.
    fn on(&mut self, bottom: Output, layers: &[StageId], what: &str) -> Result<Output, LowerError> {
        if self.options.abilities.merge {
            let mut inputs = vec![bottom.clone()];
            for id in layers {
                inputs.extend(self.layer(*id)?);
            }
            let merged = Merge::of(inputs)
                .named(format!("[internal] merge {what}"))
                .build();
            return Ok(merged.unwrap_or(bottom));
        }
        let mut below = bottom;
        for id in layers {
            below = self.stacked(*id, below)?;
        }
        Ok(below)
    }

    /// What a stage adds to an image.
    fn layer(&mut self, id: StageId) -> Result<Option<Output>, LowerError> {
        if let Some(image) = self.image_of(id) {
            return self.taken(id, image).map(Some);
        }
        let result = self.result(id)?;
        let stage = self.plan.stage(id);
        if stage.yields != Yields::Difference {
            return Ok(Some(result));
        }
        let root = self.root(id)?;
        Ok(Diff::between(root, result)
            .named(format!("[internal] what {} wrote", stage.id))
            .build())
    }

    /// A stage on top of whatever is below it, where nothing can be merged.
    fn stacked(&mut self, id: StageId, below: Output) -> Result<Output, LowerError> {
        if self.plan.stage(id).yields == Yields::Difference {
            return self.work(id, Some(below));
        }
        let tree = self.result(id)?;
        let options = CopyOptions {
            contents_only: true,
            ..CopyOptions::default()
        };
        let copy = FileOps::on(below).copy(tree, "/", "/", options);
        Ok(copy
            .named(format!("[internal] add {}", self.plan.stage(id).id))
            .build()?)
    }

    /// What stages run on: the base, and on it a layer that is empty and in no image.
    ///
    /// BuildKit files the difference between a filesystem and its own parent under the chain of layers of the
    /// whole (cache/blobs.go, `computeChainMetadata`, v0.32.2). An image of just this chain, pulled by the daemon
    /// that built it, is then the difference alone, without its base. No image has the empty layer, so no image's
    /// chain is one that a difference is filed under.
    fn floor(&mut self, index: BaseIx) -> Result<Output, LowerError> {
        let base = self.base(index)?;
        if !self.options.abilities.merge {
            return Ok(base);
        }
        let options = Mkdir {
            parents: true,
            ..Mkdir::default()
        };
        let name = &self.plan.base(index).name;
        let floor = FileOps::on(base).mkdir("/", options);
        Ok(floor
            .named(format!("[internal] floor of stages on {name}"))
            .build()?)
    }

    /// The image at `index`, by its digest.
    pub(crate) fn base(&mut self, index: BaseIx) -> Result<Output, LowerError> {
        if let Some(base) = self.bases.get(&index) {
            return Ok(base.clone());
        }
        let base = self.plan.base(index);
        let image = base
            .image
            .as_ref()
            .ok_or_else(|| LowerError::unresolved(base))?;
        if image.config["config"]["OnBuild"]
            .as_array()
            .is_some_and(|triggers| !triggers.is_empty())
        {
            return Err(LowerError::OnBuild {
                reference: base.reference.clone(),
            });
        }
        let output = Source::image(pinned(&base.reference, &image.digest))
            .platform(self.platform())
            .named(format!("[internal] image {} {}", base.name, base.reference))
            .build()?;
        self.bases.insert(index, output.clone());
        Ok(output)
    }

    /// The main vertex of a stage that runs a command.
    pub(crate) fn exec(
        &mut self,
        id: StageId,
        exec: Exec,
        what: &str,
    ) -> Result<ExecNode, LowerError> {
        let reruns = &self.options.reruns;
        let exec = match reruns.get(self.plan.stage(id).key.digest()) {
            // BuildKit's own way to ignore the cache empties the cache mounts, and leaves what stands on it stale.
            Some(run) => self.main(id, exec.env(RUN, run), what),
            None => self.afresh(id, self.main(id, exec, what)),
        };
        let node = self.of_stage(id, exec.build())?;
        self.vertices
            .entry(id)
            .or_default()
            .insert(node.digest().clone());
        Ok(node)
    }

    /// The main vertex of a stage that changes files.
    pub(crate) fn file(
        &mut self,
        id: StageId,
        files: FileOps,
        what: &str,
    ) -> Result<Output, LowerError> {
        let output = self.of_stage(id, self.afresh(id, self.main(id, files, what)).build())?;
        self.vertices
            .entry(id)
            .or_default()
            .insert(output.digest().clone());
        Ok(output)
    }

    /// What lies over `below` in `tree`: one layer, where the daemon can tell them apart, and not two.
    pub(crate) fn without(&self, below: Output, tree: Output) -> Output {
        if !self.options.abilities.merge {
            return tree;
        }
        let upper = Diff::between(below, tree.clone());
        let upper = upper.named("[internal] what was linked").build();
        upper.unwrap_or(tree)
    }

    /// The main vertex of a stage that is the trees of others, lowest first.
    pub(crate) fn tree(
        &mut self,
        id: StageId,
        trees: Vec<Output>,
        what: &str,
    ) -> Result<Output, LowerError> {
        if !self.options.abilities.merge {
            let options = CopyOptions {
                contents_only: true,
                ..CopyOptions::default()
            };
            let copies = trees.into_iter().fold(FileOps::on(None), |files, tree| {
                files.copy(tree, "/", "/", options.clone())
            });
            return self.file(id, copies, what);
        }
        let merged = self.main(id, Merge::of(trees), what).build();
        let output = self.of_stage(id, merged.ok_or(LlbError::Empty { what: "a tree" }))?;
        self.vertices
            .entry(id)
            .or_default()
            .insert(output.digest().clone());
        Ok(output)
    }

    /// Names the main vertex of a stage and ties it to its line.
    fn main<T: Annotate>(&self, id: StageId, vertex: T, what: &str) -> T {
        self.tied(id, vertex.named(vertex_name(self.plan, id, what)))
    }

    /// Ties a vertex to the stage's line.
    fn tied<T: Annotate>(&self, id: StageId, vertex: T) -> T {
        match &self.locator {
            Some(locator) => locator.tie(vertex, self.plan.stage(id).span),
            None => vertex,
        }
    }

    /// Forbids a stage the cache if that is asked.
    fn afresh<T: Annotate>(&self, id: StageId, vertex: T) -> T {
        if self.options.no_cache.has(&self.plan.stage(id).name) {
            vertex.ignore_cache()
        } else {
            vertex
        }
    }

    /// The same error, with the stage it is about.
    pub(crate) fn of_stage<T>(
        &self,
        id: StageId,
        result: Result<T, LlbError>,
    ) -> Result<T, LowerError> {
        let stage: &Stage = self.plan.stage(id);
        result.map_err(|source| LowerError::Stage {
            stage: stage.id.clone(),
            source,
        })
    }
}

/// A reference that names its digest.
fn pinned(reference: &str, digest: &str) -> String {
    let name = reference.split('@').next().unwrap_or(reference);
    format!("{name}@{digest}")
}

/// The stages that run on roots of their own. Where nothing can be merged, a stage that changes its root runs on
/// whatever lies below it in each image, and besides only where its own result is asked for.
fn with_results(plan: &Plan, merge: bool) -> Vec<StageId> {
    let mut asked: BTreeSet<StageId> = BTreeSet::new();
    let stages: Vec<_> = plan.stages().collect();
    for (id, stage) in stages.into_iter().rev() {
        asked.extend(stage.work.reads());
        if stage.kind != "finish" && (merge || stage.yields != Yields::Difference) {
            asked.insert(id);
        }
        if let Root::Base { base, needs } = &stage.root
            && let [one] = needs.as_slice()
            && asked.contains(&id)
            && plan.stage(*one).leaves_root_on(*base)
        {
            asked.insert(*one);
        }
    }
    asked.into_iter().collect()
}
