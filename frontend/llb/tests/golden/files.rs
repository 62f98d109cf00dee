//! File operations; the Go side is `tests/golden/files.go`.

use buildkit_llb::{CopyMode, CopyOptions, FileOps, Mkdir, Mkfile, Owner, Rm, Symlink};

use super::{Graphs, alpine, context, image};

/// Nanoseconds since 1970.
const SOME_TIME: Option<i64> = Some(1_700_000_000_000_000_005);

pub(crate) fn graphs() -> Graphs {
    let on_base = || Ok(FileOps::on(alpine().build()?));
    let on_scratch = || FileOps::on(None);
    let owner = |text| Owner::parse(text).map(Some);
    let mkdir = |owner| Mkdir {
        owner,
        ..Mkdir::default()
    };
    let first = on_base()?.mkdir("/a", Mkdir::default()).build()?;
    let files = vec![
        ("mkdir", on_base()?.mkdir("/a", Mkdir::default())),
        (
            "mkdir-options",
            on_base()?.mkdir(
                "a/../b/./c/",
                Mkdir {
                    mode: 0o700,
                    parents: true,
                    owner: Some(Owner::ids(0, 1000)),
                    timestamp: SOME_TIME,
                },
            ),
        ),
        (
            "mkdir-epoch",
            on_scratch().mkdir(
                "/a",
                Mkdir {
                    timestamp: Some(0),
                    ..Mkdir::default()
                },
            ),
        ),
        (
            "mkfile",
            on_scratch().mkfile("/a", "hello\n", Mkfile::default()),
        ),
        (
            "mkfile-empty",
            on_scratch().mkfile(
                "/a",
                "",
                Mkfile {
                    mode: 0,
                    ..Mkfile::default()
                },
            ),
        ),
        (
            "mkfile-binary",
            on_scratch().mkfile(
                "/a",
                [0, 0xff, 0x80, b'\n'],
                Mkfile {
                    mode: 0o600,
                    ..Mkfile::default()
                },
            ),
        ),
        (
            "mkfile-long",
            on_scratch().mkfile("/a", "x".repeat(300), Mkfile::default()),
        ),
        (
            "mkfile-options",
            on_base()?.mkfile(
                "etc/a",
                "x",
                Mkfile {
                    mode: 0o777,
                    owner: owner("app:staff")?,
                    timestamp: SOME_TIME,
                },
            ),
        ),
        (
            "symlink",
            on_base()?.symlink("../lib", "/usr/lib64", Symlink::default()),
        ),
        (
            "symlink-options",
            on_base()?.symlink(
                "a",
                "b",
                Symlink {
                    owner: owner("root")?,
                    timestamp: SOME_TIME,
                },
            ),
        ),
        ("rm", on_base()?.rm("/a", Rm::default())),
        (
            "rm-options",
            on_base()?.rm(
                "/tmp/*",
                Rm {
                    allow_not_found: true,
                    allow_wildcard: true,
                },
            ),
        ),
        ("owner-user", on_base()?.mkdir("/a", mkdir(owner("1000")?))),
        (
            "owner-mixed",
            on_base()?.mkdir("/a", mkdir(owner("app:0")?)),
        ),
        (
            "owner-scratch",
            on_scratch().mkdir("/a", mkdir(owner("app")?)),
        ),
        (
            "file-chain",
            on_base()?
                .mkdir("/a", Mkdir::default())
                .mkfile("/a/b", "b", Mkfile::default())
                .symlink("b", "/a/c", Symlink::default())
                .rm("/a/b", Rm::default()),
        ),
        (
            "file-ops",
            FileOps::on(first).mkfile("/a/b", "b", Mkfile::default()),
        ),
    ];
    files
        .into_iter()
        .map(|(name, file)| Ok((name, Some(file.build()?))))
        .collect()
}

pub(crate) fn copies() -> Graphs {
    let base = alpine().build()?;
    let tool = image("tool").build()?;
    let ctx = context().build()?;
    let on_base = || FileOps::on(base.clone());
    let plain = CopyOptions::default;
    let with_mode = |mode| CopyOptions {
        mode: Some(mode),
        ..CopyOptions::default()
    };
    let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
    let all = CopyOptions {
        mode: None,
        owner: Some(Owner::parse("app:staff")?),
        timestamp: SOME_TIME,
        follow_symlinks: true,
        contents_only: true,
        unpack: true,
        create_dest_path: true,
        allow_wildcard: true,
        allow_empty_wildcard: true,
        include_patterns: texts(&["**/*.py", "*.toml"]),
        exclude_patterns: texts(&["tests"]),
        required_paths: texts(&["pyproject.toml"]),
        always_replace: true,
    };
    let copies = vec![
        ("copy", on_base().copy(ctx.clone(), "/src", "/app", plain())),
        (
            "copy-from-scratch",
            on_base().copy(None, "/", "/app", plain()),
        ),
        (
            "copy-to-scratch",
            FileOps::on(None).copy(ctx.clone(), "src", "app/", plain()),
        ),
        (
            "copy-within",
            on_base().copy(base.clone(), "/etc/hosts", "/hosts", plain()),
        ),
        (
            "copy-dest-slash",
            on_base().copy(ctx.clone(), "./src/", "/app/", plain()),
        ),
        (
            "copy-dest-dot",
            on_base().copy(ctx.clone(), "/src/.", "/app/.", plain()),
        ),
        (
            "copy-dest-root",
            on_base()
                .copy(ctx.clone(), ".", "/", plain())
                .copy(ctx.clone(), "/", "/.", plain())
                .copy(ctx.clone(), "/", "./", plain()),
        ),
        (
            "copy-mode",
            on_base().copy(ctx.clone(), "/a", "/b", with_mode(CopyMode::Bits(0o640))),
        ),
        (
            "copy-mode-zero",
            on_base().copy(ctx.clone(), "/a", "/b", with_mode(CopyMode::Bits(0))),
        ),
        (
            "copy-mode-text",
            on_base().copy(
                ctx.clone(),
                "/a",
                "/b",
                with_mode(CopyMode::Symbolic("u=rwX,go=rX".to_owned())),
            ),
        ),
        (
            "copy-options",
            on_base().copy(ctx.clone(), "/src/*", "/app/", all),
        ),
        (
            "copy-many",
            on_base()
                .copy(ctx.clone(), "/a", "/a", plain())
                .copy(tool.clone(), "/b", "/b", plain())
                .copy(ctx.clone(), "/c", "/c", plain())
                .copy(base.clone(), "/d", "/d", plain())
                .mkdir(
                    "/e",
                    Mkdir {
                        owner: Some(Owner::parse("app")?),
                        ..Mkdir::default()
                    },
                ),
        ),
        (
            "copy-after-mkdir",
            FileOps::on(None)
                .mkdir("/a", Mkdir::default())
                .copy(tool, "/b", "/a/b", plain())
                .copy(ctx, "/c", "/a/c", plain()),
        ),
    ];
    copies
        .into_iter()
        .map(|(name, file)| Ok((name, Some(file.build()?))))
        .collect()
}
