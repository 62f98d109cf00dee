//! Commands and mounts; the Go side is `tests/golden/execs.go`.

use buildkit_llb::{ContentCache, Exec, Mount, Network, ProxyEnv, Security, Sharing};

use super::{Graphs, alpine, context, image, platform};

pub(crate) fn sh(script: &str) -> Exec {
    Exec::new(["/bin/sh", "-c", script])
}

pub(crate) fn graphs() -> Graphs {
    let base = alpine().build()?;
    let run = || sh("true").root(base.clone());
    let one = sh("one").root(base.clone()).build()?.root_output()?;
    let two = sh("two").root(one).build()?.root_output()?;
    let arm = alpine().platform(platform("linux/arm64")).build()?;
    let on_arm = sh("true").root(arm).build()?.root_output()?;
    let text = str::to_owned;
    let execs = vec![
        ("exec", run()),
        (
            "exec-scratch",
            Exec::new(["/tool", "", "two words"]).platform(platform("linux/amd64")),
        ),
        ("exec-chain", sh("three").root(two)),
        (
            "exec-env",
            run()
                .env("A", "1")
                .env("B", "2")
                .env("EMPTY", "")
                .env("A", "3=4"),
        ),
        (
            "exec-meta",
            run()
                .cwd("/work")
                .user("app:app")
                .hostname("builder")
                .cgroup_parent("/build"),
        ),
        (
            "exec-hosts",
            run()
                .extra_host("db", "10.0.0.1".parse().unwrap())
                .extra_host("six", "2001:db8::1".parse().unwrap()),
        ),
        (
            "exec-ulimits",
            run().ulimit("nofile", 1024, 2048).ulimit("core", -1, -1),
        ),
        ("exec-exit-codes", run().valid_exit_codes([0, 3, 255])),
        ("exec-network-none", run().network(Network::None)),
        ("exec-network-host", run().network(Network::Host)),
        ("exec-insecure", run().security(Security::Insecure)),
        ("exec-inherit-arm64", sh("more").root(on_arm)),
        ("exec-platform", run().platform(platform("linux/s390x"))),
        (
            "exec-proxy",
            run().proxy(ProxyEnv {
                http: text("http://p:1"),
                https: text("http://p:2"),
                ftp: text("http://p:3"),
                no: text("localhost"),
                all: text("http://p:4"),
            }),
        ),
        (
            "exec-devices",
            run()
                .device("vendor.com/gpu=0", false)
                .device("vendor.com/tpu=all", true),
        ),
        (
            "exec-secrets",
            run().mount(Mount::secret("z", "/run/secrets/z")).mount(
                Mount::secret("a", "/run/secrets/a")
                    .optional()
                    .owner(1, 2)
                    .mode(0o440),
            ),
        ),
        (
            "exec-secret-env",
            run()
                .secret_env("TOKEN", "token", false)
                .secret_env("MAYBE", "maybe", true),
        ),
        ("exec-ssh", run().mount(Mount::ssh("default"))),
        (
            "exec-ssh-options",
            run()
                .mount(
                    Mount::ssh("first")
                        .dest("/agent")
                        .owner(3, 4)
                        .mode(0o660)
                        .optional(),
                )
                .mount(Mount::ssh("second")),
        ),
        (
            "exec-ssh-env",
            run()
                .env("SSH_AUTH_SOCK", "/mine")
                .mount(Mount::ssh("default")),
        ),
    ];
    execs
        .into_iter()
        .map(|(name, exec)| Ok((name, Some(exec.build()?.root_output()?))))
        .collect()
}

pub(crate) fn mounts() -> Graphs {
    let base = alpine().build()?;
    let tool = image("tool").build()?;
    let context = || context().build();
    let run = || sh("true").root(base.clone());
    let every = run()
        .mount(Mount::bind(context()?, "/z"))
        .mount(Mount::bind(tool.clone(), "/a/b").read_only())
        .mount(Mount::bind(None, "/a").no_output())
        .mount(Mount::cache("/cache", "id", Sharing::Locked))
        .mount(Mount::tmpfs("/tmp"))
        .mount(Mount::bind(None, "/a-b"))
        .mount(Mount::secret("s", "/secret"))
        .mount(Mount::ssh("default"));
    let mounts = vec![
        (
            "mount-bind",
            "/",
            run().mount(Mount::bind(context()?, "/src").read_only()),
        ),
        (
            "mount-selector",
            "/",
            run().mount(Mount::bind(context()?, "/src").selector("/lib").read_only()),
        ),
        (
            "mount-same",
            "/",
            run()
                .mount(Mount::bind(base.clone(), "/one").read_only())
                .mount(Mount::bind(base.clone(), "/two")),
        ),
        (
            "mount-no-output",
            "/",
            run().mount(Mount::bind(context()?, "/src").no_output()),
        ),
        (
            "mount-output",
            "/out",
            run().mount(Mount::bind(None, "/out")),
        ),
        (
            "mount-content-cache",
            "/",
            run()
                .mount(Mount::bind(context()?, "/on").content_cache(ContentCache::On))
                .mount(
                    Mount::bind(tool.clone(), "/off")
                        .read_only()
                        .content_cache(ContentCache::Off),
                ),
        ),
        (
            "mount-read-only-root",
            "/out",
            run().read_only_root().mount(Mount::bind(None, "/out")),
        ),
        (
            "mount-caches",
            "/",
            run()
                .mount(Mount::cache("/shared", "s", Sharing::Shared))
                .mount(Mount::cache("/private", "p", Sharing::Private))
                .mount(
                    Mount::cache("/locked", "l", Sharing::Locked)
                        .from(tool)
                        .selector("/seed")
                        .read_only(),
                ),
        ),
        (
            "mount-tmpfs",
            "/",
            run()
                .mount(Mount::tmpfs("/tmp"))
                .mount(Mount::tmpfs("/big").size(1 << 33)),
        ),
        ("mount-every-kind", "/", every.clone()),
        ("mount-every-first", "/a-b", every.clone()),
        ("mount-every-last", "/z", every),
    ];
    mounts
        .into_iter()
        .map(|(name, dest, exec)| Ok((name, Some(exec.build()?.output(dest)?))))
        .collect()
}
