//! docs/cli.md, written from the command line itself.

use std::fmt::Write;
use std::path::Path;

use clap::Command;

use crate::args;

const HEAD: &str = "# The command line

Written from `layercake --help` by a test of `frontend/cli`; `UPDATE_DOCS=1 cargo test -p layercake` writes it again.
Data goes to stdout, everything else to stderr.
";

fn reference() -> String {
    let mut out = HEAD.to_owned();
    let mut command = args::command().term_width(100);
    command.build();
    add(&mut out, command, "");
    out
}

fn add(out: &mut String, mut command: Command, before: &str) {
    let name = format!("{before}{}", command.get_name());
    let help = command.render_long_help().to_string();
    let lines: Vec<_> = help.lines().map(str::trim_end).collect();
    let _ = write!(
        out,
        "\n## {name}\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    );
    let below: Vec<_> = command
        .get_subcommands()
        .filter(|below| below.get_name() != "help")
        .cloned()
        .collect();
    for below in below {
        add(out, below, &format!("{name} "));
    }
}

#[test]
fn the_reference_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let reference = reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &reference).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == reference,
        "docs/cli.md is old; run UPDATE_DOCS=1 cargo test -p layercake"
    );
}
