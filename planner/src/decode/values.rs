//! The values that are not mappings with known keys: texts, numbers, booleans, lists, maps of names.

use super::check::Check;
use super::{Context, Crumb, Decode};
use crate::diagnostic::Diagnostic;
use crate::source::Spanned;
use crate::spec::{Entries, Text};
use crate::yaml::Node;

/// A number or boolean is a text too, as it was written: `python: 3.10` stays "3.10".
impl Decode for Text {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        match node.text() {
            Some(text) => Some(Spanned::new(text.to_owned(), node.span)),
            None => cx.wrong_type(node, "a text", "write one value here"),
        }
    }
}

impl Decode for bool {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        let value = node.bool();
        if value.is_none() {
            return cx.wrong_type(node, "a boolean", "write `true` or `false`, without quotes");
        }
        value
    }
}

impl Decode for Spanned<u32> {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        match node.text().and_then(|text| text.parse().ok()) {
            Some(number) => Some(Spanned::new(number, node.span)),
            None => cx.wrong_type(node, "a whole number", "write for example `3`"),
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        list(node, cx, T::decode)
    }
}

impl<T: Decode> Decode for Entries<T> {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        checked_entries(node, cx, None)
    }
}

/// A list whose entries `read` reads.
pub(super) fn list<'n, T>(
    node: &'n Node,
    cx: &mut Context<'n>,
    read: impl Fn(&'n Node, &mut Context<'n>) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(items) = node.list() else {
        let help = match (cx.key(), node.text()) {
            (Some(key), Some(text)) if text.len() < 60 && !text.contains('\n') => {
                format!("write `{}: [{text}]`", key.value)
            }
            _ => "write its entries in `[` and `]`, or each on a line of its own after `- `".into(),
        };
        return cx.wrong_type(node, "a list", &help);
    };
    let read_at = |(index, item)| cx.within(Crumb::Index(index), |cx| read(item, cx));
    Some(items.iter().enumerate().filter_map(read_at).collect())
}

/// A mapping of names; what is wrong with a name is reported, and its value is kept all the same.
pub(super) fn checked_entries<'n, T: Decode>(
    node: &'n Node,
    cx: &mut Context<'n>,
    check: Option<Check>,
) -> Option<Entries<T>> {
    let Some(entries) = node.map() else {
        let help = "write `name: value` lines below it";
        return cx.wrong_type(node, "a mapping", help);
    };
    let mut read = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Some(check) = check {
            verify(&entry.key, cx, check);
        }
        let value = cx.within(Crumb::Key(&entry.key), |cx| T::decode(&entry.value, cx));
        read.extend(value.map(|value| (entry.key.clone(), value)));
    }
    Some(Entries(read))
}

/// A text of a certain form.
pub(super) fn checked_text<'n>(node: &'n Node, cx: &mut Context<'n>, check: Check) -> Option<Text> {
    let text = Text::decode(node, cx)?;
    verify(&text, cx, check).then_some(text)
}

fn verify(text: &Text, cx: &mut Context<'_>, check: Check) -> bool {
    let Err(problem) = check(&text.value) else {
        return true;
    };
    let diagnostic = Diagnostic::error(problem.code, text.span, problem.message);
    cx.report(diagnostic.help(problem.help));
    false
}
