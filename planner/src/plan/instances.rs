//! Stages of the file to stages of the plan.

use std::collections::{BTreeSet, HashMap};

use super::image::Image;
use super::order::runs_elsewhere;
use super::work::{CopyFrom, CopyStep, Mounted, Python, RunStep, Work};
use super::{Key, Plan, Root, Service, Stage, StageId, Yields, linked, names, order, problems};
use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::graph::{Edge, Graph};
use crate::model::{BaseIx, Conda, Kind, Model, Npm, Run, StageIx};
use crate::source::Span;

/// The plan of every service, keys still empty, and what is merged in it: the layers of services, and of the
/// images that only serve to read from.
pub(super) fn instantiate(model: &Model) -> Result<(Plan, Vec<Vec<StageId>>), Vec<Diagnostic>> {
    let mut builder = Builder {
        model,
        graph: Graph::default(),
        stages: Vec::new(),
        known: HashMap::new(),
        linked: HashMap::new(),
        alone: HashMap::new(),
        merged: Vec::new(),
        found: Findings::default(),
    };
    let services = model
        .services
        .iter()
        .map(|service| builder.service(service))
        .collect();
    let found = builder.found.into_diagnostics();
    if !found.is_empty() {
        return Err(found);
    }
    let mut plan = Plan {
        graph: builder.graph,
        stages: builder.stages,
        services,
        bases: model.bases.clone(),
        project: model.project.clone(),
        version: model.version.clone(),
        registry: model.registry.clone(),
        platform: model.platform.clone(),
    };
    names::mark_services(&mut plan);
    names::name_instances(&mut plan);
    Ok((plan, builder.merged))
}

struct Builder<'m> {
    model: &'m Model,
    graph: Graph,
    stages: Vec<Stage>,
    known: HashMap<Identity, StageId>,
    /// The groups in which locked environments are linked.
    linked: HashMap<StageIx, Vec<StageId>>,
    /// The instances of stages in images of their own, by base.
    alone: HashMap<(StageIx, BaseIx), StageId>,
    merged: Vec<Vec<StageId>>,
    found: Findings,
}

/// What tells two instances of a stage apart.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    stage: StageIx,
    /// A wheel is two stages of the plan: the one that builds and the one that installs.
    builds: bool,
    root: Root,
    /// What a tool does on no root depends on the tool as on a base.
    tool: Option<BaseIx>,
    reads: Vec<StageId>,
}

/// An image about to be made.
struct Wanted {
    base: BaseIx,
    members: order::Members,
    /// What it reads that is no member: stages in images of their own, which are made before.
    reads: Vec<(StageIx, BaseIx)>,
    /// The stage that it is made for, if it is not for a service.
    of: Option<(StageIx, BaseIx)>,
}

impl Builder<'_> {
    fn service(&mut self, service: &crate::model::Service) -> Service {
        let layers = self.layers(service);
        let finish = service
            .finish
            .as_ref()
            .map(|script| self.finish(service, script, &layers));
        Service {
            name: service.name.clone(),
            span: service.span,
            base: service.base,
            layers,
            finish,
            image: service.image.clone(),
            tags: service.tags.clone(),
        }
    }

    /// What is merged on the service's base. Whatever that reads is made first, on a stack of its own: a chain
    /// of 100,000 stages must not exhaust the thread's.
    fn layers(&mut self, service: &crate::model::Service) -> Vec<StageId> {
        let all = order::with_needs(self.model, service.base, &service.stages);
        let wanted = self.wanted(service.base, &all, service.span, None);
        let mut open: Vec<_> = wanted.into_iter().collect();
        while let Some(top) = open.last_mut() {
            if let Some((stage, base)) = top.reads.pop() {
                if !self.alone.contains_key(&(stage, base)) {
                    open.extend(self.wanted_for(stage, base));
                }
            } else if let Some(top) = open.pop() {
                let of = top.of;
                let image = self.image(top);
                let layers = image.layers();
                self.merged.push(layers.clone());
                match of {
                    None => return layers,
                    Some((stage, base)) => {
                        let whole = self.whole(stage, &image.made[&stage]);
                        self.alone.insert((stage, base), whole);
                    }
                }
            }
        }
        Vec::new()
    }

    /// The image in which one stage is made to be read. A stage that runs on nothing is all of it.
    fn wanted_for(&mut self, ix: StageIx, base: BaseIx) -> Option<Wanted> {
        let stage = &self.model.stages[ix.0];
        let all = if runs_on_a_root(&stage.kind) {
            order::with_needs(self.model, base, &[ix])
        } else {
            BTreeSet::from([ix])
        };
        self.wanted(base, &all, stage.span, Some((ix, base)))
    }

    fn wanted(
        &mut self,
        base: BaseIx,
        all: &BTreeSet<StageIx>,
        span: Span,
        of: Option<(StageIx, BaseIx)>,
    ) -> Option<Wanted> {
        let members = match order::members(self.model, all) {
            Ok(members) => members,
            Err(circle) => {
                let found = problems::hidden_circle(self.model, &circle, span);
                self.found.push(found);
                return None;
            }
        };
        let reads = members.ordered.iter().flat_map(|ix| {
            let stage = &self.model.stages[ix.0];
            let elsewhere = is_made_elsewhere(self.model, *ix, base).then_some(*ix);
            let outside = match elsewhere {
                Some(_) => Vec::new(),
                None => stage.kind.sources(),
            };
            let outside = outside.into_iter().filter(|to| !members.has(*to));
            elsewhere.into_iter().chain(outside)
        });
        let reads = reads.map(|ix| (ix, own_base(self.model, ix, base)));
        Some(Wanted {
            base,
            reads: reads.collect(),
            members,
            of,
        })
    }

    fn image(&mut self, wanted: Wanted) -> Image {
        let mut image = Image::new(wanted.base, wanted.members);
        for at in 0..image.members.ordered.len() {
            let ix = image.members.ordered[at];
            let ids = if is_made_elsewhere(self.model, ix, image.base) {
                vec![self.read(ix, &image)]
            } else if let Kind::Conda(Conda {
                locked: Some(_), ..
            }) = &self.model.stages[ix.0].kind
            {
                self.linked(ix, &mut image)
            } else {
                vec![self.instance(ix, &mut image)]
            };
            image.made.insert(ix, ids);
        }
        image
    }

    fn finish(
        &mut self,
        service: &crate::model::Service,
        script: &str,
        layers: &[StageId],
    ) -> StageId {
        let run = Run {
            script: script.to_owned(),
            workdir: service.image.workdir.clone(),
            ..Run::default()
        };
        self.push(Stage {
            id: format!("{}/finish", service.name),
            name: service.name.clone(),
            span: service.span,
            kind: "finish",
            root: Root::Base {
                base: service.base,
                needs: layers.to_vec(),
            },
            work: Work::Run(RunStep {
                run,
                mounted: Vec::new(),
            }),
            yields: Yields::Difference,
            expensive: false,
            services: BTreeSet::new(),
            key: Key::default(),
        })
    }

    /// The instance of a member in an image.
    fn instance(&mut self, ix: StageIx, image: &mut Image) -> StageId {
        let stage = &self.model.stages[ix.0];
        if matches!(&stage.kind, Kind::Files(files) if files.is_empty()) {
            self.found.push(problems::no_files(stage));
        }
        let python = self.interpreter(ix, image);
        let below = image.runs_on(stage, ix, python);
        // A wheel's `on` builds it; it is installed where the image is.
        let own = stage.on.filter(|_| !matches!(stage.kind, Kind::Wheel(_)));
        let base = own.unwrap_or(image.base);
        let yields = yields(&stage.kind);
        if yields == Yields::Difference && base != image.base {
            self.found
                .push(problems::wrong_base(self.model, ix, image.base));
        }
        let root = if runs_on_a_root(&stage.kind) {
            let whole = |id: StageId| self.stages[id.index()].leaves_root_on(base);
            let needs = image.root(self.model, &below, whole);
            Root::Base { base, needs }
        } else {
            Root::Scratch
        };
        image.below.insert(ix, below);
        let identity = Identity {
            stage: ix,
            builds: false,
            root,
            tool: tool(&stage.kind, base),
            reads: self.reads(ix, image),
        };
        self.once(identity, |identity| {
            let work = work_of(self.model, image.base, python, identity);
            let kind = match work {
                Work::InstallWheel { .. } => "install",
                _ => stage.kind.name(),
            };
            new_stage(self.model, identity, kind, work, yields)
        })
    }

    /// The conda stage that a stage installs for.
    fn interpreter(&mut self, ix: StageIx, image: &Image) -> Option<StageIx> {
        match order::interpreter(self.model, ix, &image.members.conda) {
            Ok(conda) => conda,
            Err(candidates) => {
                let found = problems::several_interpreters(self.model, ix, &candidates);
                self.found.push(found);
                None
            }
        }
    }

    /// The stages whose results a member reads, as it names them.
    fn reads(&mut self, ix: StageIx, image: &Image) -> Vec<StageId> {
        let kind = &self.model.stages[ix.0].kind;
        if matches!(kind, Kind::Wheel(_)) {
            return vec![self.wheel(ix, image.base)];
        }
        let sources = kind.sources().into_iter();
        sources.map(|source| self.read(source, image)).collect()
    }

    /// The instance of a stage that is read: the image's own if it has the stage.
    fn read(&mut self, ix: StageIx, image: &Image) -> StageId {
        let base = own_base(self.model, ix, image.base);
        if let Some(own) = image.made.get(&ix) {
            return self.whole(ix, own);
        }
        match self.alone.get(&(ix, base)) {
            Some(id) => *id,
            None => self.placeholder(ix), // An image that cannot be made has been reported.
        }
    }

    /// The groups in which a locked conda environment is linked: the same ones for every image.
    fn linked(&mut self, ix: StageIx, image: &mut Image) -> Vec<StageId> {
        let stage = &self.model.stages[ix.0];
        let below = image.runs_on(stage, ix, None);
        image.below.insert(ix, below);
        if let Some(known) = self.linked.get(&ix) {
            return known.clone();
        }
        let steps = match &stage.kind {
            Kind::Conda(conda) => linked::steps(stage, conda, &self.model.platform),
            _ => Ok(Vec::new()),
        };
        let steps = steps.unwrap_or_else(|found| {
            self.found.push(*found);
            Vec::new()
        });
        let groups = steps.into_iter().map(|(group, step)| {
            self.push(Stage {
                id: format!("{}/{group}", stage.name),
                name: stage.name.clone(),
                span: stage.span,
                kind: "link",
                root: Root::Scratch,
                work: Work::Link(step),
                yields: Yields::Tree,
                expensive: stage.expensive,
                services: BTreeSet::new(),
                key: Key::default(),
            })
        });
        let groups: Vec<_> = groups.collect();
        self.linked.insert(ix, groups.clone());
        groups
    }

    /// What the instances of a stage made together, to be read.
    fn whole(&mut self, ix: StageIx, parts: &[StageId]) -> StageId {
        if let [one] = parts {
            return *one;
        }
        let identity = Identity {
            stage: ix,
            builds: false,
            root: Root::Scratch,
            tool: None,
            reads: parts.to_vec(),
        };
        self.once(identity, |identity| {
            let work = Work::Join {
                parts: parts.to_vec(),
            };
            new_stage(self.model, identity, "conda", work, Yields::Tree)
        })
    }

    /// The stage that builds the wheel of `ix`, on its own base and on nothing of the image.
    fn wheel(&mut self, ix: StageIx, base: BaseIx) -> StageId {
        let root = Root::Base {
            base: own_base(self.model, ix, base),
            needs: Vec::new(),
        };
        let identity = Identity {
            stage: ix,
            builds: true,
            root,
            tool: None,
            reads: Vec::new(),
        };
        self.once(identity, |identity| {
            let work = match &self.model.stages[ix.0].kind {
                Kind::Wheel(wheel) => Work::BuildWheel {
                    source: wheel.source.clone(),
                    requires: wheel.requires.clone(),
                },
                _ => Work::Files(Vec::new()),
            };
            new_stage(self.model, identity, "wheel", work, Yields::Artifact)
        })
    }

    fn placeholder(&mut self, ix: StageIx) -> StageId {
        let identity = Identity {
            stage: ix,
            builds: false,
            root: Root::Scratch,
            tool: None,
            reads: Vec::new(),
        };
        let work = Work::Files(Vec::new());
        self.push(new_stage(
            self.model,
            &identity,
            "files",
            work,
            Yields::Tree,
        ))
    }

    /// The instance of that identity, made if there is none yet.
    fn once(&mut self, identity: Identity, make: impl FnOnce(&Identity) -> Stage) -> StageId {
        if let Some(id) = self.known.get(&identity) {
            return *id;
        }
        let id = self.push(make(&identity));
        self.known.insert(identity, id);
        id
    }

    fn push(&mut self, stage: Stage) -> StageId {
        let needs = match &stage.root {
            Root::Scratch => [].as_slice(),
            Root::Base { needs, .. } => needs,
        };
        let needs = needs.iter().map(|id| (*id, Edge::Needs));
        let reads = stage.work.reads().into_iter().map(|id| (id, Edge::Reads));
        let id = self.graph.add(needs.chain(reads));
        self.stages.push(stage);
        id
    }
}

fn new_stage(
    model: &Model,
    identity: &Identity,
    kind: &'static str,
    work: Work,
    yields: Yields,
) -> Stage {
    let stage = &model.stages[identity.stage.0];
    Stage {
        id: stage.name.clone(),
        name: stage.name.clone(),
        span: stage.span,
        kind,
        root: identity.root.clone(),
        work,
        yields,
        expensive: stage.expensive,
        services: BTreeSet::new(),
        key: Key::default(),
    }
}

fn work_of(model: &Model, base: BaseIx, conda: Option<StageIx>, identity: &Identity) -> Work {
    let kind = &model.stages[identity.stage.0].kind;
    let conda = conda.map(|ix| &model.stages[ix.0].kind);
    let python = |named: &Option<String>| match (named, conda) {
        (Some(path), _) => Python::At(path.clone()),
        (None, Some(Kind::Conda(conda))) => {
            Python::At(crate::path::join(&conda.prefix, "bin/python"))
        }
        _ => Python::OfRoot,
    };
    let read: HashMap<StageIx, StageId> = kind
        .sources()
        .into_iter()
        .zip(identity.reads.clone())
        .collect();
    let source = |from| CopyFrom::of(from, |stage| read[&stage]);
    match kind {
        Kind::Conda(conda) => Work::Conda {
            conda: conda.clone(),
            tool: identity.tool.unwrap_or(base),
        },
        Kind::Apt(apt) => Work::Apt(apt.clone()),
        Kind::Pip(pip) => Work::Pip {
            python: python(&pip.python),
            pip: pip.clone(),
        },
        Kind::Wheel(wheel) => Work::InstallWheel {
            wheel: identity.reads[0],
            python: python(&wheel.python),
            deps: wheel.deps,
        },
        Kind::Npm(npm) => Work::Npm(npm.clone()),
        Kind::Fetch(fetch) => Work::Fetch(fetch.clone()),
        Kind::Unpack(unpack) => Work::Unpack {
            unpack: unpack.clone(),
            tool: identity.tool,
        },
        Kind::Copy(items) => {
            let steps = items.iter().map(|item| CopyStep {
                from: source(&item.from),
                to: item.to.clone(),
                into: item.into,
                mode: item.mode.clone(),
                owner: item.owner.clone(),
            });
            Work::Copy(steps.collect())
        }
        Kind::Files(files) => Work::Files(files.clone()),
        Kind::Run(run) => {
            let mounted = run.inputs.iter().map(|input| Mounted {
                from: source(&input.from),
                to: input.to.clone(),
            });
            Work::Run(RunStep {
                mounted: mounted.collect(),
                run: Run {
                    inputs: Vec::new(),
                    ..run.clone()
                },
            })
        }
        Kind::Image(take) => Work::Take(take.clone()),
    }
}

/// Whether a member of an image on `base` is made in an image on a base of its own, which no other layer joins.
fn is_made_elsewhere(model: &Model, ix: StageIx, base: BaseIx) -> bool {
    runs_elsewhere(model, ix, base) && yields(&model.stages[ix.0].kind) == Yields::Tree
}

fn own_base(model: &Model, ix: StageIx, base: BaseIx) -> BaseIx {
    model.stages[ix.0].on.unwrap_or(base)
}

/// The image whose programs do the work of a stage that runs on nothing.
fn tool(kind: &Kind, base: BaseIx) -> Option<BaseIx> {
    match kind {
        Kind::Conda(conda) => Some(conda.tool.unwrap_or(base)),
        Kind::Unpack(unpack) => unpack.zip.then_some(base),
        _ => None,
    }
}

fn runs_on_a_root(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Apt(_) | Kind::Pip(_) | Kind::Wheel(_) | Kind::Npm(_) | Kind::Run(_)
    )
}

fn yields(kind: &Kind) -> Yields {
    match kind {
        Kind::Run(run) if !run.outputs.is_empty() => Yields::Tree,
        Kind::Npm(Npm::Project { .. }) => Yields::Tree,
        kind if runs_on_a_root(kind) => Yields::Difference,
        _ => Yields::Tree,
    }
}
