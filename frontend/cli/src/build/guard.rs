//! Expensive stages that must not run by surprise.
//!
//! Where the daemon's list of its cache has no result of a stage, and none can come from elsewhere, nothing is begun.
//! Else BuildKit is watched: it says that a step has started when it runs it, and says cached from the start
//! otherwise. So the first moment of an expensive stage is seen, and the build is given up there. What the cache has,
//! from wherever it was imported, never trips the guard.

use std::collections::{BTreeMap, BTreeSet};

use layercake_lower::{LowerOptions, Lowered};
use layercake_planner::plan::{Plan, Yields};
use layercake_solve::events::Event;
use thiserror::Error;

/// An expensive stage began to run and was not allowed to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the stage `{stage}` is expensive, its result is in no cache, and it was not allowed to run\n  key: {key}{because}\n  way out: --expensive=allow runs it; `layercake publish` or --cache-to where it was built has others find it"
)]
pub struct Denied {
    /// The stage's name in the plan.
    pub stage: String,
    /// The digest of its key.
    pub key: String,
    /// What changed since it was built last, in lines of their own; empty where nothing is known of that.
    pub because: String,
}

/// The steps that must not run.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    forbidden: BTreeMap<String, Denied>,
}

impl Guard {
    /// Over the plan's expensive stages, but for those that the user told to run, and those that a registry has.
    pub fn over(plan: &Plan, lowered: &Lowered, options: &LowerOptions) -> Self {
        let forbidden = lowered.vertices.iter().flat_map(|(id, vertices)| {
            let stage = plan.stage(*id);
            let is_there = options.published.contains_key(id);
            let guarded = stage.expensive && !options.no_cache.has(&stage.name) && !is_there;
            vertices.iter().filter(move |_| guarded).map(|vertex| {
                let denied = Denied {
                    stage: stage.id.clone(),
                    key: stage.key.digest().to_owned(),
                    because: String::new(),
                };
                (vertex.to_string(), denied)
            })
        });
        Self {
            forbidden: forbidden.collect(),
        }
    }

    /// A stage that is sure to run, as the daemon has `lost` its result, or never had it. A command whose result is in
    /// the image: one that others only read need not run while their results are there.
    pub fn foreseen(&self, plan: &Plan, lost: &BTreeSet<String>) -> Option<&Denied> {
        let sure = |denied: &&Denied| {
            let mut stages = plan.stages().map(|(_, stage)| stage);
            let stage = stages.find(|stage| stage.id == denied.stage);
            stage.is_some_and(|stage| stage.work.is_command() && stage.yields != Yields::Artifact)
        };
        let mut forbidden = self.forbidden.values();
        forbidden.find(|denied| lost.contains(&denied.stage) && sure(denied))
    }

    /// The first of the events that says that a forbidden step is running.
    pub fn tripped(&self, events: &[Event]) -> Option<&Denied> {
        events.iter().find_map(|event| match event {
            Event::Vertex(vertex) if vertex.started.is_some() && !vertex.cached => {
                self.forbidden.get(&vertex.digest)
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use layercake_solve::events::{Time, Vertex};

    use super::*;

    #[test]
    fn only_a_step_that_runs_trips_it() {
        let denied = Denied {
            stage: "conda-env".into(),
            key: "k".into(),
            because: String::new(),
        };
        let guard = Guard {
            forbidden: BTreeMap::from([("sha256:a".to_owned(), denied.clone())]),
        };
        let vertex = |digest: &str, started, cached| {
            [Event::Vertex(Vertex {
                digest: digest.into(),
                started,
                cached,
                ..Vertex::default()
            })]
        };
        let now = Some(Time(1));
        assert_eq!(
            guard.tripped(&vertex("sha256:a", now, false)),
            Some(&denied)
        );
        assert_eq!(guard.tripped(&vertex("sha256:a", now, true)), None);
        assert_eq!(guard.tripped(&vertex("sha256:a", None, false)), None);
        assert_eq!(guard.tripped(&vertex("sha256:b", now, false)), None);
    }
}
