//! Channels of the tests' own: behind a password, with scripts and files that clash, and with 300 packages.

use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use layercake_tests::{Build, Channel, Door, Outcome, Packed, PrivateEngine, Site, mark, number};

/// The exit code of a file that cannot be built.
const REJECTED: i32 = 3;

/// By this name the daemon asks for the header of a host.
const SECRET: &str = "HTTP_AUTH_HEADER_127.0.0.1";

/// A site and the server whose packages it asks for.
struct Served {
    site: Site,
    channel: Channel,
}

impl Served {
    fn new() -> Result<Self> {
        Ok(Self {
            site: Site::new()?,
            channel: Channel::start()?,
        })
    }

    fn ask<S: AsRef<str>>(&self, channels: &[&str], specs: &[S]) -> Result<()> {
        self.site.ask(channels, specs, &[])
    }

    /// What a command without credentials ended with, and wrote for people.
    fn layercake(&self, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let (code, text) = self.site.layercake(arguments, &[])?;
        self.keeps_secret(&text)?;
        Ok((code, text))
    }

    fn lock(&self, flags: &[&str]) -> Result<String> {
        let credentials = self.channel.credentials()?.display().to_string();
        let text = self
            .site
            .lock(flags, &[("RATTLER_AUTH_FILE", credentials)])?;
        self.keeps_secret(&text)?;
        self.keeps_secret(&self.site.workspace.read("layercake.lock")?)?;
        Ok(text)
    }

    fn build(&self, door: Door) -> Result<Outcome> {
        let header = self.site.workspace.beside("header");
        fs::write(&header, self.channel.header())?;
        let secret = format!("id={SECRET},src={}", header.display());
        let outcome = self.site.build(door, &["--secret".to_owned(), secret])?;
        self.keeps_secret(&outcome.text)?;
        Ok(outcome)
    }

    /// Builds for people, without credentials.
    fn fails(&self, door: Door, told: &str) -> Result<()> {
        let Site {
            engine, workspace, ..
        } = &self.site;
        let outcome = Build::new(door, engine, workspace, &["web"])
            .for_people()
            .run()?;
        let is_told = outcome.text.contains(told);
        ensure!(!outcome.ok && is_told, "{door:?}:\n{}", outcome.text);
        Ok(())
    }

    fn keeps_secret(&self, text: &str) -> Result<()> {
        let is_shown = text.contains(self.channel.password());
        ensure!(!is_shown, "a password is shown:\n{text}");
        Ok(())
    }
}

#[test]
fn a_private_channel_is_read_by_whoever_may_and_nothing_of_that_is_kept() -> Result<()> {
    let mut served = Served::new()?;
    let unseen = mark();
    served.channel.put(&[
        Packed {
            name: "base",
            version: "1.0",
            is_old: true,
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
    served.ask(&[&served.channel.private()], &["above"])?;
    let (code, text) = served.layercake(&["lock"])?;
    ensure!(code == Some(1) && text.contains("401"), "{code:?}\n{text}");
    let text = served.lock(&[])?;
    let told = "`above` and `base` both have share/x; those of `above` are seen";
    ensure!(text.contains(told), "{text}");

    for door in Door::ALL {
        let told = "the server answers `401 Unauthorized`; a private server wants `--secret";
        served.fails(door, told)?;
    }
    served.build(Door::Cli)?;
    let again = served.build(Door::Buildx)?;
    ensure!(Site::ran(&again).is_empty(), "{:?}", again.ran());
    let shown = served
        .site
        .run(&["cat", "/opt/conda/share/x", "/opt/conda/share/own"])?;
    ensure!(shown == format!("of above\n{unseen}"), "{shown}");

    // A server in place of another: the lock has the address of that other one.
    let gone = "https://conda.invalid/main";
    served.ask(&[gone], &["above"])?;
    let (code, text) = served.layercake(&["lock"])?;
    ensure!(
        code == Some(1) && text.contains("conda.invalid"),
        "{code:?}\n{text}"
    );
    served.lock(&[
        "--channel-mirror",
        &format!("{gone}={}", served.channel.open()),
    ])?;
    let lock = served.site.workspace.read("layercake.lock")?;
    ensure!(
        lock.contains(&format!("{gone}/noarch/above-1.0-0.conda")),
        "{lock}"
    );
    Ok(())
}

#[test]
fn scripts_run_after_linking_where_the_file_allows_them() -> Result<()> {
    let mut served = Served::new()?;
    let script = "set -e\ntest -f \"$PREFIX/share/data\"\n\
                  echo \"$PKG_NAME $PKG_VERSION $PKG_BUILDNUM $PREFIX\" > \"$PREFIX/share/told\"\n\
                  echo 'of the script' > \"$PREFIX/.messages.txt\"\n";
    let failing = "echo no >&2\nexit 7\n";
    let (file, data) = ("bin/.noisy-post-link.sh", mark());
    for (version, script) in [("1.0", script), ("2.0", failing)] {
        served.channel.put(&[Packed {
            name: "noisy",
            version,
            files: &[(file, script), ("share/data", &data)],
            ..Packed::default()
        }])?;
    }
    served.ask(&[&served.channel.open()], &["noisy <2"])?;
    served.lock(&[])?;
    let (code, text) = served.layercake(&["build", "web", "--progress", "plain"])?;
    ensure!(
        code == Some(REJECTED) && text.contains("scripts: [noisy]"),
        "{code:?}\n{text}"
    );
    served.site.file(", scripts: [noisy]")?;
    let outcome = served.build(Door::Cli)?;
    ensure!(
        Site::ran(&outcome).contains("env/scripts"),
        "{:?}",
        outcome.ran()
    );
    let again = served.build(Door::Buildx)?;
    ensure!(Site::ran(&again).is_empty(), "{:?}", again.ran());
    let shown = served.site.run(&[
        "/bin/sh",
        "-c",
        "cat /opt/conda/share/told; ls -A /opt/conda",
    ])?;
    ensure!(shown.starts_with("noisy 1.0 0 /opt/conda\n"), "{shown}");
    ensure!(!shown.contains("messages"), "{shown}");

    served.ask(&[&served.channel.open()], &["noisy >=2"])?;
    served.lock(&[])?;
    for door in Door::ALL {
        served.fails(door, "the script that noisy runs after linking failed")?;
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
        is_old: false,
        files: &[(&path, &module)],
    }])
}

#[test]
fn a_change_of_one_of_300_packages_links_one_group() -> Result<()> {
    let mut served = Served::new()?;
    let python = env::var("LAYERCAKE_CHANNEL").context("LAYERCAKE_CHANNEL is not set")?;
    for at in 0..300 {
        put(&mut served.channel, at, "1.0")?;
    }
    put(&mut served.channel, 11, "1.1")?;
    let channels = [served.channel.open(), python];
    let channels = channels.each_ref().map(String::as_str);
    let named = |at: usize| format!("module-{at:03}");
    let mut specs: Vec<_> = (0..300).map(named).collect();
    specs.push("python".into());
    served.ask(&channels, &specs)?;
    served.lock(&[])?;
    let whole = served.build(Door::Cli)?;
    let groups = Site::ran(&whole).len();
    ensure!(
        (4..=40).contains(&groups),
        "{groups} groups: {:?}",
        whole.ran()
    );

    let change = |served: &Served, what: &str, flags: &[&str]| -> Result<()> {
        let told = served.lock(flags)?;
        let moved = told.lines().filter(|line| line.contains("env linux/amd64"));
        ensure!(moved.count() == 1, "{what}: {told}");
        let outcome = served.build(Door::Cli)?;
        ensure!(
            Site::ran(&outcome).len() == 1,
            "{what}: {:?}",
            outcome.ran()
        );
        let again = served.build(Door::Buildx)?;
        ensure!(Site::ran(&again).is_empty(), "{what}: {:?}", again.ran());
        Ok(())
    };
    put(&mut served.channel, 7, "2.0")?;
    change(&served, "upgraded", &["--update", "module-007"])?;
    specs[11] = "module-011 <1.1".into();
    served.ask(&channels, &specs)?;
    change(&served, "downgraded", &[])?;
    put(&mut served.channel, 300, "1.0")?;
    specs.push(named(300));
    served.ask(&channels, &specs)?;
    change(&served, "added", &[])?;
    specs.retain(|spec| *spec != named(100));
    served.ask(&channels, &specs)?;
    change(&served, "removed", &[])?;

    let script = "import importlib\n\
                  found = [importlib.import_module(f'module_{at:03}') for at in range(301) if at != 100]\n\
                  print(len(found), found[7].VERSION, found[11].VERSION)\n\
                  try: importlib.import_module('module_100')\n\
                  except ImportError: print('gone')";
    let shown = served.site.run(&["/opt/conda/bin/python", "-c", script])?;
    ensure!(shown.trim() == "300 2.0 1.0\ngone", "{shown}");
    Ok(())
}

#[test]
fn an_empty_daemon_with_a_cache_fetches_what_changed_and_no_more() -> Result<()> {
    let mut served = Served::new()?;
    let (large, small) = (module("large", &mark(), 49), mark());
    let put = |served: &mut Served, name: &str, version: &str| {
        let content = if name.starts_with("large") {
            &large
        } else {
            &small
        };
        served.channel.put(&[Packed {
            name,
            version,
            files: &[(&format!("share/{name}"), &format!("{version} {content}"))],
            ..Packed::default()
        }])
    };
    let names = ["large-a", "large-b", "small-a", "small-b"];
    for name in names {
        put(&mut served, name, "1.0")?;
    }
    served.ask(&[&served.channel.open()], &names)?;
    served.lock(&[])?;
    served.channel.fetched()?;
    let cache = format!(
        "type=registry,ref={}/{}",
        served.site.engine.registry()?,
        mark()
    );
    let to = ["--cache-to".to_owned(), format!("{cache},mode=max")];
    served.site.build(Door::Cli, &to)?;
    let all = names.map(|name| format!("{name}-1.0-0.conda"));
    let fetched = served.channel.fetched()?;
    ensure!(fetched == all.into(), "{fetched:?}");

    let second = PrivateEngine::start("fetch")?;
    served.site.engine = second.engine().clone();
    let from = ["--cache-from".to_owned(), cache];
    let outcome = served.site.build(Door::Buildx, &from)?;
    let fetched = served.channel.fetched()?;
    ensure!(
        fetched.is_empty() && Site::ran(&outcome).is_empty(),
        "{fetched:?}"
    );
    put(&mut served, "small-a", "2.0")?;
    served.lock(&["--update", "small-a"])?;
    served.channel.fetched()?;
    let outcome = served.site.build(Door::Cli, &from)?;
    let ran = Site::ran(&outcome);
    ensure!(ran == ["env/shared-01"].into(), "{ran:?}");
    let fetched = served.channel.fetched()?;
    let group = ["small-a-2.0-0.conda", "small-b-1.0-0.conda"];
    ensure!(fetched == group.map(str::to_owned).into(), "{fetched:?}");
    Ok(())
}
