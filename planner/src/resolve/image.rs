//! Image references, and the image configuration of a service.

use super::Resolver;
use crate::diagnostic::Diagnostic;
use crate::model::{Command, Healthcheck, ImageSettings};
use crate::source::Span;
use crate::spec::{CommandSpec, HealthcheckSpec, ImageSpec, Text};
use crate::suggest::suggest;

/// Why a text is not an image reference, by the grammar of the distribution project.
pub(super) fn reference_problem(reference: &str) -> Option<String> {
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (reference, None),
    };
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Some("its digest is not `sha256:` and 64 hexadecimal digits".into());
    }
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[slash..].find(':') {
        Some(at) => (&rest[..slash + at], Some(&rest[slash + at + 1..])),
        None => (rest, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Some("its tag may have letters, digits, `_`, `.` and `-`, 128 at most".into());
    }
    let mut parts = name.split('/').peekable();
    let first = parts.peek().copied().unwrap_or_default();
    let has_registry = name.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    if has_registry {
        parts.next();
    }
    let wrong = parts.find(|part| !is_component(part))?;
    Some(if wrong.is_empty() {
        "its name is empty".into()
    } else if wrong.chars().any(char::is_uppercase) {
        format!("`{wrong}` has capital letters")
    } else {
        format!("`{wrong}` may have small letters, digits, and `.`, `_`, `-` between them")
    })
}

fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_tag(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(plain)
        && text
            .bytes()
            .all(|byte| plain(byte) || byte == b'.' || byte == b'-')
}

fn is_component(text: &str) -> bool {
    let edge = |byte: Option<u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    edge(text.bytes().next())
        && edge(text.bytes().last())
        && text
            .bytes()
            .all(|byte| edge(Some(byte)) || b"._-".contains(&byte))
}

impl Resolver<'_> {
    /// The repository of stage images: a reference without tag and digest, which are the stage's name and key.
    pub(super) fn registry(&self) -> Option<Text> {
        let text = self.spec.registry.as_ref()?;
        let filled = self.filled(text)?;
        let last = filled.rsplit('/').next().unwrap_or_default();
        let problem = match reference_problem(&filled) {
            None if last.contains([':', '@']) => {
                Some("tags are made of the stage's name and its key".to_owned())
            }
            problem => problem,
        };
        if let Some(problem) = problem {
            let message = format!("`{filled}` is not a repository: {problem}");
            let found = Diagnostic::error("image-reference", text.span, message);
            self.report(found.help("write `registry: HOST/NAME`, such as `ghcr.io/acme/stages`"));
            return None;
        }
        Some(Text::new(filled, text.span))
    }

    /// Reports what is wrong with the reference of the base `name`, which is the reference itself where it
    /// stands for no base.
    pub(super) fn check_reference(&self, name: &str, reference: &str, span: Span) {
        if let Some(problem) = reference_problem(reference) {
            let message = format!("`{reference}` is not an image reference: {problem}");
            let found = Diagnostic::error("image-reference", span, message);
            self.report(found.help("write it as `python:3.11-slim`"));
            return;
        }
        let last = reference.rsplit('/').next().unwrap_or_default();
        if last.contains([':', '@']) {
            return;
        }
        let message =
            format!("`{reference}` has no tag, so it would be `latest`, whatever that is that day");
        let found = Diagnostic::error("base-without-tag", span, message);
        let bases = self.spec.bases.names();
        let near = suggest(reference, bases).filter(|_| name == reference);
        self.report(match near {
            Some(near) => found.help(format!("did you mean the base `{near}`?")),
            None => found.help("name a tag or a digest: `python:3.11-slim`"),
        });
    }

    pub(super) fn image_settings(
        &self,
        spec: &ImageSpec,
        service: &str,
        version: Option<&str>,
    ) -> ImageSettings {
        let label = |(name, value): (&Text, &Text)| {
            Some((name.value.clone(), self.templated(value, service, version)?))
        };
        let env = spec.env.iter();
        let expose = spec.expose.iter();
        let healthcheck = spec.healthcheck.as_ref();
        let shell = spec.shell.as_ref();
        ImageSettings {
            user: self.optional(spec.user.as_ref()),
            workdir: self.optional_path(spec.workdir.as_ref()),
            env: env
                .map(|(name, value)| (name.value.clone(), value.value.clone()))
                .collect(),
            expose: expose.filter_map(|port| self.port(port)).collect(),
            entrypoint: spec.entrypoint.as_ref().map(command),
            cmd: spec.cmd.as_ref().map(command),
            labels: spec.labels.iter().filter_map(label).collect(),
            volumes: self.image_paths(&spec.volumes),
            stop_signal: self.optional(spec.stop_signal.as_ref()),
            healthcheck: healthcheck.map(|check| self.healthcheck(check)),
            shell: shell.map(|shell| shell.iter().map(|part| part.value.clone()).collect()),
        }
    }

    fn port(&self, port: &Text) -> Option<String> {
        let (number, protocol) = port.value.split_once('/').unwrap_or((&port.value, "tcp"));
        let known = ["tcp", "udp", "sctp"].contains(&protocol);
        let number = number
            .parse::<u16>()
            .ok()
            .filter(|number| known && *number > 0);
        if number.is_none() {
            let message = format!("`{}` is not a port", port.value);
            self.report(
                Diagnostic::error("port", port.span, message).help("write `8888` or `53/udp`"),
            );
        }
        Some(format!("{}/{protocol}", number?))
    }

    fn healthcheck(&self, spec: &HealthcheckSpec) -> Healthcheck {
        let nanoseconds = |text: &Option<Text>| {
            let Some(text) = text else { return 0 };
            duration(&text.value).unwrap_or_else(|| {
                let message = format!("`{}` is not a duration", text.value);
                self.report(
                    Diagnostic::error("duration", text.span, message)
                        .help("write `30s` or `1m30s`"),
                );
                0
            })
        };
        Healthcheck {
            test: spec.test.as_ref().filter(|_| !spec.disable).map(command),
            interval: nanoseconds(&spec.interval),
            timeout: nanoseconds(&spec.timeout),
            start_period: nanoseconds(&spec.start_period),
            start_interval: nanoseconds(&spec.start_interval),
            retries: spec.retries.as_ref().map_or(0, |retries| retries.value),
        }
    }
}

fn command(spec: &CommandSpec) -> Command {
    match spec {
        CommandSpec::Shell(text) => Command::Shell(text.value.clone()),
        CommandSpec::Exec(words) => {
            Command::Exec(words.iter().map(|word| word.value.clone()).collect())
        }
    }
}

/// A duration as Go writes it, in nanoseconds.
fn duration(text: &str) -> Option<u64> {
    let units = [
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (_, scale) = units.iter().find(|(name, _)| *name == &rest[..end])?;
        total = total.checked_add(number.checked_mul(*scale)?)?;
        rest = &rest[end..];
    }
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::{duration, reference_problem};

    #[track_caller]
    fn check(reference: &str, problem: Option<&str>) {
        let found = reference_problem(reference);
        assert_eq!(found.is_some(), problem.is_some(), "{reference}: {found:?}");
        assert!(
            found
                .unwrap_or_default()
                .contains(problem.unwrap_or_default())
        );
    }

    #[test]
    fn references_follow_the_grammar() {
        check("python:3.11-slim", None);
        check("localhost:5000/a/b:c", None);
        check("mambaorg/micromamba:1.5.8-jammy-cuda-12.5.0", None);
        check(&format!("a@sha256:{}", "0".repeat(64)), None);
        check("Python:3", Some("capital"));
        check("a:b c", Some("tag"));
        check("a@sha256:12", Some("digest"));
        check("", Some("empty"));
        check("a//b", Some("empty"));
    }

    #[test]
    fn durations_are_those_of_go() {
        assert_eq!(duration("1m30s"), Some(90_000_000_000));
        assert_eq!(duration("500ms"), Some(500_000_000));
        assert_eq!(duration("30"), None);
        assert_eq!(duration("5x"), None);
    }
}
