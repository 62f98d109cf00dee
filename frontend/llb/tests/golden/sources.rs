//! Sources; the Go side is `tests/golden/sources.go`.

use buildkit_llb::{Differ, PgpSignature, ResolveMode, Source};

use super::{Graphs, SOME_DIGEST, alpine, context, image, platform};

const SOME_COMMIT: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

pub(crate) fn graphs() -> Graphs {
    let windows = platform("windows/amd64")
        .os_version("10.0.20348.1")
        .os_feature("win32k");
    let digest = format!("not/real@{SOME_DIGEST}");
    let sources = [
        ("image", alpine().build()?),
        ("image-normalized", image("alpine").build()?),
        ("image-registry", image("localhost:5000/team/app").build()?),
        (
            "image-digest",
            image(&format!("python:3.11-slim@{SOME_DIGEST}")).build()?,
        ),
        (
            "image-arm64",
            alpine().platform(platform("linux/arm64/v8")).build()?,
        ),
        (
            "image-armv7",
            alpine().platform(platform("linux/arm")).build()?,
        ),
        ("image-windows", alpine().platform(windows).build()?),
        (
            "image-pull",
            alpine().resolve_mode(ResolveMode::Pull).build()?,
        ),
        (
            "image-local",
            alpine().resolve_mode(ResolveMode::Local).build()?,
        ),
        ("image-internal", alpine().internal().build()?),
        (
            "image-limits",
            alpine().layer_limit(3).checksum(SOME_DIGEST).build()?,
        ),
        ("local-session", context().build()?),
        (
            "local-unique",
            Source::local("context").unique_id("unique").build()?,
        ),
        (
            "local-patterns",
            context()
                .include(["src", "a<b>&c", "quote\"\\\n", "\u{2028}é\u{1}\u{7f}"])
                .exclude(["**/*.pyc", "!keep"])
                .follow_paths(["src/main.py"])
                .shared_key_hint("context-1")
                .build()?,
        ),
        (
            "local-differ-none",
            context().differ(Differ::None, true).build()?,
        ),
        (
            "local-differ-metadata",
            context().differ(Differ::Metadata, false).build()?,
        ),
        (
            "local-metadata-only",
            context().metadata_only([""; 0]).build()?,
        ),
        (
            "local-metadata-except",
            context().metadata_only(["*.toml"]).build()?,
        ),
        (
            "http",
            Source::http("https://example.com/a.tar.gz").build()?,
        ),
        (
            "http-file",
            Source::http("http://example.com/tool?x=1")
                .checksum(SOME_DIGEST)
                .filename("tool")
                .perm(0o755)
                .owner(1000, 1001)
                .build()?,
        ),
        (
            "http-headers",
            Source::http("https://example.com/a")
                .auth_header_secret("token")
                .accept("application/json")
                .user_agent("layercake")
                .build()?,
        ),
        (
            "http-signed",
            Source::http("https://example.com/a")
                .signed(PgpSignature {
                    public_key: "public".to_owned(),
                    signature: "signature".to_owned(),
                })
                .build()?,
        ),
        (
            "oci-layout",
            Source::oci_layout(&digest)
                .platform(platform("linux/amd64"))
                .build()?,
        ),
        (
            "oci-layout-store",
            Source::oci_layout(&digest)
                .session_id("session")
                .store_id("store")
                .layer_limit(2)
                .platform(platform("linux/arm64"))
                .build()?,
        ),
    ];
    Ok(sources.map(|(name, output)| (name, Some(output))).into())
}

pub(crate) fn gits() -> Graphs {
    const REPOSITORY: &str = "https://example.com/team/app.git";
    let sources = [
        ("git", Source::git(REPOSITORY, "")),
        ("git-branch", Source::git(REPOSITORY, "main")),
        (
            "git-subdir",
            Source::git(REPOSITORY, "main").subdir("services/a"),
        ),
        ("git-no-branch", Source::git(REPOSITORY, "").subdir("docs")),
        (
            "git-no-scheme",
            Source::git("example.com/team/app.git", "v1"),
        ),
        ("git-port", Source::git("http://example.com:8080/app", "v1")),
        (
            "git-options",
            Source::git(REPOSITORY, "v1")
                .keep_git_dir()
                .checksum(SOME_COMMIT)
                .skip_submodules()
                .commit_times()
                .fetch_by_commit(),
        ),
        (
            "git-secrets",
            Source::git(REPOSITORY, "")
                .auth_token_secret("token")
                .auth_header_secret("header"),
        ),
        (
            "git-ssh",
            Source::git("ssh://git@example.com/team/app.git", "main")
                .known_ssh_host("example.com ssh-ed25519 AAAA")
                .ssh_socket("deploy"),
        ),
        (
            "git-scp",
            Source::git("git@example.com:team/app.git", "main")
                .known_ssh_host("example.com ssh-rsa AAAA\n")
                .known_ssh_host("example.com ssh-ed25519 BBBB"),
        ),
    ];
    sources
        .into_iter()
        .map(|(name, git)| Ok((name, Some(git.build()?))))
        .collect()
}
