//! Pictures of plans, where they may go. None of it needs a daemon.

use std::fs;
use std::process::{Command, Output};

use anyhow::{Result, ensure};
use layercake_tests::{Engine, Workspace};

/// What every PNG begins with.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn graph(workspace: &Workspace, arguments: &[&str]) -> Result<Output> {
    let mut graph = Engine::none().layercake()?;
    graph.args(["graph", "--format", "png"]).args(arguments);
    Ok(graph.current_dir(workspace.root()).output()?)
}

#[test]
fn a_png_goes_to_a_file_or_to_a_pipe() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    let piped = graph(&workspace, &[])?;
    ensure!(piped.status.success() && piped.stdout.starts_with(PNG));
    let file = workspace.beside("graph.png");
    let written = graph(&workspace, &["--output", &file.to_string_lossy()])?;
    ensure!(written.status.success() && written.stdout.is_empty());
    ensure!(fs::read(file)? == piped.stdout, "the pictures differ");
    let nowhere = graph(&workspace, &["--output", "no/such/folder/graph.png"])?;
    let said = String::from_utf8(nowhere.stderr)?;
    ensure!(
        nowhere.status.code() == Some(1) && said.contains("cannot write no/such/folder/graph.png"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_png_does_not_go_to_a_terminal() -> Result<()> {
    let workspace = Workspace::of_example("hello")?;
    let program = Engine::none().layercake()?;
    let command = format!("'{}' graph --format png", program.get_program().display());
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
    let output = terminal.current_dir(workspace.root()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.code() == Some(2) && said.contains("name a file by --output"),
        "{said}"
    );
    ensure!(!said.contains("PNG"), "{said}");
    Ok(())
}
