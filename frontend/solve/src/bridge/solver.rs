//! What the pipeline asks of BuildKit while it plans and builds, as a trait, so that a test can answer instead.

use super::{Capabilities, GatewayResult, SolvedRef};
use crate::control::CacheOption;
use crate::definition::for_wire;
use crate::events::Warning;
use crate::failure::Failure;
use buildkit_proto::fsutil::types::Stat;
use buildkit_proto::moby::buildkit::v1::frontend as wire;
use buildkit_proto::pb;
use std::collections::BTreeMap;
use std::ops::Range;

/// Resolves images, solves, and looks into what was solved. [`Bridge`](super::Bridge) is the real one.
pub trait Solver: Sync {
    /// What the daemon can do. Ask first: it makes sure that somebody is there.
    fn ping(&self) -> impl Future<Output = Result<Capabilities, Failure>> + Send;

    /// The digest and the config of an image.
    fn resolve_image(
        &self,
        request: &ImageRequest,
    ) -> impl Future<Output = Result<ResolvedImage, Failure>> + Send;

    /// Solves a definition. The result is lazy, and nothing runs before it is read or returned, unless `evaluate`.
    fn solve(
        &self,
        definition: pb::Definition,
        cache_imports: &[CacheOption],
        evaluate: bool,
    ) -> impl Future<Output = Result<SolvedRef, Failure>> + Send;

    /// Has another frontend solve, and takes what it returns.
    fn solve_frontend(
        &self,
        request: &SubSolve,
    ) -> impl Future<Output = Result<GatewayResult, Failure>> + Send;

    /// Runs what a lazy result needs.
    fn evaluate(&self, solved: &SolvedRef) -> impl Future<Output = Result<(), Failure>> + Send;

    /// A file, or the bytes of it in `range`. A file over 16 MiB has to be read in ranges.
    fn read_file(
        &self,
        solved: &SolvedRef,
        path: &str,
        range: Option<Range<u64>>,
    ) -> impl Future<Output = Result<Vec<u8>, Failure>> + Send;

    /// The entries of a directory, those whose names match `pattern` if there is one.
    fn read_dir(
        &self,
        solved: &SolvedRef,
        path: &str,
        pattern: Option<&str>,
    ) -> impl Future<Output = Result<Vec<FileStat>, Failure>> + Send;

    /// What a path is; links are not followed.
    fn stat_file(
        &self,
        solved: &SolvedRef,
        path: &str,
    ) -> impl Future<Output = Result<FileStat, Failure>> + Send;

    /// Tells the user something, at a vertex and at lines of the source.
    fn warn(&self, warning: &Warning) -> impl Future<Output = Result<(), Failure>> + Send;

    /// The definitions that the client gave as inputs, by name.
    fn inputs(
        &self,
    ) -> impl Future<Output = Result<BTreeMap<String, pb::Definition>, Failure>> + Send;
}

/// Which image to resolve.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageRequest {
    /// The full name, such as `docker.io/library/python:3.11-slim`.
    pub reference: String,
    /// The platform; the daemon's own, if none.
    pub platform: Option<pb::Platform>,
    /// Where to look.
    pub mode: ResolveMode,
    /// What progress shows, such as `[internal] load metadata for python:3.11-slim`.
    pub log_name: String,
}

/// Where images are looked up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ResolveMode {
    /// As the daemon likes: the registry, for buildkitd.
    #[default]
    Default,
    /// Always the registry.
    Pull,
    /// What the daemon already has, then the registry.
    Local,
}

impl ResolveMode {
    /// As BuildKit spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Pull => "pull",
            Self::Local => "local",
        }
    }
}

/// An image that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResolvedImage {
    /// The name to use: the one asked for, or what a source policy made of it.
    pub reference: String,
    /// The digest of the manifest or index.
    pub digest: String,
    /// The image's config, JSON.
    pub config: Vec<u8>,
}

/// A solve by another frontend.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubSolve {
    /// `dockerfile.v0` or `gateway.v0`.
    pub frontend: String,
    /// Its options.
    pub options: BTreeMap<String, String>,
    /// Its inputs, by name.
    pub inputs: BTreeMap<String, pb::Definition>,
    /// Where cache comes from.
    pub cache_imports: Vec<CacheOption>,
    /// Whether to run it at once.
    pub evaluate: bool,
}

/// A file in a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileStat {
    /// The name in its directory, or the path that was asked for.
    pub path: String,
    /// Type and permissions, as Go's `os.FileMode` has them.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
    /// Where a link leads.
    pub link: String,
}

impl FileStat {
    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.mode & (1 << 31) != 0
    }

    /// Whether it is a symbolic link.
    pub fn is_link(&self) -> bool {
        self.mode & (1 << 27) != 0
    }
}

impl From<Stat> for FileStat {
    fn from(stat: Stat) -> Self {
        Self {
            path: stat.path,
            mode: stat.mode,
            size: u64::try_from(stat.size).unwrap_or(0),
            link: stat.linkname,
        }
    }
}

impl ImageRequest {
    pub(super) fn to_wire(&self) -> wire::ResolveImageConfigRequest {
        wire::ResolveImageConfigRequest {
            r#ref: self.reference.clone(),
            platform: self.platform.clone(),
            resolve_mode: self.mode.as_str().to_owned(),
            log_name: self.log_name.clone(),
            ..Default::default()
        }
    }
}

impl SubSolve {
    pub(super) fn to_wire(&self) -> wire::SolveRequest {
        wire::SolveRequest {
            frontend: self.frontend.clone(),
            frontend_opt: self.options.clone().into_iter().collect(),
            frontend_inputs: self
                .inputs
                .clone()
                .into_iter()
                .map(|(name, input)| (name, for_wire(input)))
                .collect(),
            cache_imports: imports_to_wire(&self.cache_imports),
            evaluate: self.evaluate,
            allow_result_return: true,
            allow_result_array_ref: true,
            ..Default::default()
        }
    }
}

pub(super) fn imports_to_wire(imports: &[CacheOption]) -> Vec<wire::CacheOptionsEntry> {
    let entry = |import: &CacheOption| wire::CacheOptionsEntry {
        r#type: import.kind.clone(),
        attrs: import.attributes.clone().into_iter().collect(),
    };
    imports.iter().map(entry).collect()
}

pub(super) fn range_to_wire(range: Range<u64>) -> Result<wire::FileRange, Failure> {
    let too_far = |_| Failure::invalid("a file's range lies beyond what BuildKit can address");
    Ok(wire::FileRange {
        offset: i64::try_from(range.start).map_err(too_far)?,
        length: i64::try_from(range.end.saturating_sub(range.start)).map_err(too_far)?,
    })
}
