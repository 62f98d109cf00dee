//! How the stage kinds are read.

use super::check;
use super::fields::object;
use super::{Context, Decode};
use crate::diagnostic::Diagnostic;
use crate::spec::{
    AptSpec, CacheSpec, CondaSpec, CopySpec, FetchSpec, FileSpec, FromImageSpec, GitSpec,
    InputSpec, Installer, NpmSpec, PipSpec, RunSpec, Script, SecretSpec, Sharing, SshSpec,
    TakeSpec, Text, UnpackSpec, WheelSpec,
};
use crate::suggest::shown;
use crate::yaml::Node;

object! {
    CondaSpec, example: "conda: { spec: packages.yaml, prefix: /opt/conda }", short: "spec",
    hints: [
        ("file", "the environment file is `spec`"),
        ("packages", "packages stand in an environment file: `spec: packages.yaml`"),
    ],
    {
        "spec" => spec: required,
        "prefix" => prefix: optional,
        "tool" => tool: optional,
        "virtual-packages" => virtual_packages: default,
        "installer" => installer: optional,
        "layers" => layers: optional,
        "scripts" => scripts: default,
    }
}

object! {
    AptSpec, example: "apt: [graphviz, unzip]", short: "packages",
    {
        "packages" => packages: default,
        "debs" => debs: default,
        "recommends" => recommends: default,
    }
}

object! {
    PipSpec, example: "pip: { requirements: requirements.txt }", short: "packages",
    {
        "requirements" => requirements: optional,
        "packages" => packages: default,
        "python" => python: optional,
        "index-url" => index_url: optional,
        "extra-index-urls" => extra_index_urls: default,
        "no-deps" => no_deps: default,
    }
}

object! {
    WheelSpec, example: "wheel: libs/common", short: "path",
    {
        "path" => path: required,
        "include" => include: optional,
        "exclude" => exclude: default,
        "python" => python: optional,
        "deps" => deps: default,
    }
}

object! {
    NpmSpec, example: "npm: [svgo@3]", short: "packages",
    {
        "packages" => packages: default,
        "path" => path: optional,
        "to" => to: optional,
    }
}

object! {
    FetchSpec,
    example: "fetch: { url: https://example.com/tool, sha256: 9f86…, to: /usr/local/bin/, mode: \"0755\" }",

    {
        "url" => url: optional,
        "sha256" => sha256: optional,
        "git" => git: optional,
        "to" => to: required,
        "mode" => mode: optional,
        "unpack" => unpack: default,
    }
}

object! {
    GitSpec, example: "git: { repository: https://example.com/repo.git, commit: 4b825d… }",
    {
        "repository" => repository: required,
        "commit" => commit: required,
        "path" => path: optional,
    }
}

object! {
    UnpackSpec, example: "unpack: { from: tool.zip, to: /usr/local/bin }",
    {
        "from" => from: required,
        "to" => to: required,
    }
}

object! {
    CopySpec, example: "copy: { from: entrypoint.sh, to: /app/ }",
    hints: [
        ("src", "what is copied is `from`"),
        ("dest", "where it goes is `to`"),
        ("chmod", "the mode is `mode`"),
        ("chown", "the owner is `owner`"),
    ],
    {
        "from" => from: required,
        "stage" => stage: optional,
        "to" => to: required,
        "include" => include: default,
        "exclude" => exclude: default,
        "mode" => mode: optional,
        "owner" => owner: optional,
    }
}

object! {
    FileSpec, example: "/etc/motd: { content: Hello, mode: \"0644\" }", short: "content",
    {
        "content" => content: required,
        "mode" => mode: optional,
        "owner" => owner: optional,
    }
}

object! {
    RunSpec, example: "run: { script: make install, inputs: [Makefile, src] }", short: "script",
    hints: [
        ("command", "what runs is `script`"),
        ("mounts", "mounts are `inputs`, `caches`, `secrets`, `ssh` and `tmpfs`"),
    ],
    {
        "script" => script: required,
        "inputs" => inputs: default,
        "outputs" => outputs: default,
        "env" => env: named(check::variable),
        "args" => args: each(check::variable),
        "caches" => caches: default,
        "secrets" => secrets: default,
        "ssh" => ssh: default,
        "tmpfs" => tmpfs: default,
        "user" => user: optional,
        "workdir" => workdir: optional,
        "network" => network: optional,
    }
}

object! {
    InputSpec, example: "{ from: src, exclude: [\"**/*.md\"] }", short: "from",
    {
        "from" => from: required,
        "stage" => stage: optional,
        "to" => to: optional,
        "include" => include: default,
        "exclude" => exclude: default,
    }
}

object! {
    CacheSpec, example: "{ to: /root/.cache, sharing: locked }", short: "to",
    {
        "to" => to: required,
        "id" => id: optional,
        "sharing" => sharing: optional,
    }
}

object! {
    SecretSpec, example: "{ id: token, env: TOKEN }", short: "id",
    {
        "id" => id: required,
        "to" => to: optional,
        "env" => env: checked(check::variable),
        "optional" => optional: default,
    }
}

object! {
    SshSpec, example: "{ id: default }", short: "id",
    {
        "id" => id: required,
        "to" => to: optional,
        "optional" => optional: default,
    }
}

object! {
    FromImageSpec, example: "image: { from: node, paths: [{ from: /usr/local/bin/node }] }",
    {
        "from" => from: required,
        "paths" => paths: required,
    }
}

object! {
    TakeSpec, example: "{ from: /usr/local/bin/node }",
    {
        "from" => from: required,
        "to" => to: optional,
    }
}

impl Decode for Script {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        if node.list().is_some() {
            return Vec::decode(node, cx).map(Self::Several);
        }
        match node.text() {
            Some(_) => Text::decode(node, cx).map(Self::One),
            None => cx.wrong_type(node, "a command or a list of them", "write `make install`"),
        }
    }
}

impl Decode for Installer {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        let text = Text::decode(node, cx)?;
        if text.value == "micromamba" {
            return Some(Self::Micromamba);
        }
        let message = format!("{} is no installer", shown(&text.value));
        let diagnostic = Diagnostic::error("bad-choice", text.span, message);
        let way = "write `micromamba` to solve in the build, or leave `installer` out to use layercake.lock";
        cx.report(diagnostic.help(way));
        None
    }
}

impl Decode for Sharing {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        let text = Text::decode(node, cx)?;
        match text.value.as_str() {
            "shared" => Some(Self::Shared),
            "private" => Some(Self::Private),
            "locked" => Some(Self::Locked),
            other => {
                let message = format!("{} is no way to share a cache", shown(other));
                let diagnostic = Diagnostic::error("bad-choice", text.span, message);
                cx.report(diagnostic.help("write `shared`, `private` or `locked`"));
                None
            }
        }
    }
}

#[cfg(test)]
pub(super) fn keys() -> Vec<(&'static str, Vec<&'static str>)> {
    super::fields::keys_of!(
        CondaSpec,
        AptSpec,
        PipSpec,
        WheelSpec,
        NpmSpec,
        FetchSpec,
        GitSpec,
        UnpackSpec,
        CopySpec,
        FileSpec,
        RunSpec,
        InputSpec,
        CacheSpec,
        SecretSpec,
        SshSpec,
        FromImageSpec,
        TakeSpec,
    )
}
