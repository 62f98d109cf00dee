//! `layercake.yaml` to a [`Spec`]: every error of syntax and shape is found here, names are not looked up.

use crate::decode::{Context, Decode};
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::spec::Spec;
use crate::yaml;

/// Reads the file.
///
/// The Spec mirrors the file and decides nothing. What could not be read is reported and left out, so that
/// reading goes on; a stage whose kind is wrong stays as one that writes nothing, so that its name resolves.
/// After an error the Spec serves to find more errors, and nothing may be built from it.
///
/// ```
/// use layercake_planner::{parse::parse, render, source::Source};
///
/// let text = "stages: { tools: { apt: [graphviz], need: [base] } }";
/// let source = Source { name: "layercake.yaml".into(), text: text.into() };
/// let (spec, diagnostics) = parse(&source);
/// assert_eq!(spec.stages.names().collect::<Vec<_>>(), ["tools"]);
/// assert_eq!(diagnostics[0].code, "unknown-key");
///
/// let shown = render::render(&source, &diagnostics, render::Style::default());
/// assert!(shown.starts_with("error[unknown-key]: unknown key `need` in `stages.tools`"));
/// assert!(shown.contains("did you mean `needs`?"));
/// ```
pub fn parse(source: &Source) -> (Spec, Vec<Diagnostic>) {
    let (root, mut diagnostics) = yaml::parse(source);
    let spec = match &root {
        Some(root) if !root.is_null() => {
            let mut cx = Context::default();
            let spec = Spec::decode(root, &mut cx);
            diagnostics.extend(cx.into_diagnostics());
            spec
        }
        _ => {
            if diagnostics.is_empty() {
                diagnostics.push(empty(source));
            }
            None
        }
    };
    (spec.unwrap_or_default(), diagnostics)
}

fn empty(source: &Source) -> Diagnostic {
    let message = format!("{} holds nothing to build", source.name);
    Diagnostic::error_of_file("empty-file", message)
        .help("start with `services: { web: { base: python, stages: [] } }` and `bases: { python: python:3.12-slim }`")
}

#[cfg(test)]
mod tests;
