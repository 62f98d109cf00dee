//! Node packages, and what is fetched from the web.

use std::collections::BTreeSet;

use buildkit_llb::{CopyOptions, FileOps, LlbError, Mount, Output, Sharing, Source};
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
        let node = self.of_stage(
            id,
            self.main(id, exec, &format!("npm install --global {words}"))
                .build(),
        )?;
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
        let node = self.of_stage(id, self.main(id, exec, &what).build())?;
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
        let copied = match fetch {
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
        };
        self.of_stage(id, copied)
    }

    fn fetch_url(
        &self,
        id: StageId,
        url: &str,
        checksum: &str,
        to: &str,
        mode: Option<u32>,
        unpack: bool,
    ) -> Result<Output, LlbError> {
        let name = file_name(to);
        let mut file = Source::http(url).checksum(checksum).filename(name);
        if let Some(mode) = mode {
            file = file.perm(mode);
        }
        let file = file.named_internal(&format!("fetch {url}")).build()?;
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
        self.main(id, copy, &format!("fetch {url} to {to}")).build()
    }

    fn fetch_git(
        &self,
        id: StageId,
        repository: &str,
        commit: &str,
        path: &str,
        to: &str,
    ) -> Result<Output, LlbError> {
        let tree = Source::git(repository, commit)
            .named_internal(&format!("fetch {repository}"))
            .build()?;
        let options = CopyOptions {
            contents_only: true,
            create_dest_path: true,
            ..CopyOptions::default()
        };
        let copy = folders(FileOps::on(None), to).copy(tree, path, to, options);
        self.main(id, copy, &format!("fetch {repository} at {commit} to {to}"))
            .build()
    }
}
