//! Metadata and source maps; the Go side is `tests/golden/described.go`.

use buildkit_llb::{
    Annotate, Definition, Diff, Exec, FileOps, Merge, Mkdir, Range, Source, SourceMap,
};

use super::execs::sh;
use super::{Graphs, SOME_DIGEST, alpine, context, platform};

pub(crate) fn graphs() -> Graphs {
    let base = alpine().build()?;
    let run = || sh("true").root(base.clone());
    let same = || sh("same").root(base.clone());
    let finish = |exec: Exec| exec.build()?.root_output();
    let both = |one: Exec, two: Exec| Ok(Merge::of([finish(one)?, finish(two)?]).build());
    let lines = |first, last| [Range::lines(first, last)];

    let file = || SourceMap::new("layercake.yaml", "YAML", "stages:\n  a: {}\n");
    let (yaml, again) = (file(), file());
    let other = SourceMap::new("other.yaml", "YAML", "");
    let context = context().build()?;
    let read = SourceMap::new("layercake.yaml", "YAML", "x").read_from(Definition::of(&context));
    let exact = [
        Range {
            start: (2, 4),
            end: (2, 9),
        },
        Range {
            start: (7, 0),
            end: (9, 1),
        },
    ];

    let mut graphs = vec![
        ("described-sources", described_sources()?),
        (
            "described-twice",
            both(
                same()
                    .described("a", "1")
                    .described("b", "1")
                    .progress_group("1", "one", false),
                same()
                    .described("b", "2")
                    .described("c", "2")
                    .ignore_cache()
                    .export_cache(false),
            )?,
        ),
        (
            "located-twice",
            both(
                same().located(&yaml, lines(1, 1)),
                same().located(&other, lines(2, 2)),
            )?,
        ),
    ];
    let execs = vec![
        ("named", run().named("run the tests")),
        (
            "described",
            run()
                .described("z", "1")
                .described("a", "2")
                .described("empty", ""),
        ),
        ("ignore-cache", run().ignore_cache()),
        ("export-cache", run().export_cache(true)),
        ("no-export-cache", run().export_cache(false)),
        ("progress-group", run().progress_group("id", "group", false)),
        (
            "progress-group-own",
            run().progress_group("id", "group", true),
        ),
        (
            "worker-filter",
            run()
                .worker_filter("label.gpu==yes")
                .worker_filter("id~=^a"),
        ),
        ("located", run().located(&yaml, lines(1, 2))),
        ("located-exactly", run().located(&yaml, exact)),
        (
            "located-two-files",
            sh("x")
                .root(alpine().located(&other, lines(3, 3)).build()?)
                .located(&yaml, lines(1, 1))
                .located(&other, lines(2, 2)),
        ),
        (
            "located-one-file",
            sh("x")
                .root(alpine().located(&yaml, lines(1, 1)).build()?)
                .located(&again, lines(2, 2)),
        ),
        ("located-nowhere", run().located(&yaml, [])),
        ("located-read-from", run().located(&read, lines(1, 1))),
    ];
    for (name, exec) in execs {
        graphs.push((name, Some(finish(exec)?)));
    }
    Ok(graphs)
}

/// One operation of every kind but commands, each with a name.
fn described_sources() -> Result<Option<buildkit_llb::Output>, buildkit_llb::LlbError> {
    let base = alpine().build()?;
    let dir = FileOps::on(base.clone())
        .mkdir("/a", Mkdir::default())
        .named("file")
        .build()?;
    let oci = Source::oci_layout(format!("a@{SOME_DIGEST}")).platform(platform("linux/amd64"));
    let inputs = [
        Some(alpine().named("image").build()?),
        Some(context().named("local").build()?),
        Some(
            Source::http("https://example.com/a")
                .named("http")
                .build()?,
        ),
        Some(
            Source::git("https://example.com/a", "")
                .named("git")
                .build()?,
        ),
        Some(oci.named("oci").build()?),
        Diff::between(base, dir).named("diff").build(),
    ];
    Ok(Merge::of(inputs).named("merge").build())
}
