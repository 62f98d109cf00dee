//! The Spec: `layercake.yaml` as written, with the place of every value. It mirrors the file and decides nothing.
//!
//! The doc comments here are what an editor shows: the JSON Schema is generated from these types.

mod image;
mod kinds;

pub use image::{CommandSpec, HealthcheckSpec, ImageSpec};
pub use kinds::{
    AptSpec, CacheSpec, CondaSpec, CopySpec, FetchSpec, FileSpec, FromImageSpec, GitSpec,
    InputSpec, Installer, KindSpec, NpmSpec, PipSpec, RunSpec, Script, SecretSpec, Sharing,
    SshSpec, TakeSpec, UnpackSpec, WheelSpec,
};

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::schema::{NAME, VARIABLE};
use crate::source::{Span, Spanned};

/// A text with its place in the file.
pub type Text = Spanned<String>;

/// The whole file. Keys that start with `x-` are left to anchors and other tools.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(rename = "layercake", deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("patternProperties" = { "^x-": true }))]
pub struct Spec {
    /// The project's name; it prefixes the ids of cache mounts.
    #[schemars(extend("pattern" = NAME))]
    pub project: Option<Text>,
    /// The version that `{version}` stands for in tags and labels. It never enters a stage's key.
    pub version: Option<VersionSpec>,
    /// Build arguments and their defaults. `${NAME}` stands for the value in image references, URLs,
    /// checksums, package lists and `env` values; a `run` stage sees only those it lists under `args`.
    #[schemars(default, extend("propertyNames" = { "pattern": VARIABLE }))]
    pub args: Entries<Text>,
    /// Image references by short name: `python: python:3.11-slim`.
    #[schemars(default, extend("propertyNames" = { "pattern": NAME }))]
    pub bases: Entries<Text>,
    /// The stages by name.
    #[schemars(default, extend("propertyNames" = { "pattern": NAME }))]
    pub stages: Entries<StageSpec>,
    /// The services by name; each becomes an image.
    #[schemars(default, extend("propertyNames" = { "pattern": NAME }))]
    pub services: Entries<ServiceSpec>,
    /// Tags of services that have none of their own; `{service}` and `{version}` are replaced.
    #[schemars(default)]
    pub tags: Vec<Text>,
    /// The repository that the results of expensive stages are published to and taken from:
    /// `ghcr.io/acme/stages`.
    pub registry: Option<Text>,
}

/// Where the version comes from.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum VersionSpec {
    /// The version itself.
    Literal(Text),
    /// A key in a TOML or JSON file.
    From(VersionFrom),
}

/// A key in a TOML or JSON file.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VersionFrom {
    /// A TOML or JSON file in the context: `clx-common/pyproject.toml`.
    pub from: Text,
    /// The dotted key in it: `project.version`.
    pub key: Text,
}

/// One stage: exactly one kind, and how it meets the others.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StageSpec {
    /// What the stage does.
    #[schemars(flatten)]
    pub kind: KindSpec,
    /// The base it runs on, by name; the service's own base if left out.
    pub on: Option<Text>,
    /// Stages whose files it runs on top of; they are part of every image that has this stage.
    #[schemars(default)]
    pub needs: Vec<Text>,
    /// Stages that it is laid over in the image where both write; it does not wait for them.
    #[schemars(default)]
    pub after: Vec<Text>,
    /// Marks a stage that must not run by surprise.
    #[schemars(default)]
    pub expensive: bool,
}

/// One service: a base, the stages merged on it, and the image's configuration.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceSpec {
    /// The base it is built on, by name.
    pub base: Text,
    /// The stages that are in it; their order does not matter.
    #[schemars(default)]
    pub stages: Vec<Text>,
    /// Commands that see the whole filesystem, run last; they depend on everything.
    pub finish: Option<Script>,
    /// The image's configuration; what is left out is inherited from the base.
    #[schemars(default)]
    pub image: ImageSpec,
    /// Its tags; the file's `tags` if left out.
    pub tags: Option<Vec<Text>>,
}

/// A map of the file in the file's order, names with their places.
#[derive(Clone, Debug, PartialEq)]
pub struct Entries<T>(pub Vec<(Text, T)>);

impl<T> Entries<T> {
    /// The value named `name`.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0
            .iter()
            .find(|(key, _)| key.value == name)
            .map(|(_, value)| value)
    }

    /// Names and values in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &T)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The names in the file's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.value.as_str())
    }

    /// Where the entry named `name` has its name.
    pub fn span_of(&self, name: &str) -> Option<Span> {
        self.0
            .iter()
            .find(|(key, _)| key.value == name)
            .map(|(key, _)| key.span)
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        BTreeMap::<String, T>::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, T>::json_schema(generator)
    }
}
