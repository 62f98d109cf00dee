//! The daemon's cache by stage and service, and what to remove from it.
//!
//! A record of the cache has no key, only a description. What a stage makes as it is planned now is found by it; so is
//! what an earlier version of a stage left, unless it is the result of a command. All else belongs to others.

mod builds;
mod prune;
#[cfg(test)]
mod tests;
pub mod text;

pub use builds::{Builds, attributes};
pub use prune::{Pruned, Selection, older_than, select};

use std::collections::BTreeSet;

use layercake_lower::Whole;
use layercake_planner::plan::Plan;
use layercake_solve::CacheRecord;
use serde::Serialize;

use crate::build::Sizes;

/// The version of the forms.
const VERSION: u32 = 1;

/// To what a record belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// To stages, as they are planned now.
    Stages(BTreeSet<String>),
    /// To an earlier version of a stage.
    Earlier(String),
    /// To the package managers of stages: a cache mount.
    Packages(BTreeSet<String>),
    /// To the transfer of a folder.
    Context,
    /// To something else.
    Other,
}

/// Finds owners.
pub struct Owners<'p> {
    plan: &'p Plan,
    sizes: Sizes,
}

impl<'p> Owners<'p> {
    /// For the records of this plan.
    pub fn of(plan: &'p Plan, whole: &Whole) -> Self {
        Self {
            plan,
            sizes: Sizes::of(plan, &whole.vertices, [&whole.definition]),
        }
    }

    /// To what a record belongs.
    pub fn owner(&self, record: &CacheRecord) -> Owner {
        let description = record.description.as_str();
        let bare = description.split(" with id \"").next().unwrap_or_default();
        let stages = |text| {
            self.sizes
                .stages_of(text)
                .map(str::to_owned)
                .collect::<BTreeSet<_>>()
        };
        match record.kind.as_str() {
            "exec.cachemount" => Owner::Packages(stages(bare)),
            "source.local" => Owner::Context,
            _ => {
                let now = stages(description);
                let named = description
                    .strip_prefix('[')
                    .and_then(|rest| rest.split_once("] "));
                match named {
                    _ if !now.is_empty() => Owner::Stages(now),
                    Some((name, _)) if self.knows(name) => Owner::Earlier(name.to_owned()),
                    _ => Owner::Other,
                }
            }
        }
    }

    fn knows(&self, name: &str) -> bool {
        self.plan
            .stages()
            .any(|(_, stage)| stage.id == name || stage.name == name)
    }
}

/// What the cache holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// The version of this form: 1.
    pub version: u32,
    /// The stages, in the plan's order.
    pub stages: Vec<StageUsage>,
    /// The services. What several of them share is counted for each.
    pub services: Vec<ServiceUsage>,
    /// What earlier versions of the stages left.
    pub earlier: Held,
    /// Caches of package managers, by the stages that have them.
    pub packages: Vec<PackageUsage>,
    /// Copies of folders that were sent.
    pub context: Held,
    /// What belongs to images, to other projects, to the daemon.
    pub other: Held,
    /// All of it.
    pub total: Held,
}

/// Records of the cache, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Held {
    /// How many.
    pub records: usize,
    /// Bytes on the daemon's disk.
    pub bytes: u64,
}

/// What the cache holds of a stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageUsage {
    /// Its name in the plan.
    pub stage: String,
    /// The services that have it.
    pub services: Vec<String>,
    /// Whether it is expensive.
    pub expensive: bool,
    /// What is held.
    #[serde(flatten)]
    pub held: Held,
}

/// What the cache holds of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceUsage {
    /// Its name.
    pub service: String,
    /// What is held.
    #[serde(flatten)]
    pub held: Held,
}

/// A cache of a package manager.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PackageUsage {
    /// The stages of this project that use it; none if it is another's.
    pub stages: BTreeSet<String>,
    /// Where it is mounted.
    pub target: String,
    /// Its bytes.
    pub bytes: u64,
}

impl Held {
    fn add(&mut self, record: &CacheRecord) {
        self.records += 1;
        self.bytes += record.bytes;
    }
}

impl Usage {
    /// What these records are.
    pub fn of(plan: &Plan, whole: &Whole, records: &[CacheRecord]) -> Self {
        let owners = Owners::of(plan, whole);
        let mut usage = Self::empty(plan);
        for record in records {
            usage.total.add(record);
            match owners.owner(record) {
                Owner::Stages(stages) => usage.add_to(&stages, record),
                Owner::Earlier(_) => usage.earlier.add(record),
                Owner::Packages(stages) => usage.packages.push(PackageUsage {
                    stages,
                    target: target(&record.description).to_owned(),
                    bytes: record.bytes,
                }),
                Owner::Context => usage.context.add(record),
                Owner::Other => usage.other.add(record),
            }
        }
        usage
            .packages
            .sort_by_key(|cache| std::cmp::Reverse(cache.bytes));
        usage
    }

    fn empty(plan: &Plan) -> Self {
        let stages = plan.stages().map(|(_, stage)| StageUsage {
            stage: stage.id.clone(),
            services: stage.services.iter().cloned().collect(),
            expensive: stage.expensive,
            held: Held::default(),
        });
        let services = plan.services.iter().map(|service| ServiceUsage {
            service: service.name.clone(),
            held: Held::default(),
        });
        Self {
            version: VERSION,
            stages: stages.collect(),
            services: services.collect(),
            earlier: Held::default(),
            packages: Vec::new(),
            context: Held::default(),
            other: Held::default(),
            total: Held::default(),
        }
    }

    fn add_to(&mut self, stages: &BTreeSet<String>, record: &CacheRecord) {
        let mut of = BTreeSet::new();
        for stage in self
            .stages
            .iter_mut()
            .filter(|stage| stages.contains(&stage.stage))
        {
            stage.held.add(record);
            of.extend(stage.services.iter().cloned());
        }
        for service in self
            .services
            .iter_mut()
            .filter(|service| of.contains(&service.service))
        {
            service.held.add(record);
        }
    }
}

/// Where the cache mount of this description is mounted.
fn target(description: &str) -> &str {
    let rest = description
        .strip_prefix("cached mount ")
        .unwrap_or(description);
    rest.split(" from exec ").next().unwrap_or(rest)
}
