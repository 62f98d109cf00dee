//! Graphs of the shapes that builds have; the Go side is `tests/golden/pipelines.go`.

use buildkit_llb::{
    CopyMode, CopyOptions, Exec, FileOps, LlbError, Merge, Mkdir, Mkfile, Mount, Output, Sharing,
    Source,
};

use super::execs::sh;
use super::{Graphs, SOME_DIGEST, alpine, context, image, platform};

pub(crate) fn graphs() -> Graphs {
    Ok(vec![
        ("pipeline-conda", conda()?),
        ("pipeline-wheels", wheels()?),
        ("pipeline-fan-in", fan_in()?),
        ("pipeline-diamond", diamond()?),
    ])
}

/// A large environment under a prefix, merged onto a base that it does not depend on.
fn conda() -> Result<Option<Output>, LlbError> {
    let spec = FileOps::on(None)
        .mkfile(
            "/packages.yaml",
            "dependencies: [python=3.11]\n",
            Mkfile::default(),
        )
        .build()?;
    let prefix = FileOps::on(None)
        .mkdir(
            "/opt/conda",
            Mkdir {
                parents: true,
                ..Mkdir::default()
            },
        )
        .build()?;
    let env = Exec::new(["micromamba", "install", "-y", "-f", "/spec/packages.yaml"])
        .root(image("mambaorg/micromamba:1.5.8").build()?)
        .read_only_root()
        .env("HOME", "/root")
        .mount(Mount::bind(spec, "/spec").read_only())
        .mount(Mount::cache("/var/cache/conda", "conda", Sharing::Locked))
        .mount(Mount::tmpfs("/root"))
        .mount(Mount::tmpfs("/tmp"))
        .mount(Mount::bind(prefix, "/opt/conda").selector("/opt/conda"))
        .build()?;
    Ok(Merge::of([
        image("python:3.11-slim").build()?,
        env.output("/opt/conda")?,
    ])
    .build())
}

/// One library built once and installed into two services.
fn wheels() -> Result<Option<Output>, LlbError> {
    let context = context().follow_paths(["common", "one", "two"]).build()?;
    let build = |name: &str, deps: &[&Output]| -> Result<Output, LlbError> {
        let mode = Some(CopyMode::Symbolic("u=rwX,go=rX".to_owned()));
        let options = CopyOptions {
            mode,
            ..CopyOptions::default()
        };
        let source = FileOps::on(None)
            .copy(context.clone(), format!("/{name}"), "/src", options)
            .build()?;
        let mut exec = sh("pip wheel /src")
            .root(image("python:3.11-slim").build()?)
            .mount(Mount::bind(source, "/src").read_only())
            .mount(Mount::bind(None, "/out"));
        for (number, &dep) in deps.iter().enumerate() {
            exec = exec.mount(Mount::bind(dep.clone(), format!("/deps/{number}")).read_only());
        }
        exec.build()?.output("/out")
    };
    let common = build("common", &[])?;
    Ok(Merge::of([build("one", &[&common])?, build("two", &[&common])?]).build())
}

/// Many sources in one operation, more than any order by accident would keep.
fn fan_in() -> Result<Option<Output>, LlbError> {
    let mut exec = sh("link").root(alpine().build()?);
    for number in 0..30 {
        let package = Source::http(format!("https://example.com/{number}.conda"))
            .checksum(SOME_DIGEST)
            .filename(format!("{number}.conda"))
            .build()?;
        exec = exec.mount(Mount::bind(package, format!("/packages/{number}")).read_only());
    }
    Ok(Some(exec.build()?.root_output()?))
}

/// One vertex reached by several ways.
fn diamond() -> Result<Option<Output>, LlbError> {
    let base = alpine().build()?;
    let left = sh("left").root(base.clone()).build()?.root_output()?;
    let right = sh("right").root(base.clone()).build()?.root_output()?;
    let both = FileOps::on(left.clone())
        .copy(right.clone(), "/r", "/r", CopyOptions::default())
        .copy(base, "/b", "/b", CopyOptions::default())
        .build()?;
    let end = sh("end")
        .root(Merge::of([right, both, left.clone()]).build())
        .mount(Mount::bind(left, "/left").read_only())
        .platform(platform("linux/amd64"));
    Ok(Some(end.build()?.root_output()?))
}
