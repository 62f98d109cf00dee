//! A mapping with known keys: what is read, what is unknown, what is missing.

use super::check::Check;
use super::values::{checked_entries, checked_text};
use super::{Context, Crumb, Decode};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::spec::{Entries, Text};
use crate::suggest::{list, shown, suggest};
use crate::yaml::{Entry, Node};

/// A type that stands in the file as a mapping with known keys.
pub(crate) trait Object: Sized {
    /// The keys it takes.
    const KEYS: &'static [&'static str];
    /// The key that a value in place of the mapping is short for; empty if there is none.
    const SHORT: &'static str;
    /// How it may look.
    const EXAMPLE: &'static str;
    /// Keys that people try here, and what to write in their place.
    const HINTS: &'static [(&'static str, &'static str)] = &[];
    /// Whether keys that start with `x-` are left alone: a place for anchors, as in Compose files.
    const EXTENSIBLE: bool = false;
    /// Reads it.
    fn read(fields: &mut Fields<'_, '_>) -> Option<Self>;
}

/// Implements [`Object`] and [`Decode`]: one line per key, with how [`Fields`] reads it.
macro_rules! object {
    (
        $type:ident, example: $example:literal, $(short: $short:literal,)? $(rule: $rule:path,)?
        $(hints: [$($hint:expr),* $(,)?],)? $(extensible: $extensible:literal,)?
        { $($key:literal => $field:ident: $how:ident $(($check:expr))?),* $(,)? }
    ) => {
        impl $crate::decode::fields::Object for $type {
            const KEYS: &'static [&'static str] = &[$($key),*];
            const SHORT: &'static str = concat!($($short)?);
            const EXAMPLE: &'static str = $example;
            $(const HINTS: &'static [(&'static str, &'static str)] = &[$($hint),*];)?
            $(const EXTENSIBLE: bool = $extensible;)?
            fn read(fields: &mut $crate::decode::fields::Fields<'_, '_>) -> Option<Self> {
                $(let $field = fields.$how($key $(, $check)?);)*
                $($rule(fields);)?
                Some(Self { $($field: $field?),* })
            }
        }
        impl $crate::decode::Decode for $type {
            fn decode<'n>(
                node: &'n $crate::yaml::Node,
                cx: &mut $crate::decode::Context<'n>,
            ) -> Option<Self> {
                $crate::decode::fields::decode(node, cx)
            }
        }
    };
}
pub(super) use object;

/// A mapping that is being read.
pub(crate) struct Fields<'c, 'n> {
    /// What reading carries along.
    pub(crate) cx: &'c mut Context<'n>,
    source: Keys<'n>,
    example: &'static str,
    /// Where a finding of the mapping as a whole stands.
    pub(crate) head: Span,
    /// Whether it has a key that is not known.
    pub(crate) puzzling: bool,
}

/// The entries of a mapping, or the one key that a short form stands for.
#[derive(Clone, Copy)]
enum Keys<'n> {
    Mapping(&'n [Entry]),
    Short(&'static str, &'n Node),
}

/// Reads a mapping with known keys, or its short form.
pub(crate) fn decode<'n, T: Object>(node: &'n Node, cx: &mut Context<'n>) -> Option<T> {
    let source = match node.map() {
        Some(entries) => Keys::Mapping(entries),
        None if T::SHORT.is_empty() || node.is_null() => {
            let help = format!("write for example `{}`", T::EXAMPLE);
            return cx.wrong_type(node, "a mapping", &help);
        }
        None => Keys::Short(T::SHORT, node),
    };
    let head = cx.head(node);
    let mut fields = Fields {
        cx,
        source,
        example: T::EXAMPLE,
        head,
        puzzling: false,
    };
    fields.refuse_unknown::<T>();
    T::read(&mut fields)
}

impl<'n> Fields<'_, 'n> {
    /// A key that must be there.
    pub(crate) fn required<T: Decode>(&mut self, key: &str) -> Option<T> {
        if !self.has(key) {
            let message = format!("missing key `{key}` {}", self.cx.place());
            let diagnostic = Diagnostic::error("missing-key", self.head, message)
                .label(format!("`{key}` is required here"))
                .help(format!("write for example `{}`", self.example));
            self.cx.report_key(key, diagnostic);
        }
        self.value(key)
    }

    /// A key that may be left out.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "`object!` treats all readers alike"
    )]
    #[expect(
        clippy::option_option,
        reason = "the outer is the reader's, the inner the type's"
    )]
    pub(crate) fn optional<T: Decode>(&mut self, key: &str) -> Option<Option<T>> {
        Some(self.value(key))
    }

    /// A key that has a default.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "`object!` treats all readers alike"
    )]
    pub(crate) fn default<T: Decode + Default>(&mut self, key: &str) -> Option<T> {
        Some(self.value(key).unwrap_or_default())
    }

    /// A text of a certain form that may be left out.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "`object!` treats all readers alike"
    )]
    #[expect(
        clippy::option_option,
        reason = "the outer is the reader's, the inner the type's"
    )]
    pub(crate) fn checked(&mut self, key: &str, check: Check) -> Option<Option<Text>> {
        Some(self.read(key, |node, cx| checked_text(node, cx, check)))
    }

    /// A list of texts of a certain form.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "`object!` treats all readers alike"
    )]
    pub(crate) fn each(&mut self, key: &str, check: Check) -> Option<Vec<Text>> {
        let read =
            |node, cx: &mut _| super::values::list(node, cx, |n, c| checked_text(n, c, check));
        Some(self.read(key, read).unwrap_or_default())
    }

    /// A mapping whose keys are names of a certain form.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "`object!` treats all readers alike"
    )]
    pub(crate) fn named<T: Decode>(&mut self, key: &str, check: Check) -> Option<Entries<T>> {
        let entries = self.read(key, |node, cx| checked_entries(node, cx, Some(check)));
        Some(entries.unwrap_or_default())
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.span_of(key).is_some()
    }

    /// Where a key stands.
    pub(crate) fn span_of(&self, key: &str) -> Option<Span> {
        match self.source {
            Keys::Mapping(entries) => find(entries, key).map(|entry| entry.key.span),
            Keys::Short(short, node) => (short == key).then_some(node.span),
        }
    }

    /// The value of a key, if it is there and right.
    pub(crate) fn value<T: Decode>(&mut self, key: &str) -> Option<T> {
        self.read(key, T::decode)
    }

    fn read<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&'n Node, &mut Context<'n>) -> Option<T>,
    ) -> Option<T> {
        match self.source {
            Keys::Mapping(entries) => {
                let entry = find(entries, key)?;
                let crumb = Crumb::Key(&entry.key);
                self.cx.within(crumb, |cx| read(&entry.value, cx))
            }
            Keys::Short(short, node) if short == key => read(node, self.cx),
            Keys::Short(..) => None,
        }
    }

    /// Reports every key that the type does not take.
    fn refuse_unknown<T: Object>(&mut self) {
        let Keys::Mapping(entries) = self.source else {
            return;
        };
        for Entry { key, .. } in entries {
            let name = key.value.as_str();
            let free = T::EXTENSIBLE && name.starts_with("x-");
            if !free && !T::KEYS.contains(&name) {
                let message = format!("unknown key {} {}", shown(name), self.cx.place());
                let diagnostic = Diagnostic::error("unknown-key", key.span, message);
                self.cx.report_key(name, advise::<T>(name, diagnostic));
                self.puzzling = true;
            }
        }
    }
}

/// Says what to write in place of an unknown key.
fn advise<T: Object>(name: &str, diagnostic: Diagnostic) -> Diagnostic {
    let hint = T::HINTS.iter().find(|(tried, _)| *tried == name);
    let similar = suggest(name, T::KEYS.iter().copied());
    let diagnostic = match (hint, similar) {
        (Some((_, hint)), _) => diagnostic.help(*hint),
        (None, Some(similar)) => diagnostic.label(format!("did you mean `{similar}`?")),
        (None, None) => diagnostic,
    };
    diagnostic.help(format!("the keys here are {}", list(T::KEYS)))
}

fn find<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Entry> {
    entries.iter().find(|entry| entry.key.value == key)
}

/// The keys of several types, by name of type.
#[cfg(test)]
macro_rules! keys_of {
    ($($type:ident),* $(,)?) => {
        vec![$((stringify!($type), <$type as $crate::decode::fields::Object>::KEYS.to_vec())),*]
    };
}
#[cfg(test)]
pub(super) use keys_of;
