//! How large the results of stages are: what the daemon's cache holds under the descriptions that it gives them.
//!
//! A result has no digest in the daemon's list, only a description: for a command the mount and its arguments, for
//! everything else the name of the vertex. Of several of one description the newest counts.

use std::collections::{BTreeMap, BTreeSet};

use buildkit_llb::{Definition, Digest};
use buildkit_proto::pb::{self, MountType, op};
use layercake_planner::plan::{Plan, StageId};
use layercake_solve::{CacheRecord, Report};
use prost::Message;

/// The descriptions that the results of each stage bear.
#[derive(Debug, Default)]
pub struct Sizes {
    by_stage: BTreeMap<String, BTreeSet<String>>,
}

impl Sizes {
    /// The descriptions that a definition leads to.
    pub fn of<'d>(
        plan: &Plan,
        vertices: &BTreeMap<StageId, BTreeSet<Digest>>,
        definitions: impl IntoIterator<Item = &'d Definition>,
    ) -> Self {
        let mut stages_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, digests) in vertices {
            for digest in digests {
                stages_of
                    .entry(digest.as_str())
                    .or_default()
                    .push(&plan.stage(*id).id);
            }
        }
        let mut sizes = Self::default();
        for definition in definitions {
            for (digest, bytes) in definition.digests().iter().zip(&definition.pb().def) {
                let Some(stages) = stages_of.remove(digest.as_str()) else {
                    continue; // Nobody's, or told already.
                };
                let found = descriptions(bytes, definition.pb().metadata.get(digest.as_str()));
                for stage in stages {
                    let known = sizes.by_stage.entry(stage.to_owned()).or_default();
                    known.extend(found.iter().cloned());
                }
            }
        }
        sizes
    }

    /// The stages whose results, or whose caches of packages, bear this description.
    pub fn stages_of(&self, description: &str) -> impl Iterator<Item = &str> {
        let bear = move |(_, known): &(&String, &BTreeSet<String>)| known.contains(description);
        self.by_stage
            .iter()
            .filter(bear)
            .map(|(stage, _)| stage.as_str())
    }

    /// The stages of whose results the daemon has none.
    pub fn lost(&self, records: &[CacheRecord]) -> BTreeSet<String> {
        let results = records.iter().filter(|record| record.kind == "regular");
        let known: BTreeSet<&str> = results.map(|record| record.description.as_str()).collect();
        let lost = self.by_stage.iter().filter(|(_, descriptions)| {
            !descriptions
                .iter()
                .any(|description| known.contains(description.as_str()))
        });
        lost.map(|(stage, _)| stage.clone()).collect()
    }

    /// The report with the sizes that the daemon tells.
    pub fn add_to(&self, mut report: Report, records: &[CacheRecord]) -> Report {
        let mut newest: BTreeMap<&str, &CacheRecord> = BTreeMap::new();
        for record in records.iter().filter(|record| record.kind == "regular") {
            let known = newest.entry(record.description.as_str()).or_insert(record);
            if record.created > known.created {
                *known = record;
            }
        }
        for stage in &mut report.stages {
            let own = self.by_stage.get(&stage.id).into_iter().flatten();
            let found: Vec<_> = own
                .filter_map(|description| newest.get(description.as_str()))
                .collect();
            if !found.is_empty() {
                stage.bytes = Some(found.iter().map(|record| record.bytes).sum());
            }
        }
        report
    }
}

fn descriptions(bytes: &[u8], about: Option<&pb::OpMetadata>) -> Vec<String> {
    match pb::Op::decode(bytes).ok().and_then(|op| op.op) {
        Some(op::Op::Exec(exec)) => {
            let arguments = exec
                .meta
                .map(|meta| meta.args.join(" "))
                .unwrap_or_default();
            let told = exec.mounts.into_iter().filter_map(|mount| {
                let kind = match mount.mount_type() {
                    MountType::Cache => "cached mount",
                    _ if mount.output >= 0 => "mount",
                    _ => return None,
                };
                Some(format!("{kind} {} from exec {arguments}", mount.dest))
            });
            told.collect()
        }
        _ => about
            .and_then(|about| about.description.get("llb.customname"))
            .cloned()
            .into_iter()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use buildkit_llb::{Annotate, Definition, Exec, FileOps, Mkdir};
    use layercake_solve::{StageReport, StageState};

    use super::*;

    fn of(definition: &Definition) -> Vec<String> {
        let pb = definition.pb();
        descriptions(
            &pb.def[definition.digests().len() - 1],
            pb.metadata
                .values()
                .find(|about| !about.description.is_empty()),
        )
    }

    #[test]
    fn results_are_described_as_buildkit_does_it() {
        let files = FileOps::on(None)
            .mkdir("/a", Mkdir::default())
            .named("[web] make")
            .build()
            .unwrap();
        assert_eq!(of(&Definition::of(&files)), ["[web] make"]);
        let exec = Exec::new(["/bin/sh", "-c", "set -e\necho"])
            .root(files)
            .build()
            .unwrap();
        assert_eq!(
            of(&Definition::of(&exec.root_output().unwrap())),
            ["mount / from exec /bin/sh -c set -e\necho"]
        );
    }

    #[test]
    fn the_newest_result_counts() {
        let record = |description: &str, created, bytes| CacheRecord {
            description: description.into(),
            kind: "regular".into(),
            created: Some(layercake_solve::events::Time(created)),
            bytes,
            ..CacheRecord::default()
        };
        let stage = StageReport {
            id: "web".into(),
            kind: "run".into(),
            services: Vec::new(),
            state: StageState::Ran,
            seconds: 1.0,
            digest: String::new(),
            bytes: None,
            error: None,
            started: None,
            needs: Vec::new(),
            image: None,
            foretold: None,
        };
        let report = Report {
            stages: vec![stage],
            ..Report::default()
        };
        let sizes = Sizes {
            by_stage: [("web".to_owned(), BTreeSet::from(["x".to_owned()]))].into(),
        };
        let records = [
            record("x", 1, 10),
            record("x", 3, 30),
            record("x", 2, 20),
            record("y", 4, 40),
        ];
        assert_eq!(sizes.add_to(report, &records).stages[0].bytes, Some(30));
    }
}
