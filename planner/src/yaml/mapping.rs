//! What is particular to mappings: keys, keys that stand twice, and merge keys.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Node, NodeKind};
use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::source::{Span, Spanned};
use crate::suggest::shown;

/// A key whose value has not come.
pub(super) enum Key {
    /// One that names its value.
    Text(Spanned<String>),
    /// `<<`, whose value is merged into the mapping.
    Merge,
    /// One that is no text: reported, and its value is left out.
    Refused,
}

/// What a value that stands as a key means.
pub(super) fn key(node: Node, findings: &mut Findings) -> Key {
    let null = node.is_null();
    match node.kind {
        NodeKind::Scalar { text, plain: true } if text == "<<" => Key::Merge,
        NodeKind::Scalar { text, .. } if !null => Key::Text(Spanned::new(text, node.span)),
        _ => {
            findings.push(
                Diagnostic::error("key", node.span, "a key must be a text").help(
                    "a text that starts with `{` or `[` needs quotes: `\"{service}:latest\"`",
                ),
            );
            Key::Refused
        }
    }
}

/// The entries without those whose key stood before, each of which is reported.
pub(super) fn distinct(entries: Vec<Entry>, findings: &mut Findings) -> Vec<Entry> {
    let mut first = BTreeMap::new();
    let mut again = BTreeSet::new();
    for (index, Entry { key, .. }) in entries.iter().enumerate() {
        if let Some(before) = first.get(key.value.as_str()) {
            findings.push(duplicate(key, *before));
            again.insert(index);
        } else {
            first.insert(key.value.as_str(), key.span);
        }
    }
    if again.is_empty() {
        return entries;
    }
    let indexed = entries.into_iter().enumerate();
    indexed
        .filter(|(index, _)| !again.contains(index))
        .map(|(_, entry)| entry)
        .collect()
}

fn duplicate(key: &Spanned<String>, before: Span) -> Diagnostic {
    let message = format!("the key {} stands twice", shown(&key.value));
    Diagnostic::error("duplicate-key", key.span, message)
        .label("again here")
        .also(before, "first here")
        .help("rename or remove one of the two")
}

/// The entries, and after them those of the mappings merged in whose keys are new.
pub(super) fn merged(
    mut entries: Vec<Entry>,
    merges: &[Node],
    findings: &mut Findings,
) -> Vec<Entry> {
    if merges.is_empty() {
        return entries;
    }
    let mut present: BTreeSet<String> = entries.iter().map(|e| e.key.value.clone()).collect();
    let sources = merges.iter().flat_map(|merge| match &merge.kind {
        NodeKind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(merge),
    });
    for source in sources {
        match source.map() {
            Some(from) => {
                let new = |entry: &&Entry| present.insert(entry.key.value.clone());
                entries.extend(from.iter().filter(new).cloned());
            }
            None => findings.push(
                Diagnostic::error("merge", source.span, "`<<` merges mappings only")
                    .help("give an alias of a mapping, or a list of them: `<<: *common`"),
            ),
        }
    }
    entries
}
