//! Locked conda environments: packages linked by the pinned tool, on nothing of the service.
//!
//! Each package is a file from the web with its checksum, mounted read-only. Its address does not count, nor
//! does the image that the tool is from: of that one, the bytes of the one file do. There is no network. Whoever
//! has a private channel gives BuildKit the secret `HTTP_AUTH_HEADER_<host>` or `HTTP_AUTH_TOKEN_<host>`, which it
//! asks for by itself.

use std::fmt::Write as _;

use buildkit_llb::{
    ContentCache, Digest, Exec, FileOps, Mkfile, Mount, Network, Output, Platform, Source,
};
use layercake_planner::lock::{LockedWheel, Package};
use layercake_planner::plan::{LinkPython, LinkStep, PackageScript, ScriptStep, StageId};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::python::WHEEL;
use super::{NamedInternal, SCRATCH, folders, quoted};
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    packages: Vec<PackageDescription<'p>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wheels: Vec<WheelDescription<'p>>,
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
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    loses: &'p [String],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct WheelDescription<'p> {
    archive: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'p str>,
}

/// A file that is fetched and mounted.
pub(super) struct Archive<'p> {
    name: &'p str,
    version: &'p str,
    url: &'p str,
    sha256: &'p str,
    /// What it is called where it is mounted.
    file: String,
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
        let packages = step.packages.iter().map(Archive::of_package);
        let wheels = step.wheels.iter().filter(|wheel| !wheel.sdist);
        for archive in packages.chain(wheels.map(Archive::of_wheel)) {
            let mount = read_only(self.archive(id, &archive)?, archive.folder());
            exec = exec.mount(mount.content_cache(ContentCache::Off));
        }
        let sdists = step.wheels.iter().filter(|wheel| wheel.sdist);
        for (sdist, built) in sdists.zip(&step.built) {
            let folder = Archive::of_wheel(sdist).folder();
            let mount = read_only(self.result(*built)?, folder);
            exec = exec.mount(mount.selector(WHEEL));
        }
        let node = self.exec(id, exec, &summary(step))?;
        let linked = self.of_stage(id, node.output(&step.prefix))?;
        Ok(self.without(empty, linked))
    }

    /// Runs scripts as conda does, but without a network.
    pub(super) fn scripts(
        &mut self,
        id: StageId,
        step: &ScriptStep,
        root: Option<Output>,
    ) -> Result<Output, LowerError> {
        let Some(base) = self.base_of(id) else {
            return Err(LowerError::Config("scripts of packages need a base"));
        };
        let prefix = quoted(&step.prefix);
        let mut script = format!(
            "set -e\nexport PREFIX={prefix} ROOT_PREFIX={prefix}\n\
             export PATH=\"$PREFIX/bin:$PATH\"\n\
             shell=$(command -v bash || command -v sh)\n"
        );
        for PackageScript {
            name,
            version,
            build_number,
        } in &step.scripts
        {
            let (quoted_name, version) = (quoted(name), quoted(version));
            let file = quoted(&format!(".{name}-post-link.sh"));
            let failed = quoted(&format!("the script that {name} runs after linking failed"));
            let _ = writeln!(
                script,
                "PKG_NAME={quoted_name} PKG_VERSION={version} PKG_BUILDNUM={build_number} \
                 \"$shell\" \"$PREFIX/bin/\"{file} || {{ echo {failed} >&2; exit 1; }}"
            );
        }
        script.push_str(
            "if [ -f \"$PREFIX/.messages.txt\" ]; then cat \"$PREFIX/.messages.txt\"; rm \"$PREFIX/.messages.txt\"; fi",
        );
        let exec = self
            .script(base, &script)
            .root(root)
            .user("root")
            .network(Network::None)
            .mount(Mount::tmpfs("/tmp"));
        let names: Vec<_> = step.scripts.iter().map(|one| one.name.as_str()).collect();
        let node = self.exec(id, exec, &format!("scripts of {}", names.join(", ")))?;
        self.of_stage(id, node.root_output())
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

    pub(super) fn archive(&self, id: StageId, archive: &Archive<'_>) -> Result<Output, LowerError> {
        let Archive {
            name, version, url, ..
        } = archive;
        let file = Source::http(*url)
            .checksum(format!("sha256:{}", archive.sha256))
            .filename(&archive.file)
            .perm(0o644)
            .named_internal(&format!("fetch {name} {version} from {url}"))
            .build();
        self.of_stage(id, file)
    }
}

impl<'p> Archive<'p> {
    /// By the name by which conda tools know what it is.
    fn of_package(package: &'p Package) -> Self {
        let Package {
            name,
            version,
            build,
            ..
        } = package;
        let end = if package.url.ends_with(".tar.bz2") {
            "tar.bz2"
        } else {
            "conda"
        };
        Self {
            name,
            version,
            url: &package.url,
            sha256: &package.sha256,
            file: format!("{name}-{version}-{build}.{end}"),
        }
    }

    /// By the name that the index gives it, which says what it is for.
    pub(super) fn of_wheel(wheel: &'p LockedWheel) -> Self {
        let file = wheel.url.rsplit('/').next().unwrap_or_default();
        Self {
            name: &wheel.name,
            version: &wheel.version,
            url: &wheel.url,
            sha256: &wheel.sha256,
            file: percent_decode_str(file).decode_utf8_lossy().into_owned(),
        }
    }

    /// Where it is mounted.
    pub(super) fn folder(&self) -> String {
        format!("{SCRATCH}/packages/{}", self.name)
    }

    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.folder(), self.file)
    }
}

impl<'p> Description<'p> {
    fn of(step: &'p LinkStep) -> Self {
        Self {
            prefix: &step.prefix,
            platform: step.platform,
            python: step.python.as_ref().map(PythonDescription::of),
            packages: step.packages.iter().map(PackageDescription::of).collect(),
            wheels: step.wheels.iter().map(WheelDescription::of).collect(),
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
            archive: Archive::of_package(package).path(),
            name: &package.name,
            version: &package.version,
            build: &package.build,
            subdir: &package.subdir,
            url: &package.url,
            sha256: &package.sha256,
            md5: package.md5.as_deref(),
            depends: &package.depends,
            constrains: &package.constrains,
            loses: &package.loses,
        }
    }
}

impl<'p> WheelDescription<'p> {
    fn of(wheel: &'p LockedWheel) -> Self {
        let archive = Archive::of_wheel(wheel);
        Self {
            archive: if wheel.sdist {
                archive.folder()
            } else {
                archive.path()
            },
            sha256: (!wheel.sdist).then_some(&wheel.sha256),
        }
    }
}

fn summary(step: &LinkStep) -> String {
    match (step.packages.as_slice(), step.wheels.as_slice()) {
        ([one], []) => format!("link {} {}", one.name, one.version),
        ([], [one]) => format!("install {} {}", one.name, one.version),
        ([], several) => format!("install {} wheels", several.len()),
        (several, _) => format!("link {} packages", several.len()),
    }
}
