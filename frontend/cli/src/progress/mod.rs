//! What is shown while a build runs: bars on a terminal, lines elsewhere.
//!
//! Several services are built at once and share vertices, and each reports on all of its own. A vertex is shown by the
//! first service that reports it.

mod bars;
mod lines;

use std::cell::RefCell;
use std::collections::HashMap;

use layercake_solve::events::{Event, to_line};

use crate::args::ProgressMode;
use crate::printer::Printer;
use bars::Bars;
use lines::Lines;

/// Shows events.
pub struct Progress<'p> {
    printer: &'p Printer,
    state: RefCell<State>,
}

struct State {
    show: Show,
    /// The service that a vertex is shown by.
    shown_by: HashMap<String, usize>,
}

enum Show {
    Bars(Bars),
    Lines(Lines),
    RawJson,
    Nothing,
}

impl<'p> Progress<'p> {
    /// As it is asked for, or as the terminal has it.
    pub fn new(mode: ProgressMode, printer: &'p Printer) -> Self {
        let show = match mode {
            ProgressMode::Auto if printer.is_terminal() => Show::Bars(Bars::new(printer)),
            ProgressMode::Tty => Show::Bars(Bars::new(printer)),
            ProgressMode::Auto | ProgressMode::Plain => Show::Lines(Lines::default()),
            ProgressMode::Rawjson => Show::RawJson,
            ProgressMode::Quiet => Show::Nothing,
        };
        Self {
            printer,
            state: RefCell::new(State {
                show,
                shown_by: HashMap::new(),
            }),
        }
    }

    /// Shows what the service number `service` reports.
    pub fn show(&self, service: usize, events: &[Event]) {
        let mut state = self.state.borrow_mut();
        let State { show, shown_by } = &mut *state;
        let own = events.iter().filter(|event| {
            let vertex = vertex_of(event);
            *shown_by.entry(vertex.to_owned()).or_insert(service) == service
        });
        match show {
            Show::Bars(bars) => own.for_each(|event| bars.show(event)),
            Show::Lines(lines) => own.for_each(|event| {
                self.printer.note(lines.of(event).trim_end_matches('\n'));
            }),
            Show::RawJson => self.printer.note(&to_line(events)),
            Show::Nothing => {}
        }
    }

    /// Takes down what is still shown.
    pub fn finish(&self) {
        if let Show::Bars(bars) = &mut self.state.borrow_mut().show {
            bars.finish();
        }
    }
}

fn vertex_of(event: &Event) -> &str {
    match event {
        Event::Vertex(vertex) => &vertex.digest,
        Event::Progress(progress) => &progress.vertex,
        Event::Log(log) => &log.vertex,
        Event::Warning(warning) => &warning.vertex,
    }
}
