//! The members of an image, each to its instance.

use std::collections::BTreeMap;

use super::Builder;
use super::drawn::{Identity, new_stage};
use super::kinds::{own_base, runs_on_a_root, tool, work_of, yields};
use crate::model::{BaseIx, Conda, Kind, StageIx};
use crate::plan::image::Image;
use crate::plan::work::Work;
use crate::plan::{Root, Stage, StageId, Yields, linked, order, problems};

impl Builder<'_> {
    /// The instance of a member in an image.
    pub(super) fn instance(&mut self, ix: StageIx, image: &mut Image) -> StageId {
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
            let whole = |id: StageId| self.drawn.stages[id.index()].leaves_root_on(base);
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
        self.drawn.once(identity, |identity| {
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
    pub(super) fn read(&mut self, ix: StageIx, image: &Image) -> StageId {
        let base = own_base(self.model, ix, image.base);
        if let Some(own) = image.made.get(&ix) {
            return self.whole(ix, own);
        }
        match self.alone.get(&(ix, base)) {
            Some(id) => *id,
            None => self.placeholder(ix), // An image that cannot be made has been reported.
        }
    }

    /// The groups in which a locked conda environment is linked: the same ones for every image, but for wheels that are
    /// built on its base.
    pub(super) fn linked(&mut self, ix: StageIx, conda: &Conda, image: &mut Image) -> Vec<StageId> {
        let stage = &self.model.stages[ix.0];
        let below = image.runs_on(stage, ix, None);
        image.below.insert(ix, below);
        let locked = conda.locked.iter();
        let mut wheels = locked.flat_map(|locked| &locked.wheels);
        let base = own_base(self.model, ix, image.base);
        let base = wheels.any(|wheel| wheel.sdist).then_some(base);
        if let Some(known) = self.linked.get(&(ix, base)) {
            return known.clone();
        }
        let steps = linked::steps(stage, conda, &self.model.platform);
        let steps = steps.unwrap_or_else(|found| {
            self.found.push(*found);
            linked::Steps::default()
        });
        let built = base
            .zip(steps.sources)
            .map(|(base, sources)| self.built(ix, base, sources))
            .unwrap_or_default();
        let mut groups = Vec::with_capacity(steps.groups.len());
        for (group, mut step) in steps.groups {
            let wheels = step.wheels.iter();
            let built = wheels.filter_map(|wheel| built.get(&wheel.name).copied());
            step.built = built.collect();
            groups.push(self.part(ix, "link", &group, Work::Link(step), Root::Scratch));
        }
        self.linked.insert((ix, base), groups.clone());
        groups
    }

    /// The stages that build wheels, by these.
    fn built(
        &mut self,
        ix: StageIx,
        base: BaseIx,
        sources: linked::Sources,
    ) -> BTreeMap<String, StageId> {
        let python = Work::Link(sources.python);
        let python = self.part(ix, "sdist", "build-python", python, Root::Scratch);
        let built = sources.sdists.into_iter().map(|sdist| {
            let name = sdist.source.name.clone();
            let root = Root::Base {
                base,
                needs: vec![python],
            };
            let part = format!("build-{name}");
            (
                name,
                self.part(ix, "sdist", &part, Work::BuildSdist(sdist), root),
            )
        });
        built.collect()
    }

    /// A part of a locked conda environment.
    fn part(
        &mut self,
        ix: StageIx,
        kind: &'static str,
        part: &str,
        work: Work,
        root: Root,
    ) -> StageId {
        let yields = match work {
            Work::BuildSdist(_) => Yields::Artifact,
            Work::Scripts(_) => Yields::Difference,
            _ => Yields::Tree,
        };
        let identity = Identity {
            stage: ix,
            builds: false,
            root,
            tool: None,
            reads: Vec::new(),
        };
        let stage = new_stage(self.model, &identity, kind, work, yields);
        self.drawn.push(Stage {
            id: format!("{}/{part}", stage.name),
            ..stage
        })
    }

    /// The stage that runs the scripts of a locked environment's packages, on the image and the linked `groups`.
    pub(super) fn scripts(
        &mut self,
        ix: StageIx,
        conda: &Conda,
        image: &Image,
        groups: &[StageId],
    ) -> Option<StageId> {
        let step = linked::scripts(conda)?;
        let base = own_base(self.model, ix, image.base);
        if let Some(known) = self.scripts.get(&(ix, base)) {
            return Some(*known);
        }
        let root = Root::Base {
            base,
            needs: groups.to_vec(),
        };
        let id = self.part(ix, "scripts", "scripts", Work::Scripts(step), root);
        self.scripts.insert((ix, base), id);
        Some(id)
    }

    /// What the instances of a stage made together, to be read.
    pub(super) fn whole(&mut self, ix: StageIx, parts: &[StageId]) -> StageId {
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
        self.drawn.once(identity, |identity| {
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
        self.drawn.once(identity, |identity| {
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
        self.drawn.push(new_stage(
            self.model,
            &identity,
            "files",
            work,
            Yields::Tree,
        ))
    }
}
