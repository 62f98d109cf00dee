//! The Model: names checked, defaults filled, texts canonical, conditions gone.
//!
//! It holds what the selected services need and nothing else. [`Spec`](crate::spec::Spec) and
//! [`Facts`](crate::facts::Facts) become a Model by [`resolve`](crate::resolve::resolve).

mod image;
mod kinds;

pub use image::{Command, Healthcheck, ImageSettings};
pub use kinds::{
    Apt, Cache, CacheSharing, Conda, CopyItem, Fetch, FileItem, From, Input, Kind,
    LockedEnvironment, Npm, Pip, Run, RunInput, Secret, Ssh, Take, TakenPath, Unpack, Wheel,
};

use crate::facts::{ImageFact, Platform};
use crate::source::Span;
use crate::spec::Text;

/// What is to be built.
#[derive(Clone, Debug)]
pub struct Model {
    /// The project's name; it prefixes the ids of cache mounts.
    pub project: String,
    /// The version that tags and labels name.
    pub version: Option<String>,
    /// The repository that the results of expensive stages are published to and taken from.
    pub registry: Option<Text>,
    /// The platform built for.
    pub platform: Platform,
    /// The images that stages and services stand on.
    pub bases: Vec<Base>,
    /// The stages that the selected services need.
    pub stages: Vec<Stage>,
    /// The selected services, in the file's order.
    pub services: Vec<Service>,
}

/// The index of a [`Base`] in its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaseIx(pub(crate) usize);

impl Model {
    /// The base at `index`.
    pub fn base(&self, index: BaseIx) -> &Base {
        &self.bases[index.0]
    }
}

/// The index of a [`Stage`] in its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageIx(pub(crate) usize);

/// An image that something stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Base {
    /// Its name in the file; the reference itself where it has none.
    pub name: String,
    /// The reference, build arguments filled in.
    pub reference: String,
    /// Where it stands.
    pub span: Span,
    /// What its registry says of it, where that was asked.
    pub image: Option<ImageFact>,
}

/// A stage, as the file means it; the plan has one or more instances of it.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// What it does.
    pub kind: Kind,
    /// The base it runs on, where that is not the service's.
    pub on: Option<BaseIx>,
    /// The stages it runs on top of.
    pub needs: Vec<StageIx>,
    /// The stages it is laid over.
    pub after: Vec<StageIx>,
    /// Whether it must not run by surprise.
    pub expensive: bool,
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Its base.
    pub base: BaseIx,
    /// Its stages, without what they need.
    pub stages: Vec<StageIx>,
    /// The script that runs last on the whole filesystem.
    pub finish: Option<String>,
    /// Its image's configuration.
    pub image: ImageSettings,
    /// Its tags, filled in.
    pub tags: Vec<String>,
}
