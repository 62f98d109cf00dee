//! Writes a small definition for `buildctl`:
//!
//! ```sh
//! cargo run -p buildkit-llb --example greeting | buildctl build --progress plain
//! ```

use std::io::{self, Write};

use buildkit_llb::{
    Annotate, Definition, Diff, Exec, FileOps, Merge, Mkdir, Mkfile, Mount, Network, Range,
    Sharing, Source, SourceMap,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = SourceMap::new("greeting.rs", "Rust", include_bytes!("greeting.rs"));
    let base = Source::image("python:3.11-slim").named("base").build()?;
    let words = FileOps::on(None)
        .mkfile("/words", "hello world\n", Mkfile::default())
        .named("words")
        .build()?;
    let out = FileOps::on(None)
        .mkdir("/greetings", Mkdir::default())
        .named("where greetings go")
        .build()?;
    let greet = Exec::new([
        "/bin/sh",
        "-c",
        "tr a-z A-Z < /in/words | tee /greetings/loud && touch /touched",
    ])
    .root(base.clone())
    .mount(Mount::bind(words, "/in").read_only())
    .mount(Mount::cache(
        "/var/cache/greeting",
        "greeting",
        Sharing::Locked,
    ))
    .mount(Mount::tmpfs("/tmp"))
    .mount(Mount::bind(out, "/greetings").selector("/greetings"))
    .network(Network::None)
    .named("greet")
    .located(&file, [Range::lines(line!(), line!())])
    .build()?;
    let changes = Diff::between(base.clone(), greet.root_output()?)
        .named("what else changed")
        .build();
    let all = Merge::of([Some(base), Some(greet.output("/greetings")?), changes])
        .named("all")
        .build();
    let check = Exec::new(["/bin/sh", "-c", "cat /greetings/loud && test -e /touched"])
        .root(all)
        .named("check")
        .build()?;

    let definition = Definition::of(&check.root_output()?);
    for digest in definition.digests() {
        writeln!(io::stderr(), "{digest}")?;
    }
    io::stdout().write_all(&definition.to_bytes())?;
    Ok(())
}
