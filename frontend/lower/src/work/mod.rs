//! What stages do, as LLB: one file for each family of kinds.

mod apt;
mod conda;
mod files;
mod link;
mod python;
mod run;
mod unpack;
mod web;

use buildkit_llb::{Exec, FileOps, Mkdir, Mount, Output};
use layercake_planner::model::{BaseIx, Npm};
use layercake_planner::plan::{Stage, StageId, Work};

use crate::LowerError;
use crate::assemble::Lowering;
use crate::image::{config_of, environment, shell_of};

/// Where stages mount what they read; nothing of it stays in a result.
const SCRATCH: &str = "/layercake";

impl Lowering<'_> {
    /// Runs a stage on `root`: its whole root where it yields a difference, else its own tree.
    pub(crate) fn work(&mut self, id: StageId, root: Option<Output>) -> Result<Output, LowerError> {
        let plan = self.plan;
        let stage: &Stage = plan.stage(id);
        match &stage.work {
            Work::Conda { conda, tool } => self.conda(id, conda, *tool),
            Work::Link(step) => self.link(id, step),
            Work::BuildSdist(step) => self.build_sdist(id, step, root),
            Work::Scripts(step) => self.scripts(id, step, root),
            Work::Join { parts } => self.join(id, parts),
            Work::Apt(apt) => self.apt(id, apt, root),
            Work::Pip { pip, python } => self.pip(id, pip, python, root),
            Work::BuildWheel { source, requires } => self.build_wheel(id, source, requires, root),
            Work::InstallWheel {
                wheel,
                python,
                deps,
            } => self.install_wheel(id, *wheel, python, *deps, root),
            Work::Npm(Npm::Global(packages)) => self.npm_global(id, packages, root),
            Work::Npm(Npm::Project { source, to }) => self.npm_project(id, source, to, root),
            Work::Fetch(fetch) => self.fetch(id, fetch),
            Work::Unpack { unpack, tool } => self.unpack(id, unpack, *tool),
            Work::Copy(steps) => self.copy(id, steps),
            Work::Files(files) => self.files(id, files),
            Work::Run(step) => self.run_step(id, step, root),
            Work::Take(take) => self.take(id, take),
        }
    }

    /// A shell script on the image at `base`, with that image's environment, as root.
    fn script(&self, base: BaseIx, script: &str) -> Exec {
        let exec = Exec::new(["/bin/sh", "-c", script]);
        self.with_environment(base, exec)
    }

    fn with_environment(&self, base: BaseIx, exec: Exec) -> Exec {
        let image = self.plan.base(base).image.as_ref();
        let env = image
            .map(|image| environment(&config_of(image)))
            .unwrap_or_default();
        env.into_iter()
            .fold(exec, |exec, (name, value)| exec.env(name, value))
    }

    /// A text by the shell of the image at `base`.
    fn shell(&self, base: BaseIx, text: &str) -> Exec {
        let image = self.plan.base(base).image.as_ref();
        let shell = image
            .map(|image| shell_of(&config_of(image)))
            .unwrap_or_default();
        self.with_environment(base, Exec::new(shell.into_iter().chain([text.to_owned()])))
    }

    /// The base that a stage stands on; scratch stages have none.
    fn base_of(&self, id: StageId) -> Option<BaseIx> {
        match &self.plan.stage(id).root {
            layercake_planner::plan::Root::Base { base, .. } => Some(*base),
            layercake_planner::plan::Root::Scratch => None,
        }
    }

    /// The id of a cache mount of this project.
    fn cache_id(&self, what: &str) -> String {
        format!("{}/{what}", self.plan.project)
    }
}

/// A filesystem that is empty but for the folder `path`, and the mount that shows a command that folder at its
/// true place: what it writes there is a result rooted at `/`, ready to be merged.
fn output_at(path: &str) -> Result<Mount, buildkit_llb::LlbError> {
    let empty = folders(FileOps::on(None), path)
        .named_internal(path)
        .build()?;
    Ok(Mount::bind(empty, path).selector(path).into())
}

/// Makes `path` and the folders above it, with the modes that Debian gives those that matter.
fn folders(files: FileOps, path: &str) -> FileOps {
    let files = if path == "/root" || path.starts_with("/root/") {
        files.mkdir(
            "/root",
            Mkdir {
                mode: 0o700,
                parents: true,
                ..Mkdir::default()
            },
        )
    } else {
        files
    };
    if path == "/" {
        return files;
    }
    files.mkdir(
        path,
        Mkdir {
            parents: true,
            ..Mkdir::default()
        },
    )
}

trait NamedInternal: Sized {
    fn named_internal(self, what: &str) -> Self;
}

impl<T: buildkit_llb::Annotate> NamedInternal for T {
    fn named_internal(self, what: &str) -> Self {
        self.named(format!("[internal] {what}"))
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(quoted("numpy==1.26"), "numpy==1.26");
        assert_eq!(quoted("numpy>=1.26"), "'numpy>=1.26'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
