//! A terminal's progress: a line for everything that runs, and above it what has ended.

use std::collections::HashMap;
use std::time::Duration;

use console::Style;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use layercake_lower::stage_of;
use layercake_solve::events::{Event, Log, Progress, Vertex};

use super::lines::bytes;
use crate::printer::Printer;

/// How often a line that waits is drawn again.
const TICK: Duration = Duration::from_millis(120);

/// The most of a vertex's name that is shown; the rest of the line is for what it says.
const WIDEST: usize = 60;

/// A line for each running vertex.
pub struct Bars {
    all: MultiProgress,
    running: HashMap<String, ProgressBar>,
    ended: HashMap<String, bool>,
    color: bool,
}

impl Bars {
    /// Nothing runs yet.
    pub fn new(printer: &Printer) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Self {
            all,
            running: HashMap::new(),
            ended: HashMap::new(),
            color: printer.color(),
        }
    }

    /// Takes an event in.
    pub fn show(&mut self, event: &Event) {
        match event {
            Event::Vertex(vertex) => self.vertex(vertex),
            Event::Progress(progress) => self.progress(progress),
            Event::Log(log) => self.log(log),
            Event::Warning(warning) => self.say(&format!("warning: {}", warning.short)),
        }
    }

    /// Clears the lines of what did not end.
    pub fn finish(&mut self) {
        for (_, bar) in self.running.drain() {
            bar.finish_and_clear();
        }
        let _ = self.all.clear();
    }

    fn vertex(&mut self, vertex: &Vertex) {
        if vertex.completed.is_some() {
            if let Some(bar) = self.running.remove(&vertex.digest) {
                bar.finish_and_clear();
            }
            if self.ended.insert(vertex.digest.clone(), true).is_none() {
                self.end(vertex);
            }
        } else if vertex.started.is_some() && !self.running.contains_key(&vertex.digest) {
            let bar = self
                .all
                .add(ProgressBar::new_spinner().with_style(line_style()));
            bar.set_prefix(console::truncate_str(&vertex.name, WIDEST, "…").into_owned());
            bar.enable_steady_tick(TICK);
            self.running.insert(vertex.digest.clone(), bar);
        }
    }

    /// A stage's end, or a failure, stays on the screen.
    fn end(&self, vertex: &Vertex) {
        let mark = |text, style: Style| style.force_styling(self.color).apply_to(text).to_string();
        let seconds = vertex
            .started
            .zip(vertex.completed)
            .map_or(0.0, |(from, to)| to.seconds_since(from));
        let mark = match (&vertex.error, vertex.cached) {
            (Some(_), _) => mark("failed", Style::new().red().bold()),
            (None, _) if stage_of(&vertex.name).is_none() => return,
            (None, true) => mark("cached", Style::new().cyan()),
            (None, false) => mark("   ran", Style::new().green()),
        };
        self.say(&format!("{mark}  {} {seconds:.1}s", vertex.name));
    }

    fn progress(&self, progress: &Progress) {
        let Some(bar) = self.running.get(&progress.vertex) else {
            return;
        };
        let current = bytes(progress.current.unsigned_abs());
        bar.set_message(match progress.total {
            total if total > 0 => format!(
                "{} {current} / {}",
                short(&progress.id),
                bytes(total.unsigned_abs())
            ),
            _ => format!("{} {current}", short(&progress.id)),
        });
    }

    fn log(&self, log: &Log) {
        let text = String::from_utf8_lossy(&log.data);
        let last = text
            .split(['\n', '\r'])
            .rfind(|line| !line.trim().is_empty());
        if let (Some(bar), Some(last)) = (self.running.get(&log.vertex), last) {
            bar.set_message(console::strip_ansi_codes(last.trim()).into_owned());
        }
    }

    fn say(&self, line: &str) {
        let _ = self.all.println(line);
    }
}

/// A digest is known by its first letters.
fn short(id: &str) -> &str {
    id.strip_prefix("sha256:")
        .and_then(|hex| hex.get(..12))
        .unwrap_or(id)
}

fn line_style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg:.dim}");
    style.unwrap_or_else(|_| ProgressStyle::default_spinner())
}
