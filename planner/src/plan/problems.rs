//! What can be wrong with stages that are right by themselves.

use crate::diagnostic::Diagnostic;
use crate::model::{BaseIx, Model, Stage, StageIx};
use crate::source::Span;
use crate::suggest::list;

/// Stages that wait for each other, by an order that the file does not show.
pub(super) fn hidden_circle(model: &Model, circle: &[StageIx], span: Span) -> Diagnostic {
    let names = circle.iter().chain(circle.first());
    let names: Vec<_> = names.map(|ix| model.stages[ix.0].name.as_str()).collect();
    let message = format!(
        "these stages wait for each other: {}, each for the one before it",
        names.join(" -> ")
    );
    let mut found = Diagnostic::error("cycle", span, message).label("they meet here");
    for ix in circle {
        let stage = &model.stages[ix.0];
        found = found.also(stage.span, format!("`{}`", stage.name));
    }
    found.help(
        "a pip or wheel stage installs for the conda stage of its service, so that one cannot need it or lie over it",
    )
}

/// A stage that could install for more than one Python.
pub(super) fn several_interpreters(
    model: &Model,
    ix: StageIx,
    candidates: &[StageIx],
) -> Diagnostic {
    let stage = &model.stages[ix.0];
    let names: Vec<_> = candidates
        .iter()
        .map(|ix| model.stages[ix.0].name.as_str())
        .collect();
    let message = format!("`{}` could install for any of {}", stage.name, list(&names));
    Diagnostic::error("which-python", stage.span, message).help(format!(
        "say which: `needs: [{}]`, or name the interpreter: `python: /usr/bin/python3`",
        names[0]
    ))
}

/// A stage on one base in an image on another.
pub(super) fn wrong_base(model: &Model, ix: StageIx, base: BaseIx) -> Diagnostic {
    let stage = &model.stages[ix.0];
    let own = stage.on.map_or("", |on| model.base(on).name.as_str());
    let message = format!(
        "`{}` runs on `{own}`, but a service on `{}` has it: its changes would not fit there",
        stage.name,
        model.base(base).name
    );
    Diagnostic::error("base-mismatch", stage.span, message)
        .help("leave `on` out, or keep only some folders of it: `outputs: [/opt/tool]`")
}

/// A stage that writes inline files and names none. Only here, as a stage whose kind could not be read stands
/// for one too until what is wrong with it has been mended.
pub(super) fn no_files(stage: &Stage) -> Diagnostic {
    let message = format!("the stage `{}` does not say what to do", stage.name);
    Diagnostic::error("empty-stage", stage.span, message)
        .help("name a file: `/etc/motd: \"Hello\\n\"`")
}
