//! `run` stages, and scripts wherever they stand.

use std::collections::BTreeMap;

use super::Resolver;
use super::kinds::Index;
use crate::diagnostic::Diagnostic;
use crate::model::{Cache, CacheSharing, Run, RunInput, Secret, Ssh};
use crate::spec::{CacheSpec, InputSpec, RunSpec, Script, SecretSpec, Sharing, SshSpec, Text};

impl Resolver<'_> {
    pub(super) fn run(&self, spec: &RunSpec, index: &Index) -> Option<Run> {
        Some(Run {
            script: script(&spec.script),
            inputs: spec
                .inputs
                .iter()
                .map(|input| self.run_input(input, index))
                .collect::<Option<_>>()?,
            outputs: spec
                .outputs
                .iter()
                .map(|path| Some(self.layer_path(path)?.path))
                .collect::<Option<_>>()?,
            env: self.environment(spec)?,
            caches: spec
                .caches
                .iter()
                .map(|cache| self.cache(cache))
                .collect::<Option<_>>()?,
            secrets: spec
                .secrets
                .iter()
                .map(|secret| self.secret(secret))
                .collect::<Option<_>>()?,
            ssh: spec
                .ssh
                .iter()
                .map(|ssh| self.ssh(ssh))
                .collect::<Option<_>>()?,
            tmpfs: self.image_paths(&spec.tmpfs)?,
            user: self.optional(spec.user.as_ref())?,
            workdir: match &spec.workdir {
                Some(workdir) => Some(self.image_path(workdir)?.path),
                None => None,
            },
            offline: self.offline(spec.network.as_ref()),
        })
    }

    /// `env`, and of the build arguments those that the stage lists: no others can reach its key.
    fn environment(&self, spec: &RunSpec) -> Option<BTreeMap<String, String>> {
        let mut env = self.map(&spec.env)?;
        for name in &spec.args {
            let reference = name.clone().map(|name| format!("${{{name}}}"));
            env.insert(name.value.clone(), self.filled(&reference)?);
        }
        Some(env)
    }

    fn run_input(&self, spec: &InputSpec, index: &Index) -> Option<RunInput> {
        let from = self.from(
            &spec.from,
            spec.stage.as_ref(),
            &spec.include,
            &spec.exclude,
            index,
        )?;
        let to = match (&spec.to, &spec.stage) {
            (Some(to), _) => self.image_path(to)?.path,
            (None, None) => format!("/context/{}", self.context_path(&spec.from)?),
            (None, Some(stage)) => {
                let found = Diagnostic::error(
                    "input-target",
                    spec.from.span,
                    "an input from a stage needs `to`",
                );
                self.report(found.help(format!("say where it is mounted: `to: /{}`", stage.value)));
                return None;
            }
        };
        Some(RunInput { from, to })
    }

    fn cache(&self, spec: &CacheSpec) -> Option<Cache> {
        let to = self.image_path(&spec.to)?.path;
        let project = self
            .spec
            .project
            .as_ref()
            .map_or("layercake", |name| &name.value);
        let id = self
            .optional(spec.id.as_ref())?
            .unwrap_or_else(|| format!("{project}{to}"));
        let sharing = match spec.sharing {
            Some(Sharing::Shared) => CacheSharing::Shared,
            Some(Sharing::Private) => CacheSharing::Private,
            Some(Sharing::Locked) | None => CacheSharing::Locked,
        };
        Some(Cache { to, id, sharing })
    }

    fn secret(&self, spec: &SecretSpec) -> Option<Secret> {
        let id = spec.id.value.clone();
        let to = match (&spec.to, &spec.env) {
            (Some(to), None) => Some(self.image_path(to)?.path),
            (None, Some(_)) => None,
            (None, None) => Some(format!("/run/secrets/{id}")),
            (Some(to), Some(_)) => {
                let found = Diagnostic::error(
                    "secret",
                    to.span,
                    "a secret is a file or a variable, not both",
                );
                self.report(found.help("list it twice to have both"));
                return None;
            }
        };
        let env = spec.env.as_ref().map(|env| env.value.clone());
        Some(Secret {
            id,
            to,
            env,
            optional: spec.optional,
        })
    }

    fn ssh(&self, spec: &SshSpec) -> Option<Ssh> {
        let to = match &spec.to {
            Some(to) => Some(self.image_path(to)?.path),
            None => None,
        };
        Some(Ssh {
            id: spec.id.value.clone(),
            to,
            optional: spec.optional,
        })
    }

    fn offline(&self, network: Option<&Text>) -> bool {
        let Some(network) = network else { return false };
        if !["default", "none"].contains(&network.value.as_str()) {
            let message = format!("`{}` is not a network mode", network.value);
            self.report(
                Diagnostic::error("network", network.span, message)
                    .help("write `default` or `none`"),
            );
        }
        network.value == "none"
    }

    fn image_paths(&self, paths: &[Text]) -> Option<Vec<String>> {
        paths
            .iter()
            .map(|path| Some(self.image_path(path)?.path))
            .collect()
    }
}

/// The text that the shell gets.
pub(super) fn script(script: &Script) -> String {
    match script {
        Script::Several(commands) => commands
            .iter()
            .map(|command| command.value.trim())
            .collect::<Vec<_>>()
            .join(" && "),
        Script::One(text) => {
            let lines = text.value.replace("\r\n", "\n");
            let lines = lines.trim();
            if lines.contains('\n') {
                format!("set -e\n{lines}")
            } else {
                lines.to_owned()
            }
        }
    }
}
