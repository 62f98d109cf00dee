//! How the top of the file and the services are read.

use super::check;
use super::fields::object;
use super::{Context, Decode};
use crate::spec::{ServiceSpec, Spec, Text, VersionFrom, VersionSpec};
use crate::yaml::Node;

object! {
    Spec, example: "services: { web: { base: python, stages: [app] } }",
    hints: [
        ("name", "the project's name is `project`"),
        ("platforms", "a build has one platform, given when it is started"),
        ("variants", "variants are not supported: write a stage or a service for each"),
    ],
    extensible: true,
    {
        "project" => project: checked(check::name),
        "version" => version: optional,
        "args" => args: named(check::variable),
        "bases" => bases: named(check::name),
        "stages" => stages: named(check::name),
        "services" => services: named(check::name),
        "tags" => tags: default,
        "registry" => registry: optional,
    }
}

object! {
    VersionFrom, example: "version: { from: pyproject.toml, key: project.version }",
    {
        "from" => from: required,
        "key" => key: required,
    }
}

object! {
    ServiceSpec, example: "web: { base: python, stages: [app] }",
    hints: [
        ("on", "a service names its base with `base`"),
        ("from", "a service names its base with `base`"),
        ("needs", "a service lists what is in it under `stages`"),
        ("depends_on", "a service lists what is in it under `stages`"),
        ("env", "it belongs into `image`: `image: { env: { … } }`"),
        ("environment", "it belongs into `image`: `image: { env: { … } }`"),
        ("cmd", "it belongs into `image`: `image: { cmd: […] }`"),
        ("command", "it belongs into `image`: `image: { cmd: […] }`"),
        ("entrypoint", "it belongs into `image`: `image: { entrypoint: […] }`"),
        ("expose", "it belongs into `image`: `image: { expose: […] }`"),
        ("ports", "ports belong into `image`: `image: { expose: […] }`"),
        ("labels", "it belongs into `image`: `image: { labels: { … } }`"),
        ("user", "it belongs into `image`: `image: { user: … }`"),
        ("workdir", "it belongs into `image`: `image: { workdir: … }`"),
        ("platforms", "a build has one platform, given when it is started"),
    ],
    {
        "base" => base: required,
        "stages" => stages: default,
        "finish" => finish: optional,
        "image" => image: default,
        "tags" => tags: optional,
    }
}

impl Decode for VersionSpec {
    fn decode<'n>(node: &'n Node, cx: &mut Context<'n>) -> Option<Self> {
        if node.map().is_some() {
            return VersionFrom::decode(node, cx).map(Self::From);
        }
        match node.text() {
            Some(_) => Text::decode(node, cx).map(Self::Literal),
            None => cx.wrong_type(
                node,
                "a text or a mapping",
                "write `version: \"1.0\"`, or `version: { from: pyproject.toml, key: project.version }`",
            ),
        }
    }
}

#[cfg(test)]
pub(super) fn keys() -> Vec<(&'static str, Vec<&'static str>)> {
    super::fields::keys_of!(Spec, VersionFrom, ServiceSpec)
}
