//! What must run after a change that means something, and what must not run with it.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};
use layercake_tests::{Clx, Door, Workspace, mark, number};

use crate::table::{Row, check};

const FILE: &str = "layercake.yaml";
const PACKAGES: &str = "services/notebook-processor/packages.yaml";
const REQUIREMENTS: &str = "services/notebook-processor/base-requirements.txt";
const DENO: &str = "services/notebook-processor/deno-x86_64-unknown-linux-gnu.zip";
const BASE: &str = "mambaorg/micromamba:1.5.8-jammy-cuda-12.5.0";

/// What another conda environment runs: itself, and what is installed with its Python.
const CONDA: [&str; 4] = [
    "clx-common@micromamba+conda-env",
    "conda-env",
    "notebook-deps",
    "notebook@micromamba+conda-env",
];

#[test]
fn a_wheel_and_its_installs_run_after_an_edit_of_python() -> Result<()> {
    check(&[
        Row::comment(
            "Python of the notebook processor",
            "services/notebook-processor/src/nb/output_spec.py",
        )
        .runs(&["notebook", "notebook@micromamba+conda-env"]),
        Row::comment(
            "Python of the draw.io converter",
            "services/drawio-converter/src/drawio_converter/drawio_converter.py",
        )
        .runs(&["drawio", "drawio@python"]),
        Row::comment(
            "Python of the PlantUML converter",
            "services/plantuml-converter/src/plantuml_converter/jar.py",
        )
        .runs(&["plantuml", "plantuml@python"]),
        Row::comment(
            "Python of clx-common",
            "clx-common/src/clx_common/utils/file.py",
        )
        .runs(&[
            "clx-common",
            "clx-common@micromamba+conda-env",
            "clx-common@python",
        ]),
    ])
}

#[test]
fn only_what_reads_a_file_runs_after_an_edit() -> Result<()> {
    check(&[
        Row::new("requirements", |workspace, _| {
            workspace.replace(
                REQUIREMENTS,
                "tenacity==9.0.0",
                &format!("tenacity==9.0.0,!=0.0.{}", number()),
            )
        })
        .runs(&["notebook-deps"]),
        Row::comment(
            "the installer of .NET",
            "services/notebook-processor/dotnet-install.sh",
        )
        .runs(&["dotnet-interactive", "dotnet-sdk"]),
        Row::comment("the entry point", "services/drawio-converter/entrypoint.sh")
            .runs(&["entrypoint"]),
        Row::new("the archive of Deno", add_to_archive).runs(&["deno"]),
        Row::new("a Debian package", remake_drawio).runs(&["drawio-apt", "font-cache"]),
    ])
}

#[test]
fn conda_runs_after_a_changed_package_and_apt_does_not() -> Result<()> {
    check(&[Row::new("a package of conda", |workspace, _| {
        workspace.replace(
            PACKAGES,
            "  - pytz\n",
            &format!("  - pytz!=0.0.{}\n", number()),
        )
    })
    .runs(&CONDA)])
}

#[test]
fn conda_runs_with_another_tool_and_apt_does_not() -> Result<()> {
    let clx = Clx::warm()?;
    for door in Door::ALL {
        clx.workspace.reset()?;
        let image = another_micromamba(&clx)?;
        clx.workspace.replace(
            FILE,
            "\nbases:\n",
            &format!("\nbases:\n  solver: {image}\n"),
        )?;
        clx.workspace.replace(
            FILE,
            "prefix: /opt/conda",
            "prefix: /opt/conda, tool: solver",
        )?;
        clx.build(door).run()?.succeeded()?.expect_ran(CONDA)?;
    }
    Ok(())
}

#[test]
fn another_base_runs_what_stands_on_it_and_nothing_else() -> Result<()> {
    let clx = Clx::warm()?;
    clx.workspace
        .replace(FILE, BASE, &another_micromamba(&clx)?)?;
    let outcome = clx.build(Door::Buildx).run()?.succeeded()?;
    let on_it = ["dotnet-interactive", "dotnet-sdk", "folders", "kernels-apt"];
    outcome.expect_ran(on_it.into_iter().chain(CONDA))
}

/// Pushes an image that differs from the micromamba base by one file, and returns its name.
fn another_micromamba(clx: &Clx) -> Result<String> {
    let tag = mark();
    let image = format!("mambaorg/micromamba:{tag}");
    let folder = tempfile::tempdir()?;
    fs::write(
        folder.path().join("Dockerfile"),
        format!("FROM {BASE}\nCOPY mark /etc/mark\n"),
    )?;
    fs::write(folder.path().join("mark"), &tag)?;
    let mut buildx = clx.engine.buildx();
    buildx.args([
        "build",
        "--push",
        "--provenance=false",
        "--tag",
        &format!("{}/{image}", clx.engine.registry()?),
    ]);
    done(buildx.arg(folder.path()))?;
    Ok(image)
}

/// Adds a file to the archive of Deno.
fn add_to_archive(workspace: &Workspace, mark: &str) -> Result<()> {
    let script =
        "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'a').writestr('mark', sys.argv[2])";
    done(
        Command::new("python3")
            .args(["-c", script, DENO, mark])
            .current_dir(workspace.root()),
    )
}

/// Makes draw.io's package again with another description.
fn remake_drawio(workspace: &Workspace, mark: &str) -> Result<()> {
    let control = "assets/drawio/control";
    workspace.replace(
        control,
        "\nDescription: ",
        &format!("\nDescription: {mark} "),
    )?;
    done(
        Command::new("python3")
            .arg("make-assets.py")
            .current_dir(workspace.root()),
    )
}

fn done(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
