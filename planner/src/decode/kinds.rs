//! How the stage kinds are read.

use super::check;
use super::fields::{Fields, object};
use super::{Context, Decode};
use crate::diagnostic::Diagnostic;
use crate::spec::{
    AptSpec, CacheSpec, CondaSpec, CopySpec, FetchSpec, FileSpec, FromImageSpec, GitSpec,
    InputSpec, NpmSpec, PipSpec, RunSpec, Script, SecretSpec, Sharing, SshSpec, TakeSpec, Text,
    UnpackSpec, WheelSpec,
};
use crate::yaml::Node;

object! {
    CondaSpec, example: "conda: { spec: packages.yaml, prefix: /opt/conda }", short: "spec",
    {
        "spec" => spec: required,
        "prefix" => prefix: optional,
        "tool" => tool: optional,
        "virtual-packages" => virtual_packages: default,
    }
}

object! {
    AptSpec, example: "apt: [graphviz, unzip]", short: "packages", rule: apt_installs,
    {
        "packages" => packages: default,
        "debs" => debs: default,
        "recommends" => recommends: default,
    }
}

object! {
    PipSpec, example: "pip: { requirements: requirements.txt }", short: "packages", rule: pip_installs,
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
    NpmSpec, example: "npm: [svgo@3]", short: "packages", rule: npm_installs,
    {
        "packages" => packages: default,
        "path" => path: optional,
        "to" => to: optional,
    }
}

object! {
    FetchSpec,
    example: "fetch: { url: https://example.com/tool, sha256: 9f86…, to: /usr/local/bin/, mode: \"0755\" }",
    rule: one_source,
    {
        "url" => url: optional,
        "sha256" => sha256: optional,
        "git" => git: optional,
        "to" => to: required,
        "mode" => mode: checked(check::octal),
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
    {
        "from" => from: required,
        "stage" => stage: optional,
        "to" => to: required,
        "include" => include: default,
        "exclude" => exclude: default,
        "mode" => mode: checked(check::mode),
        "owner" => owner: optional,
    }
}

object! {
    FileSpec, example: "/etc/motd: { content: Hello, mode: \"0644\" }", short: "content",
    {
        "content" => content: required,
        "mode" => mode: checked(check::octal),
        "owner" => owner: optional,
    }
}

object! {
    RunSpec, example: "run: { script: make install, inputs: [Makefile, src] }", short: "script",
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
        "network" => network: checked(check::network),
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
    SecretSpec, example: "{ id: token, env: TOKEN }", short: "id", rule: file_or_variable,
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

impl Decode for Sharing {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        let text = Text::decode(node, cx)?;
        match text.value.as_str() {
            "shared" => Some(Self::Shared),
            "private" => Some(Self::Private),
            "locked" => Some(Self::Locked),
            other => {
                let message = format!("`{}` is no way to share a cache", other.escape_debug());
                let diagnostic = Diagnostic::error("bad-choice", text.span, message);
                cx.report(diagnostic.help("write `shared`, `private` or `locked`"));
                None
            }
        }
    }
}

fn apt_installs(fields: &mut Fields<'_, '_>) {
    one_of(fields, &["packages", "debs"]);
}

fn pip_installs(fields: &mut Fields<'_, '_>) {
    one_of(fields, &["requirements", "packages"]);
}

fn npm_installs(fields: &mut Fields<'_, '_>) {
    one_of(fields, &["packages", "path"]);
    if fields.has("path") && !fields.has("to") {
        let message = "`path` needs `to`, the folder in the image that it is installed into";
        let place = fields.span_of("path").unwrap_or(fields.head);
        let diagnostic = Diagnostic::error("missing-key", place, message);
        fields
            .cx
            .report(diagnostic.help("add for example `to: /app`"));
    } else if let (Some(to), false) = (fields.span_of("to"), fields.has("path")) {
        let message = "`to` means nothing without `path`";
        let diagnostic = Diagnostic::error("conflict", to, message);
        fields.cx.report(
            diagnostic.help("add `path`, or remove `to`: `packages` are installed globally"),
        );
    }
}

fn one_of(fields: &mut Fields<'_, '_>, keys: &[&str]) {
    if keys.iter().any(|key| fields.has(key)) {
        return;
    }
    let keys = crate::suggest::list(keys).replace(" and ", " or ");
    let message = format!("nothing to install {}", fields.cx.place());
    let diagnostic = Diagnostic::error("missing-key", fields.head, message);
    fields.cx.report(diagnostic.help(format!("add {keys}")));
}

/// A fetch has a URL with its checksum, or a git repository.
fn one_source(fields: &mut Fields<'_, '_>) {
    let diagnostic = match (fields.span_of("url"), fields.span_of("git")) {
        (None, None) => Diagnostic::error("missing-key", fields.head, "nothing to fetch")
            .help("add `url` and `sha256`, or `git`"),
        (Some(url), Some(git)) => {
            Diagnostic::error("conflict", git, "a fetch has `url` or `git`, not both")
                .also(url, "`url` here")
                .help("make two stages of it")
        }
        (Some(url), None) if !fields.has("sha256") => {
            let message = "a `url` needs `sha256`, so that what is built never changes by itself";
            Diagnostic::error("missing-key", url, message)
                .help("download it once, and add what `sha256sum` prints")
        }
        (None, Some(_)) => return only_with_url(fields),
        _ => return,
    };
    fields.cx.report(diagnostic);
}

fn only_with_url(fields: &mut Fields<'_, '_>) {
    for key in ["sha256", "mode", "unpack"] {
        if let Some(span) = fields.span_of(key) {
            let message = format!("`{key}` means nothing with `git`");
            let diagnostic = Diagnostic::error("conflict", span, message);
            fields
                .cx
                .report(diagnostic.help("remove it: the commit says what is fetched"));
        }
    }
}

fn file_or_variable(fields: &mut Fields<'_, '_>) {
    if let (Some(to), Some(env)) = (fields.span_of("to"), fields.span_of("env")) {
        let message = "a secret is a file or a variable, not both";
        let diagnostic = Diagnostic::error("conflict", env, message).also(to, "a file here");
        fields.cx.report(diagnostic.help("remove `to` or `env`"));
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
