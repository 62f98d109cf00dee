//! The tree, built from the parser's events within the budgets.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use granit_parser::{Event, Parser, StructureStyle, Tag};

use super::{Entry, MAX_BYTES, MAX_DEPTH, MAX_NODES, Node, NodeKind, syntax};
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};

/// Builds the tree of `text`.
pub(super) fn build(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_anchor_events: false,
        flow_nesting_limit: 255,
        block_nesting_limit: 255,
    };
    let mut builder = Builder::new(text);
    for event in Parser::new_from_str_with_options(text, options) {
        let step = match event {
            Ok((event, span)) => builder.event(event, &span),
            Err(error) => Err(syntax::diagnostic(text, &error)),
        };
        if let Err(fatal) = step {
            builder.diagnostics.push(fatal);
            return (None, builder.diagnostics);
        }
    }
    (builder.root, builder.diagnostics)
}

/// How much a value holds, aliases written out.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
    height: usize,
}

/// A list or mapping whose end has not come.
struct Frame {
    start: usize,
    style: StructureStyle,
    anchor: usize,
    size: Size,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        merges: Vec<Node>,
        key: Option<Key>,
    },
}

/// A key whose value has not come.
enum Key {
    Text(Spanned<String>),
    Merge,
    /// One that is no text: reported, and its value is left out.
    Refused,
}

struct Builder<'t> {
    text: &'t str,
    stack: Vec<Frame>,
    anchors: HashMap<usize, (Node, Size)>,
    total: Size,
    documents: usize,
    root: Option<Node>,
    diagnostics: Vec<Diagnostic>,
}

type Step = Result<(), Diagnostic>;

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            stack: Vec::new(),
            anchors: HashMap::new(),
            total: Size::default(),
            documents: 0,
            root: None,
            diagnostics: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>, place: &granit_parser::Span) -> Step {
        let span = syntax::span(self.text, place);
        match event {
            Event::DocumentStart(..) => self.document(span),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), place);
                let plain = style == granit_parser::ScalarStyle::Plain;
                self.scalar(text.into_owned(), plain, anchor, span)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), place);
                self.open(style, anchor, span, Content::List(Vec::new()))
            }
            Event::MappingStart(style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), place);
                let content = Content::Map {
                    entries: Vec::new(),
                    merges: Vec::new(),
                    key: None,
                };
                self.open(style, anchor, span, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    fn document(&mut self, span: Span) -> Step {
        self.documents += 1;
        if self.documents > 1 {
            return Err(Diagnostic::error(
                "several-documents",
                span,
                "a second document starts here",
            )
            .help("remove the `---` and what follows: one file is one project"));
        }
        Ok(())
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, place: &granit_parser::Span) {
        if tag.is_none() {
            return;
        }
        let place = place.tag_span().unwrap_or(*place);
        let span = syntax::span(self.text, &place);
        self.diagnostics.push(
            Diagnostic::error("tag", span, "YAML tags have no meaning here")
                .help("remove the tag; write a text in quotes where it must stay a text"),
        );
    }

    fn scalar(&mut self, text: String, plain: bool, anchor: usize, span: Span) -> Step {
        let size = Size {
            nodes: 1,
            bytes: 0,
            height: 0,
        };
        let repeated = Size {
            bytes: text.len(),
            ..size
        };
        self.count(size, span)?;
        let node = Node {
            span,
            kind: NodeKind::Scalar { text, plain },
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), repeated));
        }
        self.add(node, repeated);
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Step {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return Err(Diagnostic::error(
                "alias-cycle",
                span,
                "the alias stands inside what it names",
            )
            .help("write the value out, or anchor a part that does not hold the alias"));
        };
        let (mut node, size) = (node.clone(), *size);
        self.count(size, span)?;
        if self.stack.len() + size.height > MAX_DEPTH {
            return Err(too_deep(span));
        }
        node.span = span;
        self.add(node, size);
        Ok(())
    }

    fn count(&mut self, size: Size, span: Span) -> Step {
        self.total.nodes += size.nodes;
        self.total.bytes += size.bytes;
        if self.total.nodes > MAX_NODES || self.total.bytes > MAX_BYTES {
            let message = format!(
                "with its aliases written out, the file holds more than {MAX_NODES} values or {MAX_BYTES} bytes"
            );
            return Err(Diagnostic::error("too-large", span, message)
                .label("here the limit is passed")
                .help("repeat less through aliases; keep data in files of their own"));
        }
        Ok(())
    }

    fn open(&mut self, style: StructureStyle, anchor: usize, span: Span, content: Content) -> Step {
        let size = Size {
            nodes: 1,
            bytes: 0,
            height: 1,
        };
        self.count(size, span)?;
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.stack.push(Frame {
            start: span.start,
            style,
            anchor,
            size,
            content,
        });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Step {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        let (kind, last) = match frame.content {
            Content::List(items) => {
                let last = items.last().map(|node| node.span.end);
                (NodeKind::List(Rc::new(items)), last)
            }
            Content::Map {
                entries, merges, ..
            } => {
                let last = entries.last().map(|entry| entry.value.span.end);
                let entries = self.distinct(entries);
                let entries = self.merged(entries, &merges);
                (NodeKind::Map(Rc::new(entries)), last)
            }
        };
        let end = match frame.style {
            StructureStyle::Flow => end.end,
            StructureStyle::Block => last.unwrap_or(frame.start),
        };
        let span = Span {
            start: frame.start,
            end: end.max(frame.start),
        };
        let node = Node { span, kind };
        if frame.anchor > 0 {
            self.anchors
                .insert(frame.anchor, (node.clone(), frame.size));
        }
        self.add(node, frame.size);
        Ok(())
    }

    /// Puts a finished value into what is open around it.
    fn add(&mut self, node: Node, size: Size) {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.size.nodes += size.nodes;
        frame.size.bytes += size.bytes;
        frame.size.height = frame.size.height.max(size.height + 1);
        match &mut frame.content {
            Content::List(items) => items.push(node),
            Content::Map {
                entries,
                merges,
                key,
            } => match key.take() {
                None => *key = Some(read_key(node, &mut self.diagnostics)),
                Some(Key::Text(key)) => entries.push(Entry { key, value: node }),
                Some(Key::Merge) => merges.push(node),
                Some(Key::Refused) => {}
            },
        }
    }

    /// The entries without those whose key stood before, each of which is reported.
    fn distinct(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut first = BTreeMap::new();
        let mut twice = Vec::new();
        for (index, Entry { key, .. }) in entries.iter().enumerate() {
            if let Some(before) = first.get(key.value.as_str()) {
                self.diagnostics.push(duplicate_key(key, *before));
                twice.push(index);
            } else {
                first.insert(key.value.as_str(), key.span);
            }
        }
        if twice.is_empty() {
            return entries;
        }
        let keep = |index: &usize| twice.binary_search(index).is_err();
        let indexed = entries.into_iter().enumerate();
        indexed
            .filter(|(index, _)| keep(index))
            .map(|(_, entry)| entry)
            .collect()
    }

    /// The entries and those of the mappings merged into them, whose own keys give way.
    fn merged(&mut self, mut entries: Vec<Entry>, merges: &[Node]) -> Vec<Entry> {
        let sources = merges.iter().flat_map(|merge| match &merge.kind {
            NodeKind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(merge),
        });
        for source in sources {
            let Some(from) = source.map() else {
                self.diagnostics.push(
                    Diagnostic::error("merge", source.span, "`<<` merges mappings only")
                        .help("give an alias of a mapping, or a list of them: `<<: *common`"),
                );
                continue;
            };
            let present: std::collections::BTreeSet<String> = entries
                .iter()
                .map(|entry| entry.key.value.clone())
                .collect();
            let new = from
                .iter()
                .filter(|entry| !present.contains(&entry.key.value));
            entries.extend(new.cloned());
        }
        entries
    }
}

fn read_key(node: Node, diagnostics: &mut Vec<Diagnostic>) -> Key {
    let null = node.is_null();
    match node.kind {
        NodeKind::Scalar { text, plain: true } if text == "<<" => Key::Merge,
        NodeKind::Scalar { text, .. } if !null => Key::Text(Spanned::new(text, node.span)),
        _ => {
            diagnostics.push(
                Diagnostic::error("key", node.span, "a key must be a text").help(
                    "a text that starts with `{` or `[` needs quotes: `\"{service}:latest\"`",
                ),
            );
            Key::Refused
        }
    }
}

fn duplicate_key(key: &Spanned<String>, before: Span) -> Diagnostic {
    let message = format!("the key `{}` stands twice", key.value);
    Diagnostic::error("duplicate-key", key.span, message)
        .label("again here")
        .also(before, "first here")
        .help("rename or remove one of the two")
}

fn too_deep(span: Span) -> Diagnostic {
    let message = format!("lists and mappings stand more than {MAX_DEPTH} deep in each other");
    Diagnostic::error("too-deep", span, message)
        .help("no key of this file needs such depth: look for a bracket that is not closed")
}
