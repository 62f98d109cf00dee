//! How the image's configuration is read.

use super::check;
use super::fields::{Fields, object};
use super::{Context, Decode};
use crate::diagnostic::Diagnostic;
use crate::spec::{CommandSpec, HealthcheckSpec, ImageSpec, Text};
use crate::yaml::Node;

object! {
    ImageSpec, example: "image: { workdir: /app, cmd: [python, -m, server] }",
    hints: [
        ("working_dir", "the working directory is `workdir`"),
        ("environment", "environment variables are `env`"),
        ("ports", "ports are `expose`"),
        ("command", "the command is `cmd`"),
    ],
    {
        "user" => user: optional,
        "workdir" => workdir: optional,
        "env" => env: named(check::variable),
        "expose" => expose: default,
        "entrypoint" => entrypoint: optional,
        "cmd" => cmd: optional,
        "labels" => labels: default,
        "volumes" => volumes: default,
        "stop-signal" => stop_signal: optional,
        "healthcheck" => healthcheck: optional,
        "shell" => shell: optional,
    }
}

object! {
    HealthcheckSpec, example: "healthcheck: { test: curl -f http://localhost:8888/, interval: 30s }",
    rule: test_or_disable,
    {
        "test" => test: optional,
        "disable" => disable: default,
        "interval" => interval: optional,
        "timeout" => timeout: optional,
        "start-period" => start_period: optional,
        "start-interval" => start_interval: optional,
        "retries" => retries: optional,
    }
}

impl Decode for CommandSpec {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        if node.list().is_some() {
            return Vec::decode(node, cx).map(Self::Exec);
        }
        match node.text() {
            Some(_) => Text::decode(node, cx).map(Self::Shell),
            None => cx.wrong_type(
                node,
                "a command",
                "write a list, `[python, -m, server]`, or a text for the shell",
            ),
        }
    }
}

fn test_or_disable(fields: &mut Fields<'_, '_>) {
    let disabled = fields.has("disable") && fields.value::<bool>("disable") != Some(false);
    match (fields.span_of("test"), disabled) {
        (None, false) => fields.cx.report(
            Diagnostic::error("missing-key", fields.head, "the health check has no `test`").help(
                "give the command, `test: [curl, -f, \"http://localhost/\"]`, or `disable: true`",
            ),
        ),
        (Some(test), true) => fields.cx.report(
            Diagnostic::error(
                "conflict",
                test,
                "`test` means nothing with `disable: true`",
            )
            .help("remove one of the two"),
        ),
        _ => {}
    }
}

#[cfg(test)]
pub(super) fn keys() -> Vec<(&'static str, Vec<&'static str>)> {
    super::fields::keys_of!(ImageSpec, HealthcheckSpec)
}
