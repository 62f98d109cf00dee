//! The tree, built from the parser's events within the budgets.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, Parser, StructureStyle, Tag};

use super::mapping::{self, Key};
use super::syntax;
use super::{Entry, MAX_BYTES, MAX_DEPTH, MAX_NODES, Node, NodeKind};
use crate::diagnostic::Diagnostic;
use crate::findings::Findings;
use crate::source::Span;

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
            Err(error) => Err(Box::new(syntax::diagnostic(text, &error))),
        };
        if let Err(fatal) = step {
            builder.findings.push(*fatal);
            return (None, builder.findings.into_diagnostics());
        }
    }
    (builder.root, builder.findings.into_diagnostics())
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

struct Builder<'t> {
    text: &'t str,
    stack: Vec<Frame>,
    anchors: HashMap<usize, (Node, Size)>,
    total: Size,
    documents: usize,
    root: Option<Node>,
    findings: Findings,
}

/// `Err` holds what makes reading on pointless.
type Step = Result<(), Box<Diagnostic>>;

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            stack: Vec::new(),
            anchors: HashMap::new(),
            total: Size::default(),
            documents: 0,
            root: None,
            findings: Findings::default(),
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
            Event::SequenceEnd | Event::MappingEnd => {
                self.close(span);
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    fn document(&mut self, span: Span) -> Step {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let message = "a second document starts here";
        let diagnostic = Diagnostic::error("several-documents", span, message);
        Err(Box::new(diagnostic.help(
            "remove the `---` and what follows: one file is one project",
        )))
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, place: &granit_parser::Span) {
        if tag.is_none() {
            return;
        }
        let place = place.tag_span().unwrap_or(*place);
        let span = syntax::span(self.text, &place);
        self.findings.push(
            Diagnostic::error("yaml-tag", span, "YAML tags have no meaning here")
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
            let message = "the alias stands inside what it names";
            let diagnostic = Diagnostic::error("alias-cycle", span, message);
            return Err(Box::new(diagnostic.help(
                "write the value out, or anchor a part that does not hold the alias",
            )));
        };
        let size = *size;
        let node = Node {
            span,
            kind: node.kind.clone(),
        };
        self.count(size, span)?;
        if self.stack.len() + size.height > MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.add(node, size);
        Ok(())
    }

    fn count(&mut self, size: Size, span: Span) -> Step {
        self.total.nodes += size.nodes;
        self.total.bytes += size.bytes;
        if self.total.nodes <= MAX_NODES && self.total.bytes <= MAX_BYTES {
            return Ok(());
        }
        let message = format!(
            "the file holds more than {MAX_NODES} values, or its aliases repeat more than {MAX_BYTES} bytes"
        );
        let diagnostic = Diagnostic::error("too-large", span, message);
        Err(Box::new(diagnostic.label("here the limit is passed").help(
            "repeat less through aliases; keep data in files of their own",
        )))
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

    fn close(&mut self, end: Span) {
        let Some(frame) = self.stack.pop() else {
            return;
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
                let entries = mapping::distinct(entries, &mut self.findings);
                let entries = mapping::merged(entries, &merges, &mut self.findings);
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
                None => *key = Some(mapping::key(node, &mut self.findings)),
                Some(Key::Text(key)) => entries.push(Entry { key, value: node }),
                Some(Key::Merge) => merges.push(node),
                Some(Key::Refused) => {}
            },
        }
    }
}

fn too_deep(span: Span) -> Box<Diagnostic> {
    let message = format!("lists and mappings stand more than {MAX_DEPTH} deep in each other");
    let diagnostic = Diagnostic::error("too-deep", span, message);
    Box::new(diagnostic.help(syntax::TOO_DEEP))
}
