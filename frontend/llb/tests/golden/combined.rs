//! Merge, diff and import; the Go side is `tests/golden/combined.go`.

use buildkit_llb::{Annotate, Definition, Diff, LlbError, Merge, Mount, Output, Range, SourceMap};
use buildkit_proto::pb;
use prost::Message;

use super::execs::sh;
use super::{Graphs, alpine, context, image, platform};

pub(crate) fn graphs() -> Graphs {
    let base = alpine().build()?;
    let tool = image("tool").build()?;
    let ctx = context().build()?;
    let installed = sh("install").root(base.clone()).build()?.root_output()?;
    let other = sh("other").root(base.clone()).build()?.root_output()?;
    let arm = alpine().platform(platform("linux/arm64")).build()?;
    let scratch: Option<Output> = None;
    let on_base = |upper: &Output| Diff::between(base.clone(), upper.clone()).build();
    let run = |root| sh("true").root(root).build()?.root_output();
    let yaml = SourceMap::new("layercake.yaml", "YAML", "stages:\n");
    let first = sh("first")
        .root(base.clone())
        .named("kept")
        .build()?
        .root_output()?;
    let located = sh("install")
        .root(base.clone())
        .named("imported")
        .located(&yaml, [Range::lines(1, 2)])
        .mount(Mount::bind(ctx.clone(), "/src").read_only())
        .build()?
        .root_output()?;
    Ok(vec![
        ("imported", import(&installed)?),
        ("imported-inherit", Some(run(import(&arm)?)?)),
        (
            "imported-scratch",
            Output::import(&pb::Definition::default())?,
        ),
        (
            "imported-mixed",
            Merge::of([Some(first), import(&located)?]).build(),
        ),
        ("scratch", None),
        (
            "merge",
            Merge::of([&base, &tool, &ctx].map(Clone::clone)).build(),
        ),
        (
            "merge-scratch",
            Merge::of([None, Some(base.clone()), None, Some(tool)]).build(),
        ),
        ("merge-one", Merge::of([None, Some(base.clone())]).build()),
        ("merge-none", Merge::of([scratch.clone(), None]).build()),
        (
            "merge-same",
            Merge::of([base.clone(), base.clone()]).build(),
        ),
        (
            "merge-run",
            Some(run(Merge::of([arm.clone(), ctx.clone()]).build())?),
        ),
        ("diff", on_base(&installed)),
        (
            "diff-from-scratch",
            Diff::between(None, installed.clone()).build(),
        ),
        ("diff-to-scratch", Diff::between(base.clone(), None).build()),
        ("diff-nothing", Diff::between(scratch, None).build()),
        ("diff-same", on_base(&base)),
        ("diff-run", Some(run(Diff::between(arm, ctx).build())?)),
        (
            "merge-diffs",
            Merge::of([Some(base.clone()), on_base(&installed), on_base(&other)]).build(),
        ),
    ])
}

/// The output after it went over the wire once.
fn import(output: &Output) -> Result<Option<Output>, LlbError> {
    let bytes = Definition::of(output).to_bytes();
    Output::import(&pb::Definition::decode(bytes.as_slice()).unwrap())
}
