//! One image while its stages are made: which of them runs on which.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::StageId;
use super::order::{self, Members};
use crate::model::{BaseIx, Kind, Model, Stage, StageIx};

/// One image while its stages are made.
pub(super) struct Image {
    /// Its base.
    pub base: BaseIx,
    /// Its stages.
    pub members: Members,
    /// The instances of the members made so far, lowest first: a locked conda environment has several.
    pub made: HashMap<StageIx, Vec<StageId>>,
    /// What each of them runs on directly, in the order of merging.
    pub below: HashMap<StageIx, Vec<StageIx>>,
    /// The last stage that wrote the database of a package manager.
    last_writer: HashMap<Database, StageIx>,
}

/// What only one stage at a time may write, or a merge would lose one's entries.
#[derive(PartialEq, Eq, Hash)]
enum Database {
    /// `/var/lib/dpkg/status`.
    Dpkg,
    /// The `site-packages` of the image's interpreter, where pip decides what is there already.
    Site,
}

impl Image {
    pub(super) fn new(base: BaseIx, members: Members) -> Self {
        Self {
            base,
            members,
            made: HashMap::new(),
            below: HashMap::new(),
            last_writer: HashMap::new(),
        }
    }

    /// The instances of its members, lowest first.
    pub(super) fn layers(&self) -> Vec<StageId> {
        self.instances_of(&self.members.ordered)
    }

    /// The members that a stage runs on: what it says, its interpreter, and who wrote its database before.
    pub(super) fn runs_on(
        &mut self,
        stage: &Stage,
        ix: StageIx,
        python: Option<StageIx>,
    ) -> Vec<StageIx> {
        let before =
            database(&stage.kind).and_then(|database| self.last_writer.insert(database, ix));
        let below: BTreeSet<_> = stage
            .needs
            .iter()
            .copied()
            .chain(python)
            .chain(before)
            .collect();
        let mut below: Vec<_> = below
            .into_iter()
            .filter(|member| self.made.contains_key(member))
            .collect();
        below.sort_by_key(|member| self.members.place.get(member));
        below
    }

    /// What makes the root of a stage that runs on `below`: the one stage that left it as it is, of those that
    /// leave a whole root; else all of them and what they run on, in the order of merging.
    ///
    /// That order is of these stages alone. Whatever else the image has, the root stays the same.
    pub(super) fn root(
        &self,
        model: &Model,
        below: &[StageIx],
        leaves_root: impl Fn(StageId) -> bool,
    ) -> Vec<StageId> {
        let tops = self.tops(below);
        if let [top] = tops.as_slice()
            && let [one] = self.made[top].as_slice()
            && leaves_root(*one)
        {
            return vec![*one];
        }
        let all = self.closure(&tops);
        let ordered = order::sorted(model, &all, |ix| {
            let stage = &model.stages[ix.0];
            let mut below = self.below.get(&ix).cloned().unwrap_or_default();
            below.extend(&stage.after);
            below.extend(stage.kind.sources());
            below
        });
        let ordered = ordered.expect("members of an image have an order");
        self.instances_of(&ordered)
    }

    fn instances_of(&self, members: &[StageIx]) -> Vec<StageId> {
        let made = members.iter().flat_map(|member| &self.made[member]);
        made.copied().collect()
    }

    /// Those of `below` that no other of them runs on.
    fn tops(&self, below: &[StageIx]) -> Vec<StageIx> {
        let [lowest, _, ..] = below else {
            return below.to_vec();
        };
        let floor = self.members.place.get(lowest);
        let mut seen = HashSet::new();
        let mut open: Vec<_> = below.iter().flat_map(|on| self.under(*on)).collect();
        while let Some(next) = open.pop() {
            if self.members.place.get(&next) >= floor && seen.insert(next) {
                open.extend(self.under(next));
            }
        }
        below
            .iter()
            .copied()
            .filter(|on| !seen.contains(on))
            .collect()
    }

    /// The stages and all that they run on.
    fn closure(&self, tops: &[StageIx]) -> BTreeSet<StageIx> {
        let mut all = BTreeSet::new();
        let mut open = tops.to_vec();
        while let Some(next) = open.pop() {
            if all.insert(next) {
                open.extend(self.under(next));
            }
        }
        all
    }

    fn under(&self, ix: StageIx) -> impl Iterator<Item = StageIx> {
        self.below.get(&ix).into_iter().flatten().copied()
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
