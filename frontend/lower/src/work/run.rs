//! Commands, by the shell of their base.

use buildkit_llb::{FileOps, Merge, Mount, Network, Output, Sharing};
use layercake_planner::model::{CacheSharing, Run};
use layercake_planner::plan::{Mounted, RunStep, StageId};

use super::files::CopySource;
use super::{NamedInternal, output_at};
use crate::LowerError;
use crate::assemble::Lowering;
use crate::image::{config_of, working_directory};

impl Lowering<'_> {
    pub(super) fn run_step(
        &mut self,
        id: StageId,
        step: &RunStep,
        root: Option<Output>,
    ) -> Result<Output, LowerError> {
        let Some(base) = self.base_of(id) else {
            return Err(LowerError::Config("a command needs a base"));
        };
        let run = &step.run;
        let workdir = run.workdir.clone().or_else(|| {
            let image = self.plan.base(base).image.as_ref()?;
            working_directory(&config_of(image))
        });
        let mut exec = self
            .shell(base, &run.script)
            .root(root)
            .cwd(workdir.unwrap_or_else(|| "/".into()))
            .user(run.user.clone().unwrap_or_else(|| "root".into()))
            .network(if run.offline {
                Network::None
            } else {
                Network::Sandbox
            });
        for (name, value) in &run.env {
            exec = exec.env(name, value);
        }
        for mounted in &step.mounted {
            exec = exec.mount(self.mounted(id, mounted)?);
        }
        for mount in lent(run) {
            exec = exec.mount(mount);
        }
        for secret in &run.secrets {
            if let Some(name) = &secret.env {
                exec = exec.secret_env(name, &secret.id, secret.optional);
            }
        }
        for path in &run.outputs {
            exec = exec.mount(self.of_stage(id, output_at(path))?);
        }
        let first_line = run
            .script
            .lines()
            .find(|line| *line != "set -e")
            .unwrap_or_default();
        let node = self.exec(id, exec, &format!("run {first_line}"))?;
        if run.outputs.is_empty() {
            return self.of_stage(id, node.root_output());
        }
        let outputs: Result<Vec<_>, _> = run.outputs.iter().map(|path| node.output(path)).collect();
        let outputs = self.of_stage(id, outputs)?;
        let first = outputs[0].clone();
        let merged = Merge::of(outputs)
            .named_internal(&format!("outputs of {}", self.plan.stage(id).id))
            .build();
        Ok(merged.unwrap_or(first))
    }

    /// A read-only mount that counts by its content.
    fn mounted(&mut self, id: StageId, mounted: &Mounted) -> Result<Mount, LowerError> {
        let source = self.source(id, &mounted.from)?;
        let selected = if source.filtered() {
            self.of_stage(id, source.copied())?
        } else {
            source
        };
        let path = selected.file.as_deref().unwrap_or(&selected.root);
        let mut mount = Mount::bind(selected.output.clone(), &mounted.to)
            .read_only()
            .no_output();
        if path != "/" {
            mount = mount.selector(path);
        }
        Ok(mount.into())
    }
}

impl CopySource {
    /// Only what the patterns leave, as a filesystem of its own.
    fn copied(self) -> Result<Self, buildkit_llb::LlbError> {
        let output = FileOps::on(None)
            .copy(self.output.clone(), &self.root, "/", self.selection())
            .named_internal("select files")
            .build()?;
        Ok(self.alone(output))
    }
}

/// Mounts that a client or the daemon lends: nothing of them is in a key but their place.
fn lent(run: &Run) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for cache in &run.caches {
        let sharing = match cache.sharing {
            CacheSharing::Shared => Sharing::Shared,
            CacheSharing::Private => Sharing::Private,
            CacheSharing::Locked => Sharing::Locked,
        };
        mounts.push(Mount::cache(&cache.to, &cache.id, sharing).into());
    }
    for path in &run.tmpfs {
        mounts.push(Mount::tmpfs(path).into());
    }
    for secret in &run.secrets {
        if let Some(path) = &secret.to {
            let mount = Mount::secret(&secret.id, path);
            mounts.push(
                if secret.optional {
                    mount.optional()
                } else {
                    mount
                }
                .into(),
            );
        }
    }
    for ssh in &run.ssh {
        let mut mount = Mount::ssh(&ssh.id);
        if let Some(path) = &ssh.to {
            mount = mount.dest(path);
        }
        mounts.push(
            if ssh.optional {
                mount.optional()
            } else {
                mount
            }
            .into(),
        );
    }
    mounts
}
