//! Stages of the file to stages of the plan.
//!
//! Services become images, and whatever an image reads is made first, in an image of its own (this file); the members
//! of an image become instances ([`members`]), by what their [`kinds`] ask for; equal instances are made once
//! ([`drawn`]).

mod drawn;
mod kinds;
mod members;

use std::collections::{BTreeSet, HashMap};

use self::drawn::Drawn;
use self::kinds::{is_made_elsewhere, own_base, runs_on_a_root};
use super::image::Image;
use super::work::{RunStep, Work};
use super::{Key, Plan, Root, Service, Stage, StageId, Yields, names, order, problems};
use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::model::{BaseIx, Kind, Model, Run, StageIx};
use crate::source::Span;

/// The plan of every service, keys still empty, and what is merged in it: the layers of services, and of the
/// images that only serve to read from.
pub(super) fn instantiate(model: &Model) -> Result<(Plan, Vec<Vec<StageId>>), Vec<Diagnostic>> {
    let mut builder = Builder {
        model,
        drawn: Drawn::default(),
        linked: HashMap::new(),
        scripts: HashMap::new(),
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
        graph: builder.drawn.graph,
        stages: builder.drawn.stages,
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
    drawn: Drawn,
    /// The groups in which locked environments are linked.
    linked: HashMap<(StageIx, Option<BaseIx>), Vec<StageId>>,
    /// The stages that run scripts of their packages.
    scripts: HashMap<(StageIx, BaseIx), StageId>,
    /// The instances of stages in images of their own, by base.
    alone: HashMap<(StageIx, BaseIx), StageId>,
    merged: Vec<Vec<StageId>>,
    found: Findings,
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
            } else if let Kind::Conda(conda) = &self.model.stages[ix.0].kind
                && conda.locked.is_some()
            {
                let groups = self.linked(ix, conda, &mut image);
                let scripts = self.scripts(ix, conda, &image, &groups);
                groups.into_iter().chain(scripts).collect()
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
        self.drawn.push(Stage {
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
}
