//! Locked conda environments: packages linked by the pinned tool, on nothing of the service.
//!
//! Each package is a file from the web with its checksum, mounted read-only. Its address does not count, nor
//! does the image that the tool is from: of that one, the bytes of the one file do. There is no network. Whoever
//! has a private channel gives BuildKit the secret `HTTP_AUTH_HEADER_<host>` or `HTTP_AUTH_TOKEN_<host>`, which it
//! asks for by itself.

use buildkit_llb::{
    ContentCache, Digest, Exec, FileOps, Mkfile, Mount, Network, Output, Platform, Source,
};
use layercake_planner::lock::Package;
use layercake_planner::plan::{LinkPython, LinkStep, StageId};
use serde::Serialize;

use super::{NamedInternal, SCRATCH, folders};
use crate::LowerError;
use crate::assemble::Lowering;

/// Where the tool is in its image.
const TOOL: &str = "/layercake-link";

/// What the tool reads.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Description<'p> {
    prefix: &'p str,
    platform: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    python: Option<PythonDescription<'p>>,
    packages: Vec<PackageDescription<'p>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct PythonDescription<'p> {
    version: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    site_packages: Option<&'p str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct PackageDescription<'p> {
    archive: String,
    name: &'p str,
    version: &'p str,
    build: &'p str,
    subdir: &'p str,
    url: &'p str,
    sha256: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<&'p str>,
    depends: &'p [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    constrains: &'p [String],
}

impl Lowering<'_> {
    pub(super) fn link(&mut self, id: StageId, step: &LinkStep) -> Result<Output, LowerError> {
        let description = serde_json::to_string(&Description::of(step)).expect("texts are JSON");
        // Its name is its digest: the daemon tells results apart by the arguments of the command.
        let digest = Digest::of(description.as_bytes());
        let name = format!("{}.json", &digest.as_str()["sha256:".len()..][..16]);
        let group = FileOps::on(None)
            .mkfile(format!("/{name}"), description, Mkfile::default())
            .named_internal("description of the packages")
            .build();
        let read_only =
            |output: Output, at: String| Mount::bind(output, at).read_only().no_output();
        let empty = folders(FileOps::on(None), &step.prefix)
            .named_internal(&step.prefix)
            .build();
        let empty = self.of_stage(id, empty)?;
        let program = format!("{SCRATCH}/link");
        let mut exec = Exec::new([program.clone(), format!("{SCRATCH}/group/{name}")])
            .network(Network::None)
            .env("TMPDIR", &step.prefix)
            .mount(read_only(self.link_tool(id, step)?, program).selector(TOOL))
            .mount(read_only(
                self.of_stage(id, group)?,
                format!("{SCRATCH}/group"),
            ))
            .mount(Mount::bind(empty.clone(), &step.prefix).selector(&step.prefix));
        for package in &step.packages {
            let mount = read_only(self.archive(id, package)?, folder(package));
            exec = exec.mount(mount.content_cache(ContentCache::Off));
        }
        let node = self.exec(id, exec, &summary(step))?;
        let linked = self.of_stage(id, node.output(&step.prefix))?;
        Ok(self.without(empty, linked))
    }

    /// What several stages made, as one tree.
    pub(super) fn join(&mut self, id: StageId, parts: &[StageId]) -> Result<Output, LowerError> {
        let trees = parts.iter().map(|part| self.result(*part));
        let trees = trees.collect::<Result<Vec<_>, _>>()?;
        self.tree(id, trees, &format!("join {} groups", parts.len()))
    }

    fn link_tool(&self, id: StageId, step: &LinkStep) -> Result<Output, LowerError> {
        let platform = &self.plan.platform;
        let platform =
            Platform::with_variant(&platform.os, &platform.architecture, &platform.variant);
        let image = Source::image(&step.tool_image)
            .platform(platform)
            .internal()
            .named_internal(&format!("link tool of {}", step.tool_image))
            .build();
        self.of_stage(id, image)
    }

    fn archive(&self, id: StageId, package: &Package) -> Result<Output, LowerError> {
        let file = Source::http(&package.url)
            .checksum(format!("sha256:{}", package.sha256))
            .filename(file_name(package))
            .perm(0o644)
            .named_internal(&format!(
                "fetch {} {} from {}",
                package.name, package.version, package.url
            ))
            .build();
        self.of_stage(id, file)
    }
}

impl<'p> Description<'p> {
    fn of(step: &'p LinkStep) -> Self {
        Self {
            prefix: &step.prefix,
            platform: step.platform,
            python: step.python.as_ref().map(PythonDescription::of),
            packages: step.packages.iter().map(PackageDescription::of).collect(),
        }
    }
}

impl<'p> PythonDescription<'p> {
    fn of(python: &'p LinkPython) -> Self {
        Self {
            version: &python.version,
            site_packages: python.site_packages.as_deref(),
        }
    }
}

impl<'p> PackageDescription<'p> {
    fn of(package: &'p Package) -> Self {
        Self {
            archive: format!("{}/{}", folder(package), file_name(package)),
            name: &package.name,
            version: &package.version,
            build: &package.build,
            subdir: &package.subdir,
            url: &package.url,
            sha256: &package.sha256,
            md5: package.md5.as_deref(),
            depends: &package.depends,
            constrains: &package.constrains,
        }
    }
}

/// Where the archive of a package is mounted.
fn folder(package: &Package) -> String {
    format!("{SCRATCH}/packages/{}", package.name)
}

/// The archive's name, by which conda tools know what it is.
fn file_name(package: &Package) -> String {
    let end = if package.url.ends_with(".tar.bz2") {
        "tar.bz2"
    } else {
        "conda"
    };
    let Package {
        name,
        version,
        build,
        ..
    } = package;
    format!("{name}-{version}-{build}.{end}")
}

fn summary(step: &LinkStep) -> String {
    match step.packages.as_slice() {
        [one] => format!("link {} {}", one.name, one.version),
        several => format!("link {} packages", several.len()),
    }
}
