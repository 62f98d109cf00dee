//! `run` stages, and scripts wherever they stand.

use std::collections::BTreeMap;

use super::Resolver;
use super::kinds::Index;
use crate::diagnostic::Diagnostic;
use crate::model::{Cache, CacheSharing, Run, RunInput, Secret, Ssh};
use crate::path::{context_path, image_path};
use crate::source::Span;
use crate::spec::{CacheSpec, InputSpec, RunSpec, Script, SecretSpec, Sharing, SshSpec, Text};

impl Resolver<'_> {
    pub(super) fn run(&self, spec: &RunSpec, index: &Index) -> Run {
        self.check_script(&spec.script);
        self.check_mounts(spec);
        let inputs = spec.inputs.iter();
        let outputs = spec.outputs.iter();
        let caches = spec.caches.iter();
        let secrets = spec.secrets.iter();
        let mut run = Run {
            script: script(&spec.script),
            inputs: inputs
                .filter_map(|input| self.run_input(input, index))
                .collect(),
            outputs: outputs.filter_map(|path| self.layer_folder(path)).collect(),
            env: self.environment(spec),
            caches: caches.filter_map(|cache| self.cache(cache)).collect(),
            secrets: secrets.filter_map(|secret| self.secret(secret)).collect(),
            ssh: spec.ssh.iter().map(|ssh| self.ssh(ssh)).collect(),
            tmpfs: self.image_paths(&spec.tmpfs),
            user: self.optional(spec.user.as_ref()),
            workdir: self.optional_path(spec.workdir.as_ref()),
            offline: self.offline(spec.network.as_ref()),
        };
        sort(&mut run);
        run
    }

    pub(super) fn check_script(&self, written: &Script) {
        if !script(written).is_empty() {
            return;
        }
        let span = match written {
            Script::One(text) => text.span,
            Script::Several(commands) => commands.first().map(|text| text.span).unwrap_or_default(),
        };
        let found = Diagnostic::error("empty-stage", span, "the script is empty");
        self.report(found.help("write what the shell is to run: `make install`"));
    }

    /// Each place has one thing mounted.
    fn check_mounts(&self, spec: &RunSpec) {
        let inputs = spec.inputs.iter().filter_map(|input| {
            let written = input.to.as_ref();
            let to = written.map_or_else(|| below_context(&input.from), absolute);
            Some((to?, written.unwrap_or(&input.from).span))
        });
        let outputs = spec
            .outputs
            .iter()
            .filter_map(|to| Some((absolute(to)?, to.span)));
        let caches = spec.caches.iter().map(|cache| &cache.to);
        let others = caches
            .chain(&spec.tmpfs)
            .chain(spec.ssh.iter().filter_map(|ssh| ssh.to.as_ref()));
        let others = others.filter_map(|to| Some((absolute(to)?, to.span)));
        let secrets = spec.secrets.iter().filter(|secret| secret.env.is_none());
        let secrets = secrets.filter_map(|secret| match &secret.to {
            Some(to) => Some((absolute(to)?, to.span)),
            None => Some((secret_file(&secret.id.value), secret.id.span)),
        });
        let mut taken: BTreeMap<String, Span> = BTreeMap::new();
        for (to, span) in inputs.chain(outputs).chain(others).chain(secrets) {
            if let Some(first) = taken.insert(to.clone(), span) {
                let message = format!("two things are mounted at `{to}`");
                let found = Diagnostic::error("mounted-twice", span, message);
                self.report(
                    found
                        .also(first, "first here")
                        .help("give one of them another `to`"),
                );
            }
        }
    }

    /// `env`, and of the build arguments those that the stage lists: no others can reach its key.
    fn environment(&self, spec: &RunSpec) -> BTreeMap<String, String> {
        let mut env = self.map(&spec.env);
        for name in &spec.args {
            let reference = name.clone().map(|name| format!("${{{name}}}"));
            env.extend(
                self.filled(&reference)
                    .map(|value| (name.value.clone(), value)),
            );
        }
        env
    }

    fn run_input(&self, spec: &InputSpec, index: &Index) -> Option<RunInput> {
        let from = self.from(
            &spec.from,
            spec.stage.as_ref(),
            &spec.include,
            &spec.exclude,
            index,
        );
        let to = match (&spec.to, &spec.stage) {
            (Some(to), _) => self.mount_path(to)?,
            (None, None) => below_context(&spec.from)?,
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
        Some(RunInput { from: from?, to })
    }

    /// Where something is mounted, which the root cannot be.
    fn mount_path(&self, to: &Text) -> Option<String> {
        let path = self.image_path(to)?;
        self.below_root(to, path)
    }

    fn cache(&self, spec: &CacheSpec) -> Option<Cache> {
        let to = self.mount_path(&spec.to)?;
        let project = self
            .spec
            .project
            .as_ref()
            .map_or("layercake", |name| &name.value);
        let id = self
            .optional(spec.id.as_ref())
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
            (Some(to), None) => Some(self.mount_path(to)?),
            (None, Some(_)) => None,
            (None, None) => Some(secret_file(&id)),
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

    fn ssh(&self, spec: &SshSpec) -> Ssh {
        Ssh {
            id: spec.id.value.clone(),
            to: self.optional_path(spec.to.as_ref()),
            optional: spec.optional,
        }
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
}

/// Where an input of the context is mounted when it does not say.
fn below_context(from: &Text) -> Option<String> {
    let path = context_path(&from.value).ok()?;
    Some(format!("/context/{path}").trim_end_matches('/').to_owned())
}

fn absolute(path: &Text) -> Option<String> {
    image_path(&path.value).ok().map(|path| path.path)
}

fn secret_file(id: &str) -> String {
    format!("/run/secrets/{id}")
}

/// Of what is mounted, the order means nothing.
fn sort(run: &mut Run) {
    run.inputs.sort_by(|a, b| a.to.cmp(&b.to));
    run.outputs.sort();
    run.caches.sort_by(|a, b| a.to.cmp(&b.to));
    run.secrets
        .sort_by(|a, b| (&a.id, &a.to, &a.env).cmp(&(&b.id, &b.to, &b.env)));
    run.ssh.sort_by(|a, b| (&a.id, &a.to).cmp(&(&b.id, &b.to)));
    run.tmpfs.sort();
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
