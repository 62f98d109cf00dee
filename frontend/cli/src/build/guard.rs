//! Expensive stages that must not run by surprise.
//!
//! BuildKit says that a step has started when it runs it, and says cached from the start otherwise. So the first
//! moment of an expensive stage is seen, and the build is given up there. What the cache has, from wherever it was
//! imported, never trips the guard.

use std::collections::BTreeMap;

use layercake_lower::{Lowered, NoCache};
use layercake_planner::plan::Plan;
use layercake_solve::events::Event;
use thiserror::Error;

/// An expensive stage began to run and was not allowed to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the stage `{stage}` is expensive, its result is in no cache, and it was not allowed to run: the build was given up as it began\n  key: {key}\n  way out: --expensive=allow runs it; --cache-from has it looked up where it was built"
)]
pub struct Denied {
    /// The stage's name in the plan.
    pub stage: String,
    /// The digest of its key.
    pub key: String,
}

/// The steps that must not run.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    forbidden: BTreeMap<String, Denied>,
}

impl Guard {
    /// Over the plan's expensive stages, but for those that the user told to run.
    pub fn over(plan: &Plan, lowered: &Lowered, no_cache: &NoCache) -> Self {
        let told = |name: &String| match no_cache {
            NoCache::None => false,
            NoCache::All => true,
            NoCache::Stages(names) => names.contains(name),
        };
        let forbidden = lowered.vertices.iter().flat_map(|(id, vertices)| {
            let stage = plan.stage(*id);
            let guarded = stage.expensive && !told(&stage.name);
            vertices.iter().filter(move |_| guarded).map(|vertex| {
                let denied = Denied {
                    stage: stage.id.clone(),
                    key: stage.key.digest(),
                };
                (vertex.to_string(), denied)
            })
        });
        Self {
            forbidden: forbidden.collect(),
        }
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
