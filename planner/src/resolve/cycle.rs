//! Stages that need each other in a circle, with the whole path.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::spec::Spec;

use super::Stages;

/// Reports circles among `needs`, sources and `after`: each that shares no stage with one reported before.
///
/// The walk keeps its own stack: a chain of 100,000 stages must not exhaust the thread's.
pub(super) fn check(spec: &Spec, stages: &Stages, report: impl Fn(Diagnostic)) {
    let mut state: HashMap<&str, Visit> = HashMap::new();
    let mut told: HashSet<&str> = HashSet::new();
    for start in spec.stages.names() {
        let mut path: Vec<Step> = Vec::new();
        let mut open = vec![(start, Span::default())];
        loop {
            while let Some((name, span)) = open.pop() {
                match state.get(name) {
                    Some(Visit::Done) => {}
                    Some(Visit::OnPath) => {
                        let from = path
                            .iter()
                            .position(|(on, ..)| *on == name)
                            .unwrap_or_default();
                        let path = &path[from..];
                        if !path.iter().any(|(on, ..)| told.contains(on)) {
                            report(circle(name, span, path));
                            told.extend(path.iter().map(|(on, ..)| *on));
                        }
                    }
                    None => {
                        state.insert(name, Visit::OnPath);
                        let next = successors(stages, name);
                        path.push((name, span, std::mem::replace(&mut open, next)));
                    }
                }
            }
            let Some((done, _, siblings)) = path.pop() else {
                break;
            };
            state.insert(done, Visit::Done);
            open = siblings;
        }
    }
}

enum Visit {
    OnPath,
    Done,
}

fn successors<'a>(stages: &Stages<'a>, name: &str) -> Vec<(&'a str, Span)> {
    let stage = stages.get(name).into_iter();
    stage
        .flat_map(|(_, stage)| super::references(stage))
        .map(|to| (to.value.as_str(), to.span))
        .collect()
}

type Step<'a> = (&'a str, Span, Vec<(&'a str, Span)>);

fn circle(name: &str, closing: Span, path: &[Step]) -> Diagnostic {
    let names: Vec<_> = path.iter().map(|(on, ..)| *on).chain([name]).collect();
    let mut found = Diagnostic::error(
        "cycle",
        closing,
        format!("stages need each other in a circle: {}", names.join(" -> ")),
    )
    .label("the circle closes here");
    for (on, span, _) in path.iter().skip(1) {
        found = found.also(*span, format!("`{on}` is needed here"));
    }
    found.help(
        "remove one of these; what a stage only has to lie over in the image goes into `after`",
    )
}
