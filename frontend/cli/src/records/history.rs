//! The records of a project on one builder, as a value: bounded, and versioned.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use layercake_planner::explain::Records;
use layercake_planner::plan::{Key, KeyRecord, Plan};
use layercake_solve::StageState;
use serde::{Deserialize, Deserializer, Serialize};

use super::RecordsError;

/// The version of the form. A field is added at any time; a change of meaning is another version.
const VERSION: u64 = 1;

/// How many builds are kept.
const BUILDS: usize = 20;

/// How many keys, costs and reruns are kept: many more than a project has stages, few enough to read at once.
const MOST: usize = 50_000;

/// A project on a builder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Builder {
    /// The project's name.
    pub project: String,
    /// The builder's address.
    pub address: String,
}

/// What earlier builds did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    version: u64,
    #[serde(flatten)]
    of: Builder,
    /// The last builds, oldest first.
    builds: Vec<Kept>,
    /// The records that they name, by digest.
    #[serde(deserialize_with = "filed")]
    records: BTreeMap<String, Key>,
    /// The keys whose results the builder had, and the number of the last build that met them.
    seen: BTreeMap<String, u64>,
    /// How many builds there were.
    count: u64,
    /// What each stage took when it ran last.
    costs: IndexMap<String, Cost>,
    /// What tells the latest forced run of a stage from others, by the digest of its key.
    #[serde(default)]
    reruns: IndexMap<String, String>,
}

/// One build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// When it ended, in seconds since 1970.
    pub at: u64,
    /// Whether all of it was done.
    pub succeeded: bool,
    /// The platform built for.
    pub platform: String,
    /// The services that were built.
    pub services: Vec<String>,
    /// What became of their stages, by their names in the plan.
    pub stages: IndexMap<String, KeptStage>,
}

/// What became of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptStage {
    /// The digest of its record.
    pub key: String,
    /// What became of it.
    pub state: StageState,
    /// Seconds that its work took.
    pub seconds: f64,
    /// Bytes of its result, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// What a stage took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Seconds of work.
    pub seconds: f64,
    /// Bytes of its result, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// What tells one form from another.
#[derive(Deserialize)]
struct Form {
    version: Option<u64>,
}

impl History {
    /// That of a project not yet built.
    pub fn new(of: Builder) -> Self {
        Self {
            version: VERSION,
            of,
            ..Self::default()
        }
    }

    /// Reads what was written; `path` is for messages.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, RecordsError> {
        let broken = |problem: String| RecordsError::Broken {
            path: path.to_owned(),
            problem,
        };
        let form: Form =
            serde_json::from_slice(bytes).map_err(|error| broken(error.to_string()))?;
        match form.version {
            Some(version) if version > VERSION => Err(RecordsError::Newer {
                path: path.to_owned(),
                version,
                known: VERSION,
            }),
            Some(_) => serde_json::from_slice(bytes).map_err(|error| broken(error.to_string())),
            None => Err(broken("it has no version".into())),
        }
    }

    /// Whether nothing was built yet.
    pub fn is_empty(&self) -> bool {
        self.builds.is_empty()
    }

    /// Whether the builder had the result of a key.
    pub fn knows(&self, key: &str) -> bool {
        self.seen.contains_key(key)
    }

    /// Notes that the builder has the results of keys, and forgets those not met for longest.
    pub fn learn<'k>(&mut self, keys: impl IntoIterator<Item = &'k str>) {
        self.count += 1;
        self.seen
            .extend(keys.into_iter().map(|key| (key.to_owned(), self.count)));
        if self.seen.len() > MOST {
            let mut met: Vec<u64> = self.seen.values().copied().collect();
            met.sort_unstable();
            let oldest = met[met.len() - MOST];
            self.seen.retain(|_, met| *met >= oldest);
        }
    }

    /// What a stage took when it ran last.
    pub fn cost(&self, stage: &str) -> Option<Cost> {
        self.costs.get(stage).copied()
    }

    /// What tells the forced runs of a plan's stages from others, by the digests of their keys.
    pub fn reruns(&self, plan: &Plan) -> BTreeMap<String, String> {
        let digests = plan.stages().map(|(_, stage)| stage.key.digest());
        let known = digests.filter_map(|key| Some((key.to_owned(), self.reruns.get(key)?.clone())));
        known.collect()
    }

    /// Notes that a stage was forced to run, and by what that run is told from others.
    pub fn rerun(&mut self, key: &str, by: &str) {
        self.reruns.shift_remove(key);
        self.reruns.insert(key.to_owned(), by.to_owned());
        let many = self.reruns.len().saturating_sub(MOST);
        self.reruns.drain(..many);
    }

    /// Keeps a build with the records of its stages.
    pub fn keep(&mut self, build: Kept, records: &Records) {
        for (id, stage) in &build.stages {
            if stage.state == StageState::Ran {
                self.costs.shift_remove(id);
                let KeptStage { seconds, bytes, .. } = *stage;
                self.costs.insert(id.clone(), Cost { seconds, bytes });
            }
            if let Some(record) = records.0.get(id) {
                self.records.insert(stage.key.clone(), record.clone());
            }
        }
        let many = self.costs.len().saturating_sub(MOST);
        self.costs.drain(..many);
        self.builds.push(build);
        let many = self.builds.len().saturating_sub(BUILDS);
        self.builds.drain(..many);
        let stages = self.builds.iter().flat_map(|build| build.stages.values());
        let named: BTreeSet<&String> = stages.map(|stage| &stage.key).collect();
        self.records.retain(|key, _| named.contains(key));
    }

    /// The records that a plan is compared with: of each of its stages those of the last build that had a result of
    /// it, and those of what the last build had besides, if that was of the same services.
    pub fn last(&self, plan: &Plan) -> Records {
        let platform = plan.platform.to_string();
        let builds = || {
            self.builds
                .iter()
                .rev()
                .filter(|build| build.platform == platform)
        };
        let mut last = Records::default();
        for (_, stage) in plan.stages() {
            let mut known = builds().filter_map(|build| build.stages.get(&stage.id));
            let record = known
                .find(|stage| matches!(stage.state, StageState::Ran | StageState::Cached))
                .and_then(|stage| self.records.get(&stage.key));
            if let Some(record) = record {
                last.0.insert(stage.id.clone(), record.clone());
            }
        }
        let services: Vec<&str> = plan
            .services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        if let Some(build) = builds().next().filter(|build| build.services == services) {
            for (id, stage) in &build.stages {
                if let Some(record) = self.records.get(&stage.key) {
                    last.0.entry(id.clone()).or_insert_with(|| record.clone());
                }
            }
        }
        last
    }
}

/// Records that are filed under their digests, which are not taken again.
fn filed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Key>, D::Error> {
    let records = BTreeMap::<String, KeyRecord>::deserialize(deserializer)?.into_iter();
    let keys = records.map(|(digest, record)| (digest.clone(), Key::filed(digest, record)));
    Ok(keys.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(at: u64, key: &str) -> (Kept, Records) {
        let stage = KeptStage {
            key: key.to_owned(),
            state: StageState::Ran,
            seconds: 2.5,
            bytes: Some(7),
        };
        let kept = Kept {
            at,
            succeeded: true,
            platform: "linux/amd64".into(),
            services: vec!["web".into()],
            stages: [("app".to_owned(), stage)].into_iter().collect(),
        };
        let record = KeyRecord {
            kind: key.to_owned(),
            ..KeyRecord::default()
        };
        (
            kept,
            Records(
                [("app".to_owned(), Key::filed(key.to_owned(), record))]
                    .into_iter()
                    .collect(),
            ),
        )
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut history = History::new(Builder::default());
        for at in 0..50 {
            let (kept, records) = build(at, &format!("key{at}"));
            history.keep(kept, &records);
        }
        assert_eq!(
            (history.builds.len(), history.records.len()),
            (BUILDS, BUILDS)
        );
        assert_eq!(history.builds[0].at, 30);
        history.learn(["early"]);
        for key in 0..MOST {
            history.learn([key.to_string().as_str()]);
        }
        assert_eq!(history.seen.len(), MOST);
        assert!(!history.knows("early") && history.knows("0"));
        assert_eq!(history.cost("app").map(|cost| cost.bytes), Some(Some(7)));
    }

    #[test]
    fn what_was_written_is_read() {
        let mut history = History::new(Builder {
            project: "p".into(),
            address: "a".into(),
        });
        let (kept, records) = build(1, "key");
        history.keep(kept, &records);
        history.learn(["key"]);
        history.rerun("key", "once");
        let text = serde_json::to_vec(&history).unwrap();
        assert_eq!(History::parse("x", &text).unwrap(), history);
    }
}
