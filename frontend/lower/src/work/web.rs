//! Node packages, and what is fetched from the web.

use std::collections::BTreeSet;

use buildkit_llb::{CopyOptions, FileOps, Mount, Output, Sharing, Source};
use layercake_planner::model::{Fetch, Input};
use layercake_planner::plan::StageId;

use super::{NamedInternal, SCRATCH, folders, output_at, quoted};
use crate::LowerError;
use crate::assemble::Lowering;
use crate::context::file_name;

/// Where npm's cache is mounted.
const CACHE: &str = "/var/cache/layercake/npm";

const QUIET: &str = "--no-audit --no-fund --no-update-notifier";

impl Lowering<'_> {
    pub(super) fn npm_global(
        &mut self,
        id: StageId,
        packages: &BTreeSet<String>,
        root: Option<Output>,
    ) -> Result<Output, LowerError> {
        let words = packages
            .iter()
            .map(|package| quoted(package))
            .collect::<Vec<_>>()
            .join(" ");
        let exec = self
            .npm_exec(id, &format!("npm install --global {QUIET} {words}"))?
            .root(root);
        let node = self.exec(id, exec, &format!("npm install --global {words}"))?;
        self.of_stage(id, node.root_output())
    }

    pub(super) fn npm_project(
        &mut self,
        id: StageId,
        source: &Input,
        to: &str,
        root: Option<Output>,
    ) -> Result<Output, LowerError> {
        let files = self.files_of(id, source)?;
        let script = format!(
            "set -e\ncd {}\ncp {SCRATCH}/source/* .\nnpm ci {QUIET}",
            quoted(to)
        );
        let exec = self
            .npm_exec(id, &script)?
            .root(root)
            .mount(
                Mount::bind(files.output, format!("{SCRATCH}/source"))
                    .read_only()
                    .no_output(),
            )
            .mount(self.of_stage(id, output_at(to))?);
        let what = format!("npm ci {} into {to}", source.need.path);
        let node = self.exec(id, exec, &what)?;
        self.of_stage(id, node.output(to))
    }

    fn npm_exec(&self, id: StageId, script: &str) -> Result<buildkit_llb::Exec, LowerError> {
        let Some(base) = self.base_of(id) else {
            return Err(LowerError::Config("npm needs a base"));
        };
        Ok(self
            .script(base, script)
            .user("root")
            .env("npm_config_cache", CACHE)
            .mount(Mount::cache(CACHE, self.cache_id("npm"), Sharing::Shared))
            .mount(Mount::tmpfs("/tmp")))
    }

    pub(super) fn fetch(&mut self, id: StageId, fetch: &Fetch) -> Result<Output, LowerError> {
        match fetch {
            Fetch::Url {
                url,
                checksum,
                to,
                mode,
                unpack,
            } => self.fetch_url(id, url, checksum, to, *mode, *unpack),
            Fetch::Git {
                repository,
                commit,
                path,
                to,
            } => self.fetch_git(id, repository, commit, path, to),
        }
    }

    fn fetch_url(
        &mut self,
        id: StageId,
        url: &str,
        checksum: &str,
        to: &str,
        mode: Option<u32>,
        unpack: bool,
    ) -> Result<Output, LowerError> {
        let name = if unpack { "archive" } else { file_name(to) };
        let file = Source::http(url)
            .checksum(checksum)
            .filename(name)
            .perm(mode.unwrap_or(0o644))
            .named_internal(&format!("fetch {url}"))
            .build();
        let file = self.of_stage(id, file)?;
        let options = CopyOptions {
            unpack,
            create_dest_path: true,
            ..CopyOptions::default()
        };
        let parent = if unpack {
            to
        } else {
            to.rsplit_once('/').map_or("/", |(parent, _)| parent)
        };
        let copy = folders(
            FileOps::on(None),
            if parent.is_empty() { "/" } else { parent },
        )
        .copy(file, format!("/{name}"), to, options);
        self.file(id, copy, &format!("fetch {url} to {to}"))
    }

    fn fetch_git(
        &mut self,
        id: StageId,
        repository: &str,
        commit: &str,
        path: &str,
        to: &str,
    ) -> Result<Output, LowerError> {
        let tree = Source::git(repository, commit)
            .named_internal(&format!("fetch {repository}"))
            .build();
        let tree = self.of_stage(id, tree)?;
        let options = CopyOptions {
            contents_only: true,
            create_dest_path: true,
            ..CopyOptions::default()
        };
        let copy = folders(FileOps::on(None), to).copy(tree, path, to, options);
        self.file(id, copy, &format!("fetch {repository} at {commit} to {to}"))
    }
}
