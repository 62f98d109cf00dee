//! What must run nothing, as it changes no stage's meaning.

use anyhow::{Context as _, Result};
use layercake_tests::{Clx, Door, Workspace, mark};

use crate::table::{Row, check};

const FILE: &str = "layercake.yaml";
const PACKAGES: &str = "services/notebook-processor/packages.yaml";
const REQUIREMENTS: [&str; 3] = [
    "services/notebook-processor/base-requirements.txt",
    "services/drawio-converter/base-requirements.txt",
    "services/plantuml-converter/base-requirements.txt",
];

#[test]
fn nothing_runs_after_changes_to_files_that_mean_nothing() -> Result<()> {
    check(&[
        nothing("nothing", |_, _| Ok(())),
        nothing("the time of every file", |workspace, _| workspace.touch()),
        nothing("modes as of umask 002", |workspace, _| {
            workspace.chmod(0o002, 0o020)
        }),
        nothing("modes as of umask 077", |workspace, _| {
            workspace.chmod(0o077, 0)
        }),
        nothing("modes as of umask 022", |workspace, _| {
            workspace.chmod(0o022, 0o044)
        }),
        nothing("documents", |workspace, mark| {
            workspace.append("README.md", mark)?;
            workspace.append("docs/architecture.md", mark)?;
            workspace.write("docs/new.md", mark)
        }),
        nothing("tests", |workspace, mark| {
            workspace.append("tests/test_messages.py", &format!("# {mark}"))?;
            workspace.append("test-data/greeting.drawio", mark)
        }),
        nothing("build scripts", |workspace, mark| {
            let comment = format!("# {mark}");
            workspace.append("build-services.sh", &comment)?;
            workspace.append("docker-bake.hcl", &comment)?;
            workspace.append("compose.yaml", &comment)?;
            workspace.append("services/notebook-processor/Dockerfile", &comment)
        }),
        nothing("comments of .dockerignore", |workspace, mark| {
            workspace.append(".dockerignore", &format!("# {mark}"))
        }),
        nothing("a file that no stage reads", |workspace, mark| {
            workspace.write("services/notebook-processor/notes.txt", mark)
        }),
    ])
}

#[test]
fn nothing_runs_after_changes_to_the_spelling_of_files() -> Result<()> {
    check(&[
        nothing("order and comments of packages.yaml", |workspace, mark| {
            workspace.replace(PACKAGES, "  - ipykernel>=7\n", "")?;
            workspace.append(PACKAGES, &format!("  # {mark}\n  - ipykernel>=7  # {mark}"))
        }),
        nothing(
            "line ends of packages.yaml and requirements",
            |workspace, _| {
                for path in REQUIREMENTS.into_iter().chain([PACKAGES]) {
                    workspace.write(path, &workspace.read(path)?.replace('\n', "\r\n"))?;
                }
                Ok(())
            },
        ),
        nothing("comments and order of requirements", |workspace, mark| {
            workspace.replace(REQUIREMENTS[0], "tenacity==9.0.0\n", "")?;
            workspace.append(REQUIREMENTS[0], "")?;
            let rest = workspace.read(REQUIREMENTS[0])?;
            workspace.write(
                REQUIREMENTS[0],
                &format!("# {mark}\ntenacity==9.0.0\n{rest}"),
            )
        }),
        nothing("comments of layercake.yaml", |workspace, mark| {
            let text = workspace.read(FILE)?;
            let commented = text.replace(
                "\n  conda-env:",
                &format!("\n  # {mark}\n\n  conda-env:   # {mark}"),
            );
            workspace.write(FILE, &format!("{commented}\n# {mark}\n"))
        }),
        nothing("order of stages, services, bases and keys", reorder),
        nothing("quotes and line ends of layercake.yaml", |workspace, _| {
            workspace.replace(
                FILE,
                "apt: [dbus, graphviz, unzip]",
                "apt: ['unzip', \"dbus\", graphviz]",
            )?;
            workspace.write(FILE, &workspace.read(FILE)?.replace('\n', "\r\n"))
        }),
        nothing("another spelling of paths", |workspace, _| {
            let find = "{ wheel: services/notebook-processor, on: python }";
            workspace.replace(
                FILE,
                find,
                "{ wheel: ./services//notebook-processor/, on: python }",
            )?;
            workspace.replace(
                FILE,
                "spec: services/notebook",
                "spec: ./services/./notebook",
            )?;
            workspace.replace(
                FILE,
                "{ from: services/drawio-converter/Arch",
                "{ from: ./services/drawio-converter/Arch",
            )
        }),
    ])
}

#[test]
fn nothing_runs_for_what_only_the_image_bears() -> Result<()> {
    check(&[
        nothing("labels", |_, _| Ok(())).flags(&["--label", "team={mark}"]),
        nothing("tags", |_, _| Ok(())).flags(&["--tag", "example.com/{service}:{mark}"]),
        nothing("a build argument that no stage uses", |_, _| Ok(()))
            .flags(&["--build-arg", "UNUSED={mark}"]),
        nothing("version", |workspace, mark| {
            let find = "version: { from: clx-common/pyproject.toml, key: project.version }";
            workspace.replace(FILE, find, &format!("version: 1.0.0-{mark}"))
        }),
        nothing("tags in the file", |workspace, mark| {
            workspace.replace(
                FILE,
                "tags: [\"{service}:{version}\", ",
                &format!("tags: [\"{{service}}:{mark}\", "),
            )
        }),
        nothing("settings of the image", |workspace, mark| {
            workspace.replace(
                FILE,
                "expose: [8888]",
                &format!(
                    "expose: [9999]\n      stop-signal: SIGINT\n      labels: {{ a: {mark} }}"
                ),
            )?;
            let find = "      labels: { org.opencontainers.image.title: \"{service}\", org.opencontainers.image.version: \"{version}\" }\n\n  drawio-converter:";
            workspace.replace(FILE, find, "\n  drawio-converter:")
        }),
    ])
}

#[test]
fn nothing_runs_when_path_and_file_are_named_otherwise() -> Result<()> {
    let clx = Clx::warm()?;
    for door in Door::ALL {
        for (context, file) in [("./", "./layercake.yaml"), ("docs/..", "layercake.yaml")] {
            let outcome = clx.build(door).spelled(context, file).run()?.succeeded()?;
            outcome
                .expect_ran([])
                .with_context(|| format!("-f {file} {context}, {door:?}"))?;
        }
    }
    Ok(())
}

#[test]
fn nothing_runs_in_a_fresh_clone() -> Result<()> {
    let mut clx = Clx::warm()?;
    for (door, umask) in [
        (Door::Cli, "002"),
        (Door::Buildx, "022"),
        (Door::Cli, "022"),
        (Door::Buildx, "002"),
    ] {
        clx.workspace = clx.workspace.clone_under(umask)?;
        let outcome = clx.build(door).run()?.succeeded()?;
        outcome
            .expect_ran([])
            .with_context(|| format!("cloned under umask {umask}, {door:?}"))?;
    }
    Ok(())
}

#[test]
fn nothing_runs_after_a_branch_was_switched_and_back() -> Result<()> {
    let clx = Clx::warm()?;
    let workspace = &clx.workspace;
    for door in Door::ALL {
        let branch = mark();
        workspace.git(&["checkout", "-q", "-b", &branch])?;
        workspace.append(
            "clx-common/src/clx_common/utils/file.py",
            &format!("# {branch}"),
        )?;
        workspace.replace(PACKAGES, "  - pytz\n", "")?;
        workspace.git(&["rm", "-q", "-r", "services/plantuml-converter/src"])?;
        workspace.commit()?;
        workspace.git(&["checkout", "-q", "main"])?;
        clx.build(door)
            .run()?
            .succeeded()?
            .expect_ran([])
            .with_context(|| format!("{door:?}"))?;
    }
    Ok(())
}

fn nothing(name: &'static str, edit: impl Fn(&Workspace, &str) -> Result<()> + 'static) -> Row {
    Row::new(name, edit)
}

/// Moves a stage and a service to other places, and turns the keys of a stage around.
fn reorder(workspace: &Workspace, _: &str) -> Result<()> {
    let folders = "  folders: { run: mkdir -p /app /root/.jupyter /root/course }\n";
    workspace.replace(FILE, folders, "")?;
    workspace.replace(
        FILE,
        "  plantuml-apt:",
        &format!("{folders}  plantuml-apt:"),
    )?;
    let text = workspace.read(FILE)?;
    let (above, services) = text
        .split_once("\nservices:\n")
        .context("the file has services")?;
    let at = services
        .find("  plantuml-converter:\n")
        .context("plantuml comes last")?;
    let (others, plantuml) = services.split_at(at);
    workspace.write(FILE, &format!("{above}\nservices:\n{plantuml}\n{others}"))?;
    workspace.replace(
        FILE,
        "{ spec: services/notebook-processor/packages.yaml, prefix: /opt/conda }",
        "{ prefix: /opt/conda, spec: services/notebook-processor/packages.yaml }",
    )?;
    workspace.replace(
        FILE,
        "stages: [plantuml-apt, plantuml-jar, plantuml-deps, clx-common, plantuml]",
        "stages: [plantuml, clx-common, plantuml-deps, plantuml-jar, plantuml-apt]",
    )
}
