//! What reading carries along: the way from the root to the value, and what was found wrong.

use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::source::Span;
use crate::spec::Text;
use crate::suggest::shown;
use crate::yaml::{Node, NodeKind};

/// One step from the root to a value.
#[derive(Clone, Copy)]
pub(crate) enum Crumb<'n> {
    /// Into a mapping.
    Key(&'n Text),
    /// Into a list.
    Index(usize),
}

/// What reading carries along.
#[derive(Default)]
pub(crate) struct Context<'n> {
    crumbs: Vec<Crumb<'n>>,
    findings: Findings,
}

impl<'n> Context<'n> {
    /// Reads something one step further down.
    pub(crate) fn within<T>(&mut self, crumb: Crumb<'n>, read: impl FnOnce(&mut Self) -> T) -> T {
        self.crumbs.push(crumb);
        let result = read(self);
        self.crumbs.pop();
        result
    }

    /// The key that leads here, if one does.
    pub(crate) fn key(&self) -> Option<&'n Text> {
        self.crumbs.iter().rev().find_map(|crumb| match crumb {
            Crumb::Key(key) => Some(*key),
            Crumb::Index(_) => None,
        })
    }

    /// Where a finding of `node` as a whole stands: at the key that leads to it, else at its first line.
    pub(crate) fn head(&self, node: &Node) -> Span {
        match self.crumbs.last() {
            Some(Crumb::Key(key)) => key.span,
            _ => first_key(node).unwrap_or(node.span),
        }
    }

    /// Where we are, for a message: "in `stages.deno`".
    pub(crate) fn place(&self) -> String {
        if self.crumbs.is_empty() {
            "at the top of the file".into()
        } else {
            format!("in {}", shown(&self.path()))
        }
    }

    /// The way from the root: `stages.deno.copy[0]`.
    fn path(&self) -> String {
        let mut path = String::new();
        for crumb in &self.crumbs {
            match crumb {
                Crumb::Key(key) if path.is_empty() => path.push_str(&key.value),
                Crumb::Key(key) => path.extend([".", key.value.as_str()]),
                Crumb::Index(index) => path.extend(["[", index.to_string().as_str(), "]"]),
            }
        }
        path
    }

    /// Reports what is wrong.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.findings.push(diagnostic);
    }

    /// Reports what is wrong with a key of a mapping, however often an alias repeats the mapping.
    pub(crate) fn report_key(&mut self, key: &str, diagnostic: Diagnostic) {
        self.findings.push_about(key.to_owned(), diagnostic);
    }

    /// Reports a value of the wrong type. `wanted` is what is expected: "a text".
    pub(crate) fn wrong_type<T>(&mut self, node: &Node, wanted: &str, help: &str) -> Option<T> {
        let subject = match (self.key(), self.crumbs.last()) {
            (Some(key), Some(Crumb::Index(_))) => format!("an entry of {}", shown(&key.value)),
            (Some(key), _) => shown(&key.value),
            (None, _) => "the file".into(),
        };
        if node.is_null() {
            let diagnostic = Diagnostic::error(
                "empty-value",
                self.head(node),
                format!("{subject} has no value"),
            );
            let diagnostic = diagnostic.label(format!("expected {wanted}"));
            self.report(diagnostic.help(format!("{help}, or remove it")));
        } else {
            let diagnostic = Diagnostic::error(
                "wrong-type",
                node.span,
                format!("{subject} must be {wanted}"),
            );
            self.report(
                diagnostic
                    .label(format!("found {}", found(node)))
                    .help(help),
            );
        }
        None
    }

    /// What was found wrong, in the order of reading.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.findings.into_diagnostics()
    }
}

fn first_key(node: &Node) -> Option<Span> {
    Some(node.map()?.first()?.key.span)
}

/// What a value is, for a message.
fn found(node: &Node) -> &'static str {
    match &node.kind {
        NodeKind::List(_) => "a list",
        NodeKind::Map(_) => "a mapping",
        NodeKind::Scalar { .. } if node.bool().is_some() => "a boolean",
        NodeKind::Scalar { text, plain: true } if text.parse::<f64>().is_ok() => "a number",
        NodeKind::Scalar { .. } => "a text",
    }
}
