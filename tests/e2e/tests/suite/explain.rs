//! What is told before a build, held against what the build did.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{Build, Door, Engine, Registry, Workspace, mark, number};
use serde_json::Value;

/// A copy of examples/multi-stage, built by one user whose records nobody else has.
struct Site {
    workspace: Workspace,
    engine: Engine,
    /// Whose records are read and kept.
    machine: &'static str,
}

impl Site {
    fn new() -> Result<Self> {
        let workspace = Workspace::of_example("multi-stage")?;
        let file = "layercake.yaml";
        workspace.replace(
            file,
            "project: multi-stage",
            &format!("project: site{}", number()),
        )?;
        workspace.replace(file, "port = 8080", &format!("port = 8080 # {}", mark()))?;
        workspace.append("render.py", &format!("# {}", mark()))?;
        workspace.commit()?;
        let engine = Engine::given()?;
        Ok(Self {
            workspace,
            engine,
            machine: "laptop",
        })
    }

    fn layercake(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = self.engine.layercake()?;
        command
            .args(arguments)
            .env("XDG_STATE_HOME", self.workspace.beside(self.machine))
            .current_dir(self.workspace.root());
        Ok(command)
    }

    /// Builds, and returns the report and what was written for people.
    fn build(&self, flags: &[&str]) -> Result<(Value, String)> {
        let report = self.workspace.beside(&mark());
        let mut command = self.layercake(&["build", "--progress", "plain", "--report"])?;
        let output = command.arg(&report).args(flags).output()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{text}");
        Ok((serde_json::from_slice(&fs::read(report)?)?, text))
    }

    fn explain(&self, flags: &[&str]) -> Result<Value> {
        let mut command = self.layercake(&["explain", "--format", "json"])?;
        let output = command.args(flags).output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{text}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// The stages of a report that ran.
fn ran(report: &Value) -> BTreeSet<&str> {
    let stages = report["stages"].as_array().into_iter().flatten();
    let ran = stages.filter(|stage| stage["state"] == "ran");
    ran.filter_map(|stage| stage["id"].as_str()).collect()
}

/// The stages of an explanation of which this is expected.
fn expected<'e>(explanation: &'e Value, what: &str) -> BTreeSet<&'e str> {
    let stages = explanation["stages"].as_array().into_iter().flatten();
    let some = stages.filter(|stage| stage["expected"] == what);
    some.filter_map(|stage| stage["stage"].as_str()).collect()
}

/// The first cause of a stage.
fn cause<'e>(explanation: &'e Value, stage: &str) -> Result<&'e Value> {
    let stages = explanation["stages"].as_array().into_iter().flatten();
    let mut named = stages.filter(|told| told["stage"] == stage);
    let told = named
        .next()
        .with_context(|| format!("{stage} is not told of"))?;
    Ok(&told["causes"][0])
}

fn right(report: &Value) -> Result<()> {
    let told = &report["prediction"];
    ensure!(told["mismatches"] == serde_json::json!([]), "{told}");
    ensure!(told["checked"].as_u64() > Some(0), "{told}");
    Ok(())
}

#[test]
fn what_is_told_before_is_what_happens() -> Result<()> {
    let site = Site::new()?;
    let (report, _) = site.build(&[])?;
    ensure!(
        report["prediction"].is_null(),
        "nothing is known before the first build: {report}"
    );
    let (report, text) = site.build(&[])?;
    right(&report)?;
    ensure!(
        ran(&report).is_empty() && !text.contains("will run"),
        "{text}"
    );

    site.workspace
        .replace("layercake.yaml", "mode: \"0644\"", "mode: \"0600\"")?;
    let told = site.explain(&[])?;
    ensure!(
        expected(&told, "runs") == ["settings", "site/finish"].into(),
        "{told}"
    );
    let cause_of = cause(&told, "settings")?;
    ensure!(
        cause_of["name"] == "/etc/site/settings.toml mode" && cause_of["to"] == 0o600,
        "{told}"
    );
    let (report, text) = site.build(&[])?;
    right(&report)?;
    ensure!(
        ran(&report) == ["settings", "site/finish"].into(),
        "{report}"
    );
    ensure!(
        text.contains("settings: /etc/site/settings.toml mode 0644 -> 0600"),
        "{text}"
    );

    site.workspace
        .append("render.py", &format!("# {}", mark()))?;
    let told = site.explain(&["site"])?;
    ensure!(expected(&told, "runs") == ["site"].into(), "{told}");
    ensure!(
        expected(&told, "may-run") == ["pages", "site/finish"].into(),
        "{told}"
    );
    ensure!(cause(&told, "site")?["path"] == "render.py", "{told}");
    let since = site.explain(&["--against", "git:HEAD"])?;
    ensure!(cause(&since, "site")?["path"] == "render.py", "{since}");
    let (report, _) = site.build(&[])?;
    right(&report)?;
    // The comment changes nothing of what is rendered, so what reads that is found in the cache.
    ensure!(ran(&report) == ["site"].into(), "{report}");
    Ok(())
}

#[test]
fn an_image_tells_what_it_was_made_of() -> Result<()> {
    let site = Site::new()?;
    let image = format!("{}/{}:1", site.engine.registry()?, mark());
    let tags = "tags: [\"{service}:latest\"]";
    site.workspace
        .replace("layercake.yaml", tags, &format!("tags: [\"{image}\"]"))?;
    site.build(&["--push"])?;
    let told = site.explain(&["--against", &image])?;
    let unchanged = |told: &Value| {
        let mut stages = told["stages"].as_array().into_iter().flatten();
        stages.all(|stage| stage["verdict"] == "unchanged")
    };
    ensure!(unchanged(&told), "{told}");
    let call = |format: &str| -> Result<String> {
        let mut buildx = site.engine.buildx();
        let against = format!("LAYERCAKE_AGAINST={image}");
        buildx
            .args([
                "build",
                "-f",
                "layercake.yaml",
                "--call",
                format,
                "--build-arg",
                &against,
                ".",
            ])
            .current_dir(site.workspace.root());
        let output = buildx.output()?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    };
    let told: Value = serde_json::from_str(&call("explain,format=json")?)?;
    ensure!(unchanged(&told), "{told}");
    both_doors_write_the_same_records(&site, &image)?;
    site.workspace
        .append("render.py", &format!("# {}", mark()))?;
    let text = call("explain")?;
    ensure!(text.contains("render.py: content "), "{text}");
    ensure!(call("plan")?.contains("settings") && call("graph")?.contains("digraph"));
    Ok(())
}

/// Builds through buildx what the image was made of, and holds the labels of both against each other.
fn both_doors_write_the_same_records(site: &Site, image: &str) -> Result<()> {
    let other = format!("{image}-by-buildx");
    let build = Build::new(Door::Buildx, &site.engine, &site.workspace, &["site"]);
    let output = format!("type=image,name={other},push=true");
    let outcome = build.flags(&["--output", &output]).run()?.succeeded()?;
    outcome.expect_ran([])?;
    let registry = Registry::of(&site.engine)?;
    let records = |image: &str| -> Result<String> {
        let (_, named) = image.split_once('/').context("a registry")?;
        let (repository, tag) = named.split_once(':').context("a tag")?;
        let config = registry.config(repository, tag)?;
        let label = config["config"]["Labels"]["dev.layercake.records"].as_str();
        Ok(label.context("an image without records")?.to_owned())
    };
    // Equal records are written as equal texts.
    ensure!(records(image)? == records(&other)?);
    Ok(())
}

#[test]
fn records_beside_a_cache_tell_another_machine() -> Result<()> {
    let mut site = Site::new()?;
    let file = "layercake.yaml";
    let second = "  plain: { base: python, stages: [settings] }";
    site.workspace.append(file, second)?;
    let settings = "  settings:\n";
    let expensive = format!("{settings}    expensive: true\n");
    site.workspace.replace(file, settings, &expensive)?;
    let cache = format!("{}/{}:cache", site.engine.registry()?, mark());
    let to = format!("type=registry,ref={cache},mode=max");
    let from = format!("type=registry,ref={cache}");
    let beside = format!("{cache}-records");

    let nothing = site.explain(&["--cache-from", &from])?;
    ensure!(nothing["against"] == "last", "there is no cache: {nothing}");
    let mut refused = site.layercake(&["explain", "--against", &cache])?;
    let refused = String::from_utf8(refused.output()?.stderr)?;
    ensure!(
        refused.contains("nor does a cache have records beside it") && refused.contains(&beside),
        "{refused}"
    );

    // One service after the other: the records of both are kept.
    for service in ["site", "plain"] {
        let (_, text) = site.build(&[service, "--cache-to", &to])?;
        ensure!(!text.contains("warning"), "{text}");
    }
    site.machine = "ci";
    let told = site.explain(&["--cache-from", &from])?;
    ensure!(
        told["against"] == beside && told["predicted"] == false,
        "{told}"
    );
    let unchanged = |told: &Value| {
        let mut stages = told["stages"].as_array().into_iter().flatten();
        stages.all(|stage| stage["verdict"] == "unchanged")
    };
    ensure!(unchanged(&told), "{told}");

    site.workspace
        .replace(file, "mode: \"0644\"", "mode: \"0600\"")?;
    for flags in [["--cache-from", &from], ["--against", &cache]] {
        let told = site.explain(&flags)?;
        let cause = cause(&told, "settings")?;
        ensure!(told["against"] == beside, "{told}");
        ensure!(
            cause["from"] == 0o644 && cause["to"] == 0o600,
            "{flags:?}: {told}"
        );
    }
    let deny = ["build", "--expensive", "deny", "--cache-from", &from];
    let denied = site.layercake(&deny)?.output()?;
    let text = String::from_utf8(denied.stderr)?;
    ensure!(
        !denied.status.success()
            && text.contains("changed: /etc/site/settings.toml mode 0644 -> 0600"),
        "{text}"
    );
    site.machine = "another";
    let (_, text) = site.build(&["--cache-from", &from])?;
    ensure!(
        text.contains(&format!("changed since {beside}"))
            && text.contains("settings: /etc/site/settings.toml mode 0644 -> 0600"),
        "{text}"
    );
    let told = site.explain(&["--cache-from", &from])?;
    ensure!(
        told["against"] == "last" && told["predicted"] == true,
        "{told}"
    );
    Ok(())
}

/// A forced run keeps the cache mount, and later builds use its result and not the older one.
#[test]
fn a_forced_run_keeps_its_package_cache() -> Result<()> {
    let site = Site::new()?;
    // The id of a cache mount is in no key, so another project's result would be found.
    let mark = mark();
    let stages = format!(
        "\nstages:\n  count:\n    run:\n      script: \": {mark}; touch /cache/$(cat /proc/sys/kernel/random/uuid); ls /cache | wc -l > /out/count\"\n      outputs: [/out]\n      caches: [/cache]\n  counted: {{ needs: [count], run: cat /out/count > /counted }}\n"
    );
    site.workspace
        .replace("layercake.yaml", "\nstages:\n", &stages)?;
    site.workspace.replace(
        "layercake.yaml",
        "stages: [pages,",
        "stages: [count, counted, pages,",
    )?;
    let counted = |flags: &[&str]| -> Result<(String, Value)> {
        let tar = site.workspace.beside("image.tar");
        let output = format!("type=tar,dest={}", tar.display());
        let flags: Vec<&str> = [&["--output", output.as_str()], flags].concat();
        let (report, _) = site.build(&flags)?;
        let mut read = Command::new("tar");
        let read = read.arg("-xOf").arg(&tar).arg("counted").output()?;
        Ok((String::from_utf8(read.stdout)?.trim().to_owned(), report))
    };
    ensure!(counted(&[])?.0 == "1");
    let (count, report) = counted(&["--no-cache=count"])?;
    right(&report)?;
    ensure!(count == "2", "the cache mount was emptied: {count}");
    ensure!(
        ran(&report) == ["count", "counted", "site/finish"].into(),
        "{report}"
    );
    let (count, report) = counted(&[])?;
    right(&report)?;
    ensure!(
        count == "2" && ran(&report).is_empty(),
        "the older result is used: {count} {report}"
    );
    Ok(())
}
