//! Conda environments: solved by the tool image's micromamba, on nothing of the service.
//!
//! The key has the environment's meaning, the prefix and the tool image; no file of the context and no base.
//! The prefix is an output mount on an empty filesystem, so the result merges onto any base as it is. The
//! package cache has a mount of its own, locked: two micromamba on one cold cache corrupt it.

use buildkit_llb::{FileOps, Mkfile, Mount, Output, Sharing};
use layercake_planner::model::{BaseIx, Conda};
use layercake_planner::plan::StageId;

use super::{NamedInternal, SCRATCH, output_at, quoted};
use crate::LowerError;
use crate::assemble::Lowering;

/// Where the package cache is mounted.
const PACKAGES: &str = "/var/cache/layercake/conda-pkgs";

impl Lowering<'_> {
    pub(super) fn conda(
        &mut self,
        id: StageId,
        conda: &Conda,
        tool: BaseIx,
    ) -> Result<Output, LowerError> {
        let root = self.base(tool)?;
        let environment = FileOps::on(None)
            .mkfile(
                "/environment.yaml",
                format!("{}\n", conda.environment),
                Mkfile::default(),
            )
            .named_internal(&format!("meaning of {}", conda.path))
            .build();
        let environment = self.of_stage(id, environment)?;
        let script =
            "set -e\nmicromamba install -y -n base -f /layercake/environment/environment.yaml";
        let mut exec = self
            .script(tool, script)
            .root(root)
            .read_only_root()
            .user("root")
            .env("HOME", "/tmp")
            .env("MAMBA_ROOT_PREFIX", &conda.prefix)
            .env("CONDA_PKGS_DIRS", PACKAGES)
            .mount(
                Mount::bind(environment, format!("{SCRATCH}/environment"))
                    .read_only()
                    .no_output(),
            )
            .mount(Mount::cache(
                PACKAGES,
                self.cache_id("conda-pkgs"),
                Sharing::Locked,
            ))
            .mount(Mount::tmpfs("/tmp"))
            .mount(self.of_stage(id, output_at(&conda.prefix))?);
        for (name, version) in &conda.virtual_packages {
            exec = exec.env(format!("CONDA_OVERRIDE_{}", name.to_uppercase()), version);
        }
        let what = format!(
            "micromamba install {} into {}",
            conda.path,
            quoted(&conda.prefix)
        );
        let node = self.exec(id, exec, &what)?;
        self.of_stage(id, node.output(&conda.prefix))
    }
}
