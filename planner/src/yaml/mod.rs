//! YAML as far as `layercake.yaml` and the files beside it need it: one document, text to a tree with byte spans.
//!
//! Scalars stay the text that was written: whether `3.10` is a text or a number is for the reader of the tree
//! to say, so a version never loses its zero. Anchors, aliases and merge keys (`<<`) are supported; tags and
//! several documents are refused. Nothing here knows what a key means.

mod build;
mod mapping;
mod syntax;

use std::rc::Rc;

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span, Spanned};

/// The size, in bytes, above which a file is refused; also of all text that aliases repeat.
pub const MAX_BYTES: usize = 16 << 20;
/// The number of values above which a file, with its aliases written out, is refused.
pub const MAX_NODES: usize = 2_000_000;
/// How deep lists and mappings may stand in each other, aliases written out.
pub const MAX_DEPTH: usize = 64;

/// A value of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands. An alias stands where it is used; what is in it, where it was written.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// What a value is. Lists and mappings are shared, so that an alias costs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A text, number, boolean or null, as it was written.
    Scalar {
        /// The text, escapes and folding resolved.
        text: String,
        /// Whether it stands without quotes and could be more than a text.
        plain: bool,
    },
    /// A list.
    List(Rc<Vec<Node>>),
    /// A mapping in the file's order; no key stands twice.
    Map(Rc<Vec<Entry>>),
}

/// One key of a mapping and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Spanned<String>,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Whether it is YAML's null: nothing at all, `~` or `null`.
    pub fn is_null(&self) -> bool {
        match &self.kind {
            NodeKind::Scalar { text, plain } => {
                *plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }

    /// The text of a scalar that is not null.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// The boolean that it is by YAML 1.2: `true` or `false` without quotes.
    pub fn bool(&self) -> Option<bool> {
        match &self.kind {
            NodeKind::Scalar { text, plain: true } => match text.as_str() {
                "true" | "True" | "TRUE" => Some(true),
                "false" | "False" | "FALSE" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The values of a list.
    pub fn list(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a mapping.
    pub fn map(&self) -> Option<&[Entry]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            _ => None,
        }
    }
}

/// Reads one document. The tree is there whenever one can be built, so that what stands in it can be
/// checked too; it is `None` for an empty file and after an error of syntax.
pub fn parse(source: &Source) -> (Option<Node>, Vec<Diagnostic>) {
    if source.text.len() > MAX_BYTES {
        let message = format!(
            "the file has {} bytes, and {MAX_BYTES} are the most that is read",
            source.text.len()
        );
        let diagnostic = Diagnostic::error_of_file("too-large", message)
            .help("keep data in files of their own and name them here");
        return (None, vec![diagnostic]);
    }
    build::build(&source.text)
}

#[cfg(test)]
mod tests;
