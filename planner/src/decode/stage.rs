//! How a stage is read: exactly one kind among its keys.

use super::fields::{Fields, Object};
use super::{Context, Decode};
use crate::diagnostic::Diagnostic;
use crate::spec::{CopySpec, Entries, KindSpec, StageSpec};
use crate::suggest::list;
use crate::yaml::Node;

/// The kinds, in the order in which messages list them.
const KINDS: &[&str] = &[
    "conda", "apt", "pip", "wheel", "npm", "fetch", "unpack", "copy", "files", "run", "image",
];

impl Object for StageSpec {
    const KEYS: &'static [&'static str] = &[
        "conda",
        "apt",
        "pip",
        "wheel",
        "npm",
        "fetch",
        "unpack",
        "copy",
        "files",
        "run",
        "image",
        "on",
        "needs",
        "after",
        "expensive",
    ];
    const SHORT: &'static str = "";
    const EXAMPLE: &'static str = "tools: { apt: [graphviz], on: python }";
    const HINTS: &'static [(&'static str, &'static str)] = &[
        ("base", "a stage names its base with `on`"),
        (
            "from",
            "a stage names its base with `on`, and stages below it with `needs`",
        ),
        (
            "depends_on",
            "a stage names those it runs on top of with `needs`",
        ),
        (
            "dockerfile",
            "stages from Dockerfiles are not supported: write the step as `run`, `apt`, `copy` …",
        ),
        (
            "platforms",
            "stages per platform are not supported: a build has one platform",
        ),
        (
            "variants",
            "variants are not supported: write a stage for each",
        ),
        (
            "env",
            "environment variables belong to `run`, or to the service's `image`",
        ),
        ("script", "write `run: { script: … }`"),
    ];

    /// A stage whose kind cannot be read stands for one that writes nothing, so that its name resolves.
    fn read(fields: &mut Fields<'_, '_>) -> Option<Self> {
        let kind = kind(fields).unwrap_or_else(|| KindSpec::Files(Entries::default()));
        Some(Self {
            kind,
            on: fields.value("on"),
            needs: fields.value("needs").unwrap_or_default(),
            after: fields.value("after").unwrap_or_default(),
            expensive: fields.value("expensive").unwrap_or_default(),
        })
    }
}

impl Decode for StageSpec {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        super::fields::decode(node, cx)
    }
}

/// Reads every kind that is there, so that what is wrong in it is found, and takes the first.
fn kind(fields: &mut Fields<'_, '_>) -> Option<KindSpec> {
    let mut given: Vec<_> = KINDS
        .iter()
        .filter_map(|kind| Some((fields.span_of(kind)?, *kind)))
        .collect();
    given.sort_unstable();
    match given.as_slice() {
        [] => missing(fields),
        [_] => {}
        [(first, a), (second, b), ..] => {
            let message = format!("a stage does one thing: `{a}` or `{b}`");
            let diagnostic = Diagnostic::error("two-kinds", *second, message)
                .label("and this")
                .also(*first, "this");
            let help = "make two stages of it; `needs` lets one run on top of the other";
            fields.cx.report(diagnostic.help(help));
        }
    }
    let kinds: Vec<_> = given.iter().map(|(_, kind)| one(fields, kind)).collect();
    kinds.into_iter().next().flatten()
}

/// Reports a stage without a kind, unless an unknown key, reported already, is likely meant to be it.
fn missing(fields: &mut Fields<'_, '_>) {
    if fields.puzzling {
        return;
    }
    let message = format!("nothing to do {}", fields.cx.place());
    let diagnostic =
        Diagnostic::error("no-kind", fields.head, message).label("this stage has no kind");
    let kinds = list(KINDS).replace(" and ", " or ");
    let diagnostic = diagnostic.help(format!("give it one of {kinds}"));
    fields.cx.report_key("", diagnostic);
}

fn one(fields: &mut Fields<'_, '_>, kind: &str) -> Option<KindSpec> {
    Some(match kind {
        "conda" => KindSpec::Conda(fields.value(kind)?),
        "apt" => KindSpec::Apt(fields.value(kind)?),
        "pip" => KindSpec::Pip(fields.value(kind)?),
        "wheel" => KindSpec::Wheel(fields.value(kind)?),
        "npm" => KindSpec::Npm(fields.value(kind)?),
        "fetch" => KindSpec::Fetch(fields.value(kind)?),
        "unpack" => KindSpec::Unpack(fields.value(kind)?),
        "copy" => KindSpec::Copy(fields.value::<Copies>(kind)?.0),
        "files" => KindSpec::Files(fields.value(kind)?),
        "run" => KindSpec::Run(fields.value(kind)?),
        "image" => KindSpec::Image(fields.value(kind)?),
        _ => return None,
    })
}

/// One copy or a list of them.
struct Copies(Vec<CopySpec>);

impl Decode for Copies {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        if node.list().is_some() {
            Vec::decode(node, cx).map(Self)
        } else {
            CopySpec::decode(node, cx).map(|copy| Self(vec![copy]))
        }
    }
}

#[cfg(test)]
pub(super) fn keys() -> Vec<(&'static str, Vec<&'static str>)> {
    super::fields::keys_of!(StageSpec)
}
