//! `layercake lock`, and what is built of what it wrote: conda's packages and the wheels of a `pip:` section.

use std::env;

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{Door, Site};

/// The exit code of a lock that is out of date.
const REJECTED: i32 = 3;

/// What is asked of the engine's channel and of PyPI.
fn ask(site: &Site, conda: &[&str], pip: &[&str]) -> Result<()> {
    let channel = env::var("LAYERCAKE_CHANNEL").context("LAYERCAKE_CHANNEL is not set")?;
    site.ask(&[&channel], conda, pip)
}

#[test]
fn what_is_locked_is_built_and_one_change_costs_one_layer() -> Result<()> {
    let site = Site::new()?;
    let pip = ["tabulate==0.9.0", "markupsafe"];
    ask(&site, &["python", "idna <3.20"], &pip)?;
    let text = site.lock(&[], &[])?;
    ensure!(text.contains("wrote "), "{text}");
    let written = site.workspace.read("layercake.lock")?;
    ensure!(
        site.lock(&[], &[])?.contains("is up to date"),
        "locked twice is not the same"
    );
    ensure!(
        site.workspace.read("layercake.lock")? == written,
        "it was written again"
    );

    site.build(Door::Cli, &[])?;
    let again = site.build(Door::Buildx, &[])?;
    ensure!(
        Site::ran(&again).is_empty(),
        "the other door ran {:?}",
        again.ran()
    );
    let script = "import idna, tabulate, markupsafe; print(idna.__version__, tabulate.__version__, \
                  markupsafe._speedups.__name__)";
    let shown = site.run(&["/opt/conda/bin/python", "-c", script])?;
    ensure!(shown.trim() == "3.10 0.9.0 markupsafe._speedups", "{shown}");
    let shown = site.run(&["/bin/sh", "-c", "echo 'a b' | /opt/conda/bin/tabulate"])?;
    ensure!(shown.contains("a  b"), "{shown}");

    // Another conda package: its group, and no wheel.
    ask(&site, &["python", "idna >=3.20"], &pip)?;
    let (code, text) = site.layercake(&["lock", "--check"], &[])?;
    ensure!(
        code == Some(REJECTED) && text.contains("idna"),
        "{code:?}\n{text}"
    );
    let (code, text) = site.layercake(&["build", "web", "--progress", "plain"], &[])?;
    ensure!(
        code == Some(REJECTED) && text.contains("lock-drift"),
        "{code:?}\n{text}"
    );
    let text = site.lock(&[], &[])?;
    ensure!(text.contains("~ env linux/amd64 idna 3.10"), "{text}");
    ensure!(text.matches("~ ").count() == 1, "more moved:\n{text}");
    let outcome = site.build(Door::Cli, &[])?;
    ensure!(Site::ran(&outcome).len() <= 1, "{:?}", outcome.ran());
    ensure!(
        !Site::ran(&outcome)
            .iter()
            .any(|stage| stage.starts_with("env/pip-")),
        "{:?}",
        outcome.ran()
    );

    // Another wheel: no package of conda.
    ask(
        &site,
        &["python", "idna >=3.20"],
        &["tabulate==0.8.10", "markupsafe"],
    )?;
    site.lock(&[], &[])?;
    let outcome = site.build(Door::Buildx, &[])?;
    ensure!(
        Site::ran(&outcome)
            .iter()
            .all(|stage| stage.starts_with("env/pip-")),
        "{:?}",
        outcome.ran()
    );
    let shown = site.run(&[
        "/opt/conda/bin/python",
        "-c",
        "import tabulate; print(tabulate.__version__)",
    ])?;
    ensure!(shown.trim() == "0.8.10", "{shown}");
    Ok(())
}

#[test]
fn a_distribution_without_a_wheel_is_built_once() -> Result<()> {
    let site = Site::new()?;
    // Of this version there is nothing but the source, in pure Python.
    let pip = ["docopt==0.6.2", "tabulate==0.9.0"];
    ask(&site, &["python", "pip", "idna <3.20"], &pip)?;
    site.lock(&[], &[])?;
    ensure!(
        site.workspace
            .read("layercake.lock")?
            .contains("sdist = true")
    );
    site.build(Door::Cli, &[])?;
    let again = site.build(Door::Buildx, &[])?;
    ensure!(Site::ran(&again).is_empty(), "{:?}", again.ran());
    let script = "import docopt, tabulate; print(docopt.__version__, tabulate.__version__)";
    let shown = site.run(&["/opt/conda/bin/python", "-c", script])?;
    ensure!(shown.trim() == "0.6.2 0.9.0", "{shown}");
    // Another package of conda builds no wheel and installs none.
    ask(&site, &["python", "pip", "idna >=3.20"], &pip)?;
    site.lock(&[], &[])?;
    let outcome = site.build(Door::Cli, &[])?;
    let wheels = ["env/build-", "env/pip-"];
    let ran = Site::ran(&outcome);
    let of_wheels = ran
        .iter()
        .find(|stage| wheels.iter().any(|start| stage.starts_with(start)));
    ensure!(of_wheels.is_none(), "{ran:?}");
    Ok(())
}

#[test]
fn the_lock_of_another_tool_is_taken() -> Result<()> {
    let site = Site::new()?;
    ask(&site, &["python", "idna <3.20"], &["tabulate"])?;
    site.lock(&[], &[])?;
    let written = site.workspace.read("layercake.lock")?;
    let value = |line: &str, key: &str| {
        let text = line.strip_prefix(key)?.strip_prefix(" = \"")?;
        Some(text.trim_end_matches('"').to_owned())
    };
    let lines = written.lines();
    let urls: Vec<_> = lines.filter_map(|line| value(line, "url")).collect();
    let packages = urls.iter().filter(|url| url.contains(".conda"));
    let packages: Vec<&str> = packages.map(String::as_str).collect();
    site.workspace.write(
        "explicit.txt",
        &format!("@EXPLICIT\n{}\n", packages.join("\n")),
    )?;

    // The request alone would come to the newest.
    ask(&site, &["python", "idna"], &["tabulate"])?;
    site.workspace.write("layercake.lock", "version = 2\n")?;
    let text = site.lock(&["--import", "explicit.txt"], &[])?;
    ensure!(text.contains("wrote "), "{text}");
    let imported = site.workspace.read("layercake.lock")?;
    ensure!(
        urls.iter().all(|url| imported.contains(url.as_str())),
        "{imported}"
    );
    ensure!(site.lock(&["--check"], &[])?.contains("up to date"));

    ask(&site, &["python", "idna >=3.20"], &["tabulate"])?;
    let (code, text) = site.layercake(&["lock", "--import", "env=explicit.txt"], &[])?;
    ensure!(
        code != Some(0) && text.contains("idna: it has idna-3.10"),
        "{code:?}\n{text}"
    );
    for (import, told) in [
        ("other=explicit.txt", "`other` is no stage"),
        ("packages.yaml", "it is no conda-lock.yml"),
        ("nowhere.txt", "cannot read nowhere.txt"),
    ] {
        let (code, text) = site.layercake(&["lock", "--import", import], &[])?;
        ensure!(code != Some(0) && text.contains(told), "{code:?}\n{text}");
    }
    Ok(())
}
