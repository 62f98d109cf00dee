//! What was found wrong so far: each thing once, and no more than anyone reads.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The most findings that are kept.
const KEPT: usize = 200;

/// A list of diagnostics that grows no further than anyone reads.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    seen: BTreeSet<(Option<Span>, &'static str, String)>,
    kept: Vec<Diagnostic>,
    left_out: usize,
}

impl Findings {
    /// Adds one, unless it is there.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        let subject = diagnostic.message.clone();
        self.push_about(subject, diagnostic);
    }

    /// Adds one about `subject`, unless that is there with this code and at this place: what an alias
    /// repeats is wrong in one place only.
    pub(crate) fn push_about(&mut self, subject: String, diagnostic: Diagnostic) {
        let place = diagnostic.primary.as_ref().map(|label| label.span);
        if self.kept.len() >= KEPT {
            self.left_out += 1;
        } else if self.seen.insert((place, diagnostic.code, subject)) {
            self.kept.push(diagnostic);
        }
    }

    /// The diagnostics in the order in which they were found, with a word on those left out.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        if self.left_out > 0 {
            let message = format!("{} more findings are left out", self.left_out);
            let diagnostic = Diagnostic::error_of_file("too-many-errors", message);
            self.kept
                .push(diagnostic.help("mend the first ones; many often have one cause"));
        }
        self.kept
    }
}
