//! Stages of the file to stages of the plan.

use std::collections::{BTreeSet, HashMap};

use super::order::{self, Members};
use super::work::{CopyFrom, CopyStep, Mounted, Python, RunStep, Work};
use super::{KeyRecord, Plan, Root, Service, Stage, StageId, Yields};
use crate::diagnostic::Diagnostic;
use crate::graph::{Edge, Graph};
use crate::model::{BaseIx, From, Kind, Model, Run, StageIx, Wheel};
use crate::source::Span;

/// Makes the plan of every service, keys still empty.
pub(super) fn instantiate(model: &Model) -> Result<Plan, Vec<Diagnostic>> {
    let mut builder = Builder {
        model,
        graph: Graph::default(),
        stages: Vec::new(),
        known: HashMap::new(),
        found: Vec::new(),
    };
    let services = model
        .services
        .iter()
        .map(|service| builder.service(service))
        .collect();
    if !builder.found.is_empty() {
        return Err(builder.found);
    }
    let mut plan = Plan {
        graph: builder.graph,
        stages: builder.stages,
        services,
        bases: model.bases.clone(),
        project: model.project.clone(),
        version: model.version.clone(),
        platform: model.platform.clone(),
    };
    name_instances(&mut plan);
    mark_services(&mut plan);
    Ok(plan)
}

struct Builder<'m> {
    model: &'m Model,
    graph: Graph,
    stages: Vec<Stage>,
    /// Instances by what tells them apart.
    known: HashMap<(StageIx, Part, Root), StageId>,
    found: Vec<Diagnostic>,
}

/// A wheel is two stages of the plan: the one that builds and the one that installs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Whole,
    Build,
}

/// One image while its stages are made.
struct Context {
    base: BaseIx,
    members: Members,
    /// The instances of the members made so far.
    made: HashMap<StageIx, StageId>,
    /// The last stage that wrote the database of a package manager.
    last_writer: HashMap<Database, StageIx>,
}

/// What only one stage at a time may write, or a merge would lose one's entries.
#[derive(PartialEq, Eq, Hash)]
enum Database {
    /// `/var/lib/dpkg/status`.
    Dpkg,
    /// The `site-packages` of the service's interpreter, where pip decides what is there already.
    Site,
}

impl Builder<'_> {
    fn service(&mut self, service: &crate::model::Service) -> Service {
        let layers = self.image(service.base, &service.stages, service.span);
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

    /// The instances of `listed` and of all they need, for an image on `base`, in the order of merging.
    fn image(&mut self, base: BaseIx, listed: &[StageIx], span: Span) -> Vec<StageId> {
        let members = match order::members(self.model, base, listed) {
            Ok(members) => members,
            Err(stuck) => {
                self.found.push(hidden_circle(self.model, &stuck, span));
                return Vec::new();
            }
        };
        let ordered = members.ordered.clone();
        let mut context = Context {
            base,
            members,
            made: HashMap::new(),
            last_writer: HashMap::new(),
        };
        let mut layers = Vec::with_capacity(ordered.len());
        for member in ordered {
            let id = self.member(member, &mut context);
            context.made.insert(member, id);
            layers.push(id);
        }
        layers
    }

    fn finish(
        &mut self,
        service: &crate::model::Service,
        script: &str,
        layers: &[StageId],
    ) -> StageId {
        let run = Run {
            script: script.to_owned(),
            ..Run::default()
        };
        let root = Root::Base {
            base: service.base,
            needs: layers.to_vec(),
        };
        let stage = Stage {
            id: format!("{}/finish", service.name),
            name: service.name.clone(),
            span: service.span,
            kind: "finish",
            root,
            work: Work::Run(RunStep {
                run,
                mounted: Vec::new(),
            }),
            yields: Yields::Difference,
            expensive: false,
            services: BTreeSet::new(),
            key: KeyRecord::default(),
        };
        self.push(stage)
    }

    /// The instance of `ix` in an image.
    fn member(&mut self, ix: StageIx, context: &mut Context) -> StageId {
        if order::runs_elsewhere(self.model, ix, context.base)
            && yields(&self.model.stages[ix.0].kind) == Yields::Tree
        {
            return self.alone(ix, context.base);
        }
        let below = self.runs_on(ix, context);
        self.instance(ix, &below, context)
    }

    /// The members whose files `ix` runs on: what it says, its interpreter, and who wrote its database before.
    fn runs_on(&mut self, ix: StageIx, context: &mut Context) -> Vec<StageIx> {
        let stage = &self.model.stages[ix.0];
        let mut below: BTreeSet<_> = stage.needs.iter().copied().collect();
        match order::interpreter(self.model, ix, &context.members.conda) {
            Ok(conda) => below.extend(conda),
            Err(candidates) => self
                .found
                .push(several_interpreters(self.model, ix, &candidates)),
        }
        if let Some(database) = database(&stage.kind) {
            below.extend(context.last_writer.insert(database, ix));
        }
        let mut below: Vec<_> = below
            .into_iter()
            .filter(|member| context.made.contains_key(member))
            .collect();
        below.sort_by_key(|member| context.members.place.get(member));
        below
    }

    fn instance(&mut self, ix: StageIx, below: &[StageIx], context: &Context) -> StageId {
        let stage = &self.model.stages[ix.0];
        // A wheel's `on` builds it; it is installed where the image is.
        let own = stage.on.filter(|_| !matches!(stage.kind, Kind::Wheel(_)));
        let base = own.unwrap_or(context.base);
        let yields = yields(&stage.kind);
        if yields == Yields::Difference && base != context.base {
            self.found.push(wrong_base(self.model, ix, context.base));
        }
        let root = if runs_on_a_root(&stage.kind) {
            let needs = below.iter().map(|member| context.made[member]).collect();
            Root::Base { base, needs }
        } else {
            Root::Scratch
        };
        let (root, tool) = match (&stage.kind, root) {
            (Kind::Conda(conda), _) => (Root::Scratch, Some(conda.tool.unwrap_or(base))),
            (Kind::Unpack(unpack), _) if unpack.zip => (Root::Scratch, Some(base)),
            (_, root) => (root, None),
        };
        // What a tool does on scratch depends on the tool as a base does: two tools, two instances.
        let identity = match tool {
            Some(base) => Root::Base {
                base,
                needs: Vec::new(),
            },
            None => root.clone(),
        };
        if let Some(id) = self.known.get(&(ix, Part::Whole, identity.clone())) {
            return *id;
        }
        let conda = below
            .iter()
            .find_map(|member| match &self.model.stages[member.0].kind {
                Kind::Conda(conda) => {
                    Some(format!("{}/bin/python", conda.prefix.trim_end_matches('/')))
                }
                _ => None,
            });
        let work = self.work(ix, conda, tool, context);
        let kind = if matches!(work, Work::InstallWheel { .. }) {
            "install"
        } else {
            stage.kind.name()
        };
        let id = self.push(new_stage(self.model, ix, kind, root, work, yields));
        self.known.insert((ix, Part::Whole, identity), id);
        id
    }

    fn work(
        &mut self,
        ix: StageIx,
        conda: Option<String>,
        tool: Option<BaseIx>,
        context: &Context,
    ) -> Work {
        let python = |named: &Option<String>| match named.clone().or(conda) {
            Some(path) => Python::At(path),
            None => Python::OfRoot,
        };
        match &self.model.stages[ix.0].kind {
            Kind::Conda(conda) => Work::Conda {
                conda: conda.clone(),
                tool: tool.unwrap_or(context.base),
            },
            Kind::Apt(apt) => Work::Apt(apt.clone()),
            Kind::Pip(pip) => Work::Pip {
                python: python(&pip.python),
                pip: pip.clone(),
            },
            Kind::Wheel(wheel) => {
                let python = python(&wheel.python);
                Work::InstallWheel {
                    wheel: self.wheel(ix, wheel, context),
                    python,
                    deps: wheel.deps,
                }
            }
            Kind::Npm(npm) => Work::Npm(npm.clone()),
            Kind::Fetch(fetch) => Work::Fetch(fetch.clone()),
            Kind::Unpack(unpack) => Work::Unpack {
                unpack: unpack.clone(),
                tool,
            },
            Kind::Copy(items) => Work::Copy(
                items
                    .iter()
                    .map(|item| CopyStep {
                        from: self.source(&item.from, context),
                        to: item.to.clone(),
                        into: item.into,
                        mode: item.mode.clone(),
                        owner: item.owner.clone(),
                    })
                    .collect(),
            ),
            Kind::Files(files) => Work::Files(files.clone()),
            Kind::Run(run) => {
                let mounted = run.inputs.iter().map(|input| Mounted {
                    from: self.source(&input.from, context),
                    to: input.to.clone(),
                });
                let mounted = mounted.collect();
                Work::Run(RunStep {
                    run: Run {
                        inputs: Vec::new(),
                        ..run.clone()
                    },
                    mounted,
                })
            }
            Kind::Image(take) => Work::Take(take.clone()),
        }
    }

    /// The stage that builds the wheel of `ix`, on its own base and on nothing of the service.
    fn wheel(&mut self, ix: StageIx, wheel: &Wheel, context: &Context) -> StageId {
        let stage = &self.model.stages[ix.0];
        let root = Root::Base {
            base: stage.on.unwrap_or(context.base),
            needs: Vec::new(),
        };
        if let Some(id) = self.known.get(&(ix, Part::Build, root.clone())) {
            return *id;
        }
        let work = Work::BuildWheel {
            source: wheel.source.clone(),
        };
        let id = self.push(new_stage(
            self.model,
            ix,
            "wheel",
            root.clone(),
            work,
            Yields::Artifact,
        ));
        self.known.insert((ix, Part::Build, root), id);
        id
    }

    fn source(&mut self, from: &From, context: &Context) -> CopyFrom {
        CopyFrom::of(from, |stage| self.read(stage, context))
    }

    /// The instance of a stage that is only read: the image's own if it has the stage.
    fn read(&mut self, ix: StageIx, context: &Context) -> StageId {
        context
            .made
            .get(&ix)
            .copied()
            .unwrap_or_else(|| self.alone(ix, context.base))
    }

    /// The instance of a stage in an image of its own, on its own base.
    fn alone(&mut self, ix: StageIx, base: BaseIx) -> StageId {
        let stage = &self.model.stages[ix.0];
        let layers = self.image(stage.on.unwrap_or(base), &[ix], stage.span);
        let own = layers
            .into_iter()
            .find(|id| self.stages[id.index()].name == stage.name);
        own.unwrap_or_else(|| self.placeholder(ix)) // An image that cannot be made has been reported.
    }

    fn placeholder(&mut self, ix: StageIx) -> StageId {
        let work = Work::Files(Vec::new());
        self.push(new_stage(
            self.model,
            ix,
            "files",
            Root::Scratch,
            work,
            Yields::Tree,
        ))
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
    ix: StageIx,
    kind: &'static str,
    root: Root,
    work: Work,
    yields: Yields,
) -> Stage {
    let stage = &model.stages[ix.0];
    Stage {
        id: stage.name.clone(),
        name: stage.name.clone(),
        span: stage.span,
        kind,
        root,
        work,
        yields,
        expensive: stage.expensive,
        services: BTreeSet::new(),
        key: KeyRecord::default(),
    }
}

fn database(kind: &Kind) -> Option<Database> {
    match kind {
        Kind::Apt(_) => Some(Database::Dpkg),
        Kind::Pip(pip) if pip.python.is_none() => Some(Database::Site),
        Kind::Wheel(wheel) if wheel.deps && wheel.python.is_none() => Some(Database::Site),
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
        Kind::Npm(crate::model::Npm::Project { .. }) => Yields::Tree,
        Kind::Wheel(_) => Yields::Difference,
        kind if runs_on_a_root(kind) => Yields::Difference,
        _ => Yields::Tree,
    }
}

/// Instances of one stage are told apart by what they run on.
fn name_instances(plan: &mut Plan) {
    let mut count: HashMap<String, usize> = HashMap::new();
    for stage in &plan.stages {
        *count.entry(stage.id.clone()).or_default() += 1;
    }
    for at in 0..plan.stages.len() {
        let stage = &plan.stages[at];
        if stage.kind != "install" && count[&stage.id] == 1 || stage.kind == "finish" {
            continue;
        }
        if stage.kind == "wheel" && sole_wheel(plan, at) {
            continue;
        }
        let on = root_name(plan, &plan.stages[at]);
        plan.stages[at].id = format!("{}@{on}", plan.stages[at].name);
    }
}

fn sole_wheel(plan: &Plan, at: usize) -> bool {
    let stage = &plan.stages[at];
    plan.stages
        .iter()
        .filter(|other| other.kind == "wheel" && other.name == stage.name)
        .count()
        == 1
}

/// `python`, `micromamba+conda-env`: a base, and what is on it.
fn root_name(plan: &Plan, stage: &Stage) -> String {
    match &stage.root {
        Root::Base { base, needs } => {
            let needs = needs.iter().map(|id| plan.stage(*id).name.as_str());
            [plan.base(*base).name.as_str()]
                .into_iter()
                .chain(needs)
                .collect::<Vec<_>>()
                .join("+")
        }
        Root::Scratch => {
            let tools = stage.work.images();
            tools
                .first()
                .map_or("scratch", |tool| plan.base(*tool).name.as_str())
                .to_owned()
        }
    }
}

/// Every stage knows the services that it is built for.
fn mark_services(plan: &mut Plan) {
    for service in plan.services.clone() {
        let mut open: Vec<_> = service
            .layers
            .iter()
            .copied()
            .chain(service.finish)
            .collect();
        while let Some(id) = open.pop() {
            if plan.stages[id.index()]
                .services
                .insert(service.name.clone())
            {
                open.extend(plan.graph.before(id).into_iter().map(|(id, _)| id));
            }
        }
    }
}

fn hidden_circle(model: &Model, stuck: &[StageIx], span: Span) -> Diagnostic {
    let names: Vec<_> = stuck
        .iter()
        .map(|ix| model.stages[ix.0].name.as_str())
        .collect();
    let message = format!(
        "these stages wait for each other: {}",
        crate::suggest::list(&names)
    );
    Diagnostic::error("cycle", span, message).help(
        "a pip or wheel stage installs for the conda stage of its service, so that one cannot need it or lie over it",
    )
}

fn several_interpreters(model: &Model, ix: StageIx, candidates: &[StageIx]) -> Diagnostic {
    let stage = &model.stages[ix.0];
    let names: Vec<_> = candidates
        .iter()
        .map(|ix| model.stages[ix.0].name.as_str())
        .collect();
    let message = format!(
        "`{}` could install for any of {}",
        stage.name,
        crate::suggest::list(&names)
    );
    Diagnostic::error("which-python", stage.span, message).help(format!(
        "say which: `needs: [{}]`, or name the interpreter: `python: /usr/bin/python3`",
        names[0]
    ))
}

fn wrong_base(model: &Model, ix: StageIx, base: BaseIx) -> Diagnostic {
    let stage = &model.stages[ix.0];
    let own = stage.on.map_or("", |on| model.base(on).name.as_str());
    let message = format!(
        "`{}` runs on `{own}`, but a service on `{}` has it: its changes would not fit there",
        stage.name,
        model.base(base).name
    );
    Diagnostic::error("base-mismatch", stage.span, message)
        .help("leave `on` out, or keep only some folders of it: `outputs: [/opt/tool]`")
}
