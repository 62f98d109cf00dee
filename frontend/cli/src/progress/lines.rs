//! Events as lines, each with the number of its vertex, as buildx prints them.

use std::collections::HashMap;
use std::fmt::Write;

use layercake_solve::events::{Event, Log, Progress, Vertex};

/// Turns events into lines.
#[derive(Debug, Default)]
pub struct Lines {
    vertices: HashMap<String, Known>,
}

/// What was said of a vertex.
#[derive(Debug, Default)]
struct Known {
    number: usize,
    named: bool,
    ended: bool,
    /// The end of its output so far, a line that is not complete.
    open: String,
    /// Things in it that were done.
    done: Vec<String>,
}

impl Lines {
    /// The lines that an event is worth; often none.
    pub fn of(&mut self, event: &Event) -> String {
        match event {
            Event::Vertex(vertex) => self.vertex(vertex),
            Event::Progress(progress) => self.progress(progress),
            Event::Log(log) => self.log(log),
            Event::Warning(warning) => {
                let number = self.known(&warning.vertex).number;
                format!("#{number} WARN: {}\n", warning.short)
            }
        }
    }

    fn known(&mut self, digest: &str) -> &mut Known {
        let number = self.vertices.len() + 1;
        self.vertices
            .entry(digest.to_owned())
            .or_insert_with(|| Known {
                number,
                ..Known::default()
            })
    }

    fn vertex(&mut self, vertex: &Vertex) -> String {
        if vertex.started.is_none() && !vertex.cached {
            return String::new();
        }
        let known = self.known(&vertex.digest);
        let number = known.number;
        let mut lines = String::new();
        if !known.named {
            known.named = true;
            let _ = writeln!(lines, "#{number} {}", vertex.name);
        }
        if vertex.completed.is_none() {
            known.ended = false; // It may have ended before, when only its cache was looked up.
            return lines;
        }
        if known.ended {
            return lines;
        }
        known.ended = true;
        let open = std::mem::take(&mut known.open);
        if !open.is_empty() {
            let _ = writeln!(lines, "#{number} {open}");
        }
        let _ = match (
            &vertex.error,
            vertex.cached,
            vertex.started.zip(vertex.completed),
        ) {
            (Some(error), ..) if error.ends_with("context canceled") => {
                writeln!(lines, "#{number} CANCELED")
            }
            (Some(error), ..) => writeln!(lines, "#{number} ERROR: {error}"),
            (None, true, _) => writeln!(lines, "#{number} CACHED"),
            (None, false, Some((from, to))) => {
                writeln!(lines, "#{number} DONE {:.1}s", to.seconds_since(from))
            }
            (None, false, None) => writeln!(lines, "#{number} DONE"),
        };
        lines
    }

    fn progress(&mut self, progress: &Progress) -> String {
        let known = self.known(&progress.vertex);
        if progress.completed.is_none() || known.done.contains(&progress.id) {
            return String::new();
        }
        known.done.push(progress.id.clone());
        let bytes = match progress.current {
            current if current > 0 => format!(" {}", bytes(current.unsigned_abs())),
            _ => String::new(),
        };
        format!("#{} {}{bytes} done\n", known.number, progress.id)
    }

    fn log(&mut self, log: &Log) -> String {
        let known = self.known(&log.vertex);
        let text = std::mem::take(&mut known.open) + &String::from_utf8_lossy(&log.data);
        let (complete, open) = text.rsplit_once('\n').unwrap_or(("", &text));
        open.clone_into(&mut known.open);
        let mut lines = String::new();
        for line in complete.lines() {
            // What a carriage return overwrote was meant for a terminal.
            let line = line
                .trim_end_matches('\r')
                .rsplit('\r')
                .next()
                .unwrap_or_default();
            let _ = writeln!(lines, "#{} {line}", known.number);
        }
        lines
    }
}

/// Bytes in a unit that people read: `1.2 GB`.
pub fn bytes(count: u64) -> String {
    indicatif::DecimalBytes(count).to_string()
}

#[cfg(test)]
mod tests {
    use layercake_solve::events::Time;

    use super::*;

    fn vertex(
        started: Option<i64>,
        completed: Option<i64>,
        cached: bool,
        error: Option<&str>,
    ) -> Event {
        Event::Vertex(Vertex {
            digest: "a".into(),
            name: "[web] build".into(),
            started: started.map(|at| Time(at * 1_000_000_000)),
            completed: completed.map(|at| Time(at * 1_000_000_000)),
            cached,
            error: error.map(str::to_owned),
            ..Vertex::default()
        })
    }

    fn log(text: &str) -> Event {
        Event::Log(Log {
            vertex: "a".into(),
            data: text.into(),
            ..Log::default()
        })
    }

    #[track_caller]
    fn check(events: &[Event], expect: &str) {
        let mut lines = Lines::default();
        let all: String = events.iter().map(|event| lines.of(event)).collect();
        assert_eq!(all, expect);
    }

    #[test]
    fn a_vertex_is_named_once_and_ends_once() {
        let ran = [
            vertex(None, None, false, None),
            vertex(Some(1), None, false, None),
            log("one\ntw"),
            log("o\nthree"),
            vertex(Some(1), Some(3), false, None),
            vertex(Some(1), Some(3), false, None),
        ];
        check(
            &ran,
            "#1 [web] build\n#1 one\n#1 two\n#1 three\n#1 DONE 2.0s\n",
        );
        check(
            &[vertex(Some(1), Some(1), true, None)],
            "#1 [web] build\n#1 CACHED\n",
        );
        check(
            &[vertex(Some(1), Some(1), false, Some("no"))],
            "#1 [web] build\n#1 ERROR: no\n",
        );
    }

    #[test]
    fn what_was_overwritten_on_a_terminal_is_left_out() {
        check(&[log("10%\r50%\r100%\r\nend\n")], "#1 100%\n#1 end\n");
    }

    #[test]
    fn transfers_are_told_when_they_are_done() {
        let progress = |current, done: bool| {
            Event::Progress(Progress {
                id: "transferring context:".into(),
                vertex: "a".into(),
                current,
                completed: done.then_some(Time(1)),
                ..Progress::default()
            })
        };
        check(
            &[
                progress(10, false),
                progress(2000, true),
                progress(2000, true),
            ],
            "#1 transferring context: 2.00 kB done\n",
        );
    }
}
