//! Events folded to what is known now.

use super::{Event, Progress, Time, Vertex, Warning};
use std::collections::HashMap;

const LOG_TAIL: usize = 64 << 10;

/// All steps of a build, in the order in which they were first reported.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    steps: Vec<Step>,
    by_digest: HashMap<String, usize>,
    warnings: Vec<Warning>,
}

/// A vertex with what happened in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Step {
    /// The last state that was reported.
    pub vertex: Vertex,
    /// The last state of each thing in it, in the order of their first report.
    pub progress: Vec<Progress>,
    /// The end of its output, at most 64 KiB.
    pub log: Vec<u8>,
    /// When it first began; the vertex's own is when it last did.
    pub first_started: Option<Time>,
}

impl Timeline {
    /// Folds all the events.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut timeline = Self::default();
        events.into_iter().for_each(|event| timeline.apply(event));
        timeline
    }

    /// Takes in one event more.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Vertex(vertex) => {
                let step = self.step(&vertex.digest);
                step.first_started = step.first_started.or(vertex.started);
                step.vertex = vertex.clone();
            }
            Event::Progress(progress) => {
                let step = self.step(&progress.vertex);
                match step
                    .progress
                    .iter_mut()
                    .find(|known| known.id == progress.id)
                {
                    Some(known) => *known = progress.clone(),
                    None => step.progress.push(progress.clone()),
                }
            }
            Event::Log(log) => {
                let step = self.step(&log.vertex);
                step.log.extend_from_slice(&log.data);
                let excess = step.log.len().saturating_sub(LOG_TAIL);
                step.log.drain(..excess);
            }
            Event::Warning(warning) => self.warnings.push(warning.clone()),
        }
    }

    fn step(&mut self, digest: &str) -> &mut Step {
        let known = self.by_digest.get(digest).copied();
        let index = known.unwrap_or_else(|| {
            let vertex = Vertex {
                digest: digest.to_owned(),
                ..Vertex::default()
            };
            self.by_digest.insert(digest.to_owned(), self.steps.len());
            self.steps.push(Step {
                vertex,
                ..Step::default()
            });
            self.steps.len() - 1
        });
        &mut self.steps[index]
    }

    /// The steps, in the order in which they were first reported.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The step of a vertex.
    pub fn find(&self, digest: &str) -> Option<&Step> {
        self.by_digest.get(digest).map(|index| &self.steps[*index])
    }

    /// The warnings, in their order.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether any step failed or was cancelled.
    pub fn has_errors(&self) -> bool {
        self.steps.iter().any(|step| step.vertex.error.is_some())
    }
}

impl Step {
    /// The last `count` lines of the output.
    pub fn log_tail(&self, count: usize) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.log);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(count)..]
            .iter()
            .map(|line| (*line).to_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, LOG_TAIL, Progress, Time, Timeline, Vertex};
    use crate::events::Log;

    fn vertex(digest: &str, started: i64, cached: bool) -> Event {
        Event::Vertex(Vertex {
            digest: digest.to_owned(),
            started: Some(Time(started)),
            cached,
            ..Vertex::default()
        })
    }

    fn log(digest: &str, data: &[u8]) -> Event {
        Event::Log(Log {
            vertex: digest.to_owned(),
            data: data.to_vec(),
            ..Log::default()
        })
    }

    #[test]
    fn the_last_state_counts() {
        let timeline = Timeline::of(&[
            vertex("a", 1, false),
            vertex("b", 2, false),
            vertex("a", 3, true),
        ]);
        let digests: Vec<_> = timeline
            .steps()
            .iter()
            .map(|step| step.vertex.digest.as_str())
            .collect();
        assert_eq!(digests, ["a", "b"]);
        let step = timeline.find("a").expect("a step");
        assert!(step.vertex.cached);
        assert_eq!(
            (step.first_started, step.vertex.started),
            (Some(Time(1)), Some(Time(3)))
        );
    }

    #[test]
    fn progress_is_kept_by_its_id() {
        let progress = |id: &str, current| {
            Event::Progress(Progress {
                id: id.to_owned(),
                vertex: "a".to_owned(),
                current,
                ..Progress::default()
            })
        };
        let timeline = Timeline::of(&[progress("x", 1), progress("y", 2), progress("x", 3)]);
        let seen: Vec<_> = timeline.steps()[0]
            .progress
            .iter()
            .map(|known| known.current)
            .collect();
        assert_eq!(seen, [3, 2]);
    }

    #[test]
    fn the_end_of_the_output_is_kept() {
        let timeline = Timeline::of(&[
            log("a", b"one\ntw"),
            log("a", b"o\nthree"),
            log("b", &vec![b'x'; LOG_TAIL * 2]),
        ]);
        assert_eq!(timeline.steps()[0].log_tail(2), ["two", "three"]);
        assert_eq!(timeline.steps()[1].log.len(), LOG_TAIL);
    }
}
