//! Channels of the tests' own: behind a password, with scripts and files that clash, and with 300 packages.

use std::collections::BTreeSet;
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{
    Build, Channel, Container, Door, Engine, Outcome, Packed, Workspace, mark, number,
};

/// The exit code of a file that cannot be built.
const REJECTED: i32 = 3;

/// By this name the daemon asks for the header of a host.
const SECRET: &str = "HTTP_AUTH_HEADER_127.0.0.1";

struct Site {
    engine: Engine,
    workspace: Workspace,
    channel: Channel,
    repository: String,
}

impl Site {
    fn new() -> Result<Self> {
        let site = Self {
            engine: Engine::given()?,
            workspace: Workspace::of_example("hello")?,
            channel: Channel::start()?,
            repository: mark(),
        };
        site.file("")?;
        Ok(site)
    }

    /// The file, with more keys of its conda stage.
    fn file(&self, more: &str) -> Result<()> {
        let project = &self.repository;
        let file = format!(
            r#"# syntax=docker.io/layercake/frontend:0.1
project: {project}
bases: {{ debian: "debian:bookworm-slim" }}
stages:
  env: {{ conda: {{ spec: packages.yaml, prefix: /opt/conda{more} }} }}
services:
  web: {{ base: debian, stages: [env] }}
"#
        );
        self.workspace.write("layercake.yaml", &file)
    }

    fn ask<S: AsRef<str>>(&self, channels: &[&str], specs: &[S]) -> Result<()> {
        let specs = specs.iter().map(|spec| format!("  - {}\n", spec.as_ref()));
        let specs = specs.collect::<Vec<_>>().concat();
        let text = format!("channels: {channels:?}\ndependencies:\n{specs}");
        self.workspace.write("packages.yaml", &text)
    }

    /// What a `layercake` command ended with, and wrote for people.
    fn layercake(&self, arguments: &[&str], is_known: bool) -> Result<(Option<i32>, String)> {
        let mut command = self.engine.layercake()?;
        if is_known {
            command.env("RATTLER_AUTH_FILE", self.channel.credentials()?);
        }
        let command = command.args(arguments).current_dir(self.workspace.root());
        let output = command.output()?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        ensure!(
            !text.contains(self.channel.password()),
            "a password is shown:\n{text}"
        );
        Ok((output.status.code(), text))
    }

    fn lock(&self, flags: &[&str]) -> Result<String> {
        let (code, text) = self.layercake(&[&["lock"], flags].concat(), true)?;
        ensure!(code == Some(0), "{text}");
        let lock = self.workspace.read("layercake.lock")?;
        ensure!(
            !lock.contains(self.channel.password()),
            "a password is kept"
        );
        Ok(text)
    }

    fn flags(&self) -> Result<Vec<String>> {
        let header = self.workspace.beside("header");
        fs::write(&header, self.channel.header())?;
        let image = format!("{}/{}:test", self.engine.registry()?, self.repository);
        Ok(vec![
            "--output".to_owned(),
            format!("type=image,name={image},push=true"),
            "--secret".to_owned(),
            format!("id={SECRET},src={}", header.display()),
        ])
    }

    fn build(&self, door: Door) -> Result<Outcome> {
        let build = Build::new(door, &self.engine, &self.workspace, &["web"]);
        let outcome = build.flags(&self.flags()?).run()?.succeeded()?;
        ensure!(
            !outcome.text.contains(self.channel.password()),
            "a password is shown"
        );
        Ok(outcome)
    }

    /// What a command prints in a container of the image.
    fn run(&self, command: &[&str]) -> Result<String> {
        let container = Container::of(&self.engine, &self.repository, "test")?;
        let command: Vec<String> = command.iter().map(|word| (*word).into()).collect();
        container.run(&command)
    }
}

fn ran(outcome: &Outcome) -> BTreeSet<&str> {
    let ran = outcome.ran().into_iter();
    ran.filter(|stage| stage.starts_with("env")).collect()
}

#[test]
fn a_private_channel_is_read_by_whoever_may_and_nothing_of_that_is_kept() -> Result<()> {
    let mut site = Site::new()?;
    let unseen = mark();
    site.channel.put(&[
        Packed {
            name: "base",
            version: "1.0",
            files: &[("share/x", "of base\n"), ("share/own", &unseen)],
            ..Packed::default()
        },
        Packed {
            name: "above",
            version: "1.0",
            depends: &["base"],
            files: &[("share/x", "of above\n")],
            ..Packed::default()
        },
    ])?;
    site.ask(&[&site.channel.private()], &["above"])?;
    let (code, text) = site.layercake(&["lock"], false)?;
    ensure!(code == Some(1) && text.contains("401"), "{code:?}\n{text}");
    let text = site.lock(&[])?;
    let told = "`above` and `base` both have share/x; those of `above` are seen";
    ensure!(text.contains(told), "{text}");

    for (door, told) in [
        (
            Door::Cli,
            "a private one wants `--secret id=HTTP_AUTH_HEADER_<host>`",
        ),
        (Door::Buildx, "digest mismatch"),
    ] {
        let build = Build::new(door, &site.engine, &site.workspace, &["web"]).for_people();
        let outcome = build.run()?;
        let is_told = outcome.text.contains(told);
        ensure!(!outcome.ok && is_told, "{door:?}:\n{}", outcome.text);
    }
    site.build(Door::Cli)?;
    let again = site.build(Door::Buildx)?;
    ensure!(ran(&again).is_empty(), "{:?}", again.ran());
    let shown = site.run(&["cat", "/opt/conda/share/x", "/opt/conda/share/own"])?;
    ensure!(shown == format!("of above\n{unseen}"), "{shown}");

    // A server in place of another: the lock has the address of that other one.
    let gone = "https://conda.invalid/main";
    site.ask(&[gone], &["above"])?;
    let (code, text) = site.layercake(&["lock"], false)?;
    ensure!(
        code == Some(1) && text.contains("conda.invalid"),
        "{code:?}\n{text}"
    );
    site.lock(&[
        "--channel-mirror",
        &format!("{gone}={}", site.channel.open()),
    ])?;
    let lock = site.workspace.read("layercake.lock")?;
    ensure!(
        lock.contains(&format!("{gone}/noarch/above-1.0-0.conda")),
        "{lock}"
    );
    Ok(())
}

#[test]
fn scripts_run_after_linking_where_the_file_allows_them() -> Result<()> {
    let mut site = Site::new()?;
    let script = "set -e\ntest -f \"$PREFIX/share/data\"\n\
                  echo \"$PKG_NAME $PKG_VERSION $PKG_BUILDNUM $PREFIX\" > \"$PREFIX/share/told\"\n\
                  echo 'of the script' > \"$PREFIX/.messages.txt\"\n";
    let failing = "echo no >&2\nexit 7\n";
    let (file, data) = ("bin/.noisy-post-link.sh", mark());
    for (version, script) in [("1.0", script), ("2.0", failing)] {
        site.channel.put(&[Packed {
            name: "noisy",
            version,
            files: &[(file, script), ("share/data", &data)],
            ..Packed::default()
        }])?;
    }
    site.ask(&[&site.channel.open()], &["noisy <2"])?;
    site.lock(&[])?;
    let (code, text) = site.layercake(&["build", "web", "--progress", "plain"], false)?;
    ensure!(
        code == Some(REJECTED) && text.contains("scripts: [noisy]"),
        "{code:?}\n{text}"
    );
    site.file(", scripts: [noisy]")?;
    let outcome = site.build(Door::Cli)?;
    ensure!(ran(&outcome).contains("env/scripts"), "{:?}", outcome.ran());
    let again = site.build(Door::Buildx)?;
    ensure!(ran(&again).is_empty(), "{:?}", again.ran());
    let shown = site.run(&[
        "/bin/sh",
        "-c",
        "cat /opt/conda/share/told; ls -A /opt/conda",
    ])?;
    ensure!(shown.starts_with("noisy 1.0 0 /opt/conda\n"), "{shown}");
    ensure!(!shown.contains("messages"), "{shown}");

    site.ask(&[&site.channel.open()], &["noisy >=2"])?;
    site.lock(&[])?;
    for door in Door::ALL {
        let build = Build::new(door, &site.engine, &site.workspace, &["web"]).for_people();
        let outcome = build.run()?;
        let told = outcome
            .text
            .contains("the script that noisy runs after linking failed");
        ensure!(!outcome.ok && told, "{door:?}:\n{}", outcome.text);
    }
    Ok(())
}

/// The module of a package, of up to 400 KB that hardly shrink.
fn module(name: &str, version: &str, at: usize) -> String {
    let mut state = number();
    let filler = (0..at % 50 * 250).map(|_| {
        // Xorshift's step: a number that has nothing of the last one.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("# {state:016x}{:016x}\n", state.rotate_left(23))
    });
    format!(
        "NAME = {name:?}\nVERSION = {version:?}\n{}",
        filler.collect::<String>()
    )
}

fn put(channel: &mut Channel, at: usize, version: &str) -> Result<()> {
    let name = format!("module-{at:03}");
    let path = format!("site-packages/module_{at:03}.py");
    let module = module(&name, version, at);
    channel.put(&[Packed {
        name: &name,
        version,
        depends: &["python"],
        is_python: true,
        files: &[(&path, &module)],
    }])
}

#[test]
fn a_change_of_one_of_300_packages_links_one_group() -> Result<()> {
    let mut site = Site::new()?;
    let python = env::var("LAYERCAKE_CHANNEL").context("LAYERCAKE_CHANNEL is not set")?;
    for at in 0..300 {
        put(&mut site.channel, at, "1.0")?;
    }
    put(&mut site.channel, 11, "1.1")?;
    let channels = [site.channel.open(), python];
    let channels = channels.each_ref().map(String::as_str);
    let named = |at: usize| format!("module-{at:03}");
    let mut specs: Vec<_> = (0..300).map(named).collect();
    specs.push("python".into());
    site.ask(&channels, &specs)?;
    site.lock(&[])?;
    let whole = site.build(Door::Cli)?;
    let groups = ran(&whole).len();
    ensure!(
        (4..=40).contains(&groups),
        "{groups} groups: {:?}",
        whole.ran()
    );

    let change = |site: &Site, what: &str, flags: &[&str]| -> Result<()> {
        let told = site.lock(flags)?;
        let moved = told.lines().filter(|line| line.contains("env linux/amd64"));
        ensure!(moved.count() == 1, "{what}: {told}");
        let outcome = site.build(Door::Cli)?;
        ensure!(ran(&outcome).len() == 1, "{what}: {:?}", outcome.ran());
        let again = site.build(Door::Buildx)?;
        ensure!(ran(&again).is_empty(), "{what}: {:?}", again.ran());
        Ok(())
    };
    put(&mut site.channel, 7, "2.0")?;
    change(&site, "upgraded", &["--update", "module-007"])?;
    specs[11] = "module-011 <1.1".into();
    site.ask(&channels, &specs)?;
    change(&site, "downgraded", &[])?;
    put(&mut site.channel, 300, "1.0")?;
    specs.push(named(300));
    site.ask(&channels, &specs)?;
    change(&site, "added", &[])?;
    specs.retain(|spec| *spec != named(100));
    site.ask(&channels, &specs)?;
    change(&site, "removed", &[])?;

    let script = "import importlib\n\
                  found = [importlib.import_module(f'module_{at:03}') for at in range(301) if at != 100]\n\
                  print(len(found), found[7].VERSION, found[11].VERSION)\n\
                  try: importlib.import_module('module_100')\n\
                  except ImportError: print('gone')";
    let shown = site.run(&["/opt/conda/bin/python", "-c", script])?;
    ensure!(shown.trim() == "300 2.0 1.0\ngone", "{shown}");
    Ok(())
}
