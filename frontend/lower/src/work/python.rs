//! pip and wheels. Which Python, and where its packages lie, is asked of the root when the stage runs.

use buildkit_llb::{Exec, FileOps, Mkfile, Mount, Network, Output, Sharing};
use layercake_planner::lock::LockedWheel;
use layercake_planner::model::{Input, Pip};
use layercake_planner::plan::{Python, SdistStep, StageId};

use super::link::Archive;
use super::{NamedInternal, SCRATCH, output_at, quoted};
use crate::LowerError;
use crate::assemble::Lowering;

/// Where pip's cache is mounted.
const CACHE: &str = "/var/cache/layercake/pip";

/// Where what a build system requires is mounted.
const REQUIRED: &str = "/layercake/build-requirements";

/// Where wheels that were built are.
pub(super) const WHEEL: &str = "/layercake/wheel";

/// Where Python keeps byte code meanwhile.
const BYTE_CODE: &str = "/var/cache/layercake/pip/pycache";

/// What zip archives, and so wheels, have as their first moment: 1980-01-01, in seconds since 1970.
const ZIP_EPOCH: &str = "315532800";

impl Lowering<'_> {
    pub(super) fn pip(
        &mut self,
        id: StageId,
        pip: &Pip,
        python: &Python,
        root: Option<Output>,
    ) -> Result<Output, LowerError> {
        let requirements = FileOps::on(None)
            .mkfile(
                "/requirements.txt",
                pip.requirements.as_str(),
                Mkfile::default(),
            )
            .named_internal(&format!("requirements of {}", self.plan.stage(id).name));
        let requirements = self.of_stage(id, requirements.build())?;
        let mut options = vec![
            "-r".to_owned(),
            format!("{SCRATCH}/requirements/requirements.txt"),
        ];
        if pip.no_deps {
            options.push("--no-deps".into());
        }
        if let Some(index) = &pip.index_url {
            options.extend(["--index-url".into(), quoted(index)]);
        }
        for index in &pip.extra_index_urls {
            options.extend(["--extra-index-url".into(), quoted(index)]);
        }
        let script = format!("{}\n{}", find(python), install(&options));
        let exec = self.pip_exec(id, &script)?.root(root).mount(
            Mount::bind(requirements, format!("{SCRATCH}/requirements"))
                .read_only()
                .no_output(),
        );
        let what = format!(
            "pip install {}",
            pip.requirements.trim_end().replace('\n', " ")
        );
        let node = self.exec(id, exec, &what)?;
        self.of_stage(id, node.root_output())
    }

    pub(super) fn build_wheel(
        &mut self,
        id: StageId,
        source: &Input,
        requires: &[String],
        root: Option<Output>,
    ) -> Result<Output, LowerError> {
        let files = self.files_of(id, source)?;
        let script = format!("{}\n{}", find(&Python::OfRoot), wheel_script(WHEEL));
        let mut exec = self
            .pip_exec(id, &script)?
            .env("SOURCE_DATE_EPOCH", ZIP_EPOCH);
        if !requires.is_empty() {
            let tools = self.build_requirements(id, requires, root.clone())?;
            exec = exec.mount(
                Mount::bind(tools, REQUIRED)
                    .selector(REQUIRED)
                    .read_only()
                    .no_output(),
            );
        }
        let exec = exec
            .root(root)
            .mount(
                Mount::bind(files.output, format!("{SCRATCH}/source"))
                    .read_only()
                    .no_output(),
            )
            .mount(Mount::tmpfs("/tmp"))
            .mount(self.of_stage(id, output_at(WHEEL))?);
        let what = match source.need.path.as_str() {
            "" => "build the wheel of the context".to_owned(),
            folder => format!("build the wheel of {folder}"),
        };
        let node = self.exec(id, exec, &what)?;
        self.of_stage(id, node.output(WHEEL))
    }

    /// With whatever its build system requires, from the network: of that, only the source is locked.
    pub(super) fn build_sdist(
        &mut self,
        id: StageId,
        step: &SdistStep,
        root: Option<Output>,
    ) -> Result<Output, LowerError> {
        let archive = Archive::of_wheel(&step.source);
        let source = self.archive(id, &archive)?;
        let script = format!(
            "{}\nPATH=\"${{python%/*}}:$PATH\"\n\"$python\" -m pip wheel --no-deps --wheel-dir {WHEEL} {}",
            find(&Python::At(step.python.clone())),
            quoted(&archive.path())
        );
        let exec = self
            .pip_exec(id, &script)?
            .env("SOURCE_DATE_EPOCH", ZIP_EPOCH)
            .root(root)
            .mount(
                Mount::bind(source, archive.folder())
                    .read_only()
                    .no_output(),
            )
            .mount(Mount::tmpfs("/tmp"))
            .mount(self.of_stage(id, output_at(WHEEL))?);
        let LockedWheel { name, version, .. } = &step.source;
        let node = self.exec(id, exec, &format!("build the wheel of {name} {version}"))?;
        self.of_stage(id, node.output(WHEEL))
    }

    /// What the build system requires, installed beside the root: it does not run again when the project's own
    /// files change, and is one step for all projects that require the same.
    fn build_requirements(
        &mut self,
        id: StageId,
        requires: &[String],
        root: Option<Output>,
    ) -> Result<Output, LowerError> {
        let words: Vec<String> = requires.iter().map(|one| quoted(one)).collect();
        let options = ["--target".to_owned(), REQUIRED.to_owned()];
        let script = format!(
            "{}\n{}",
            find(&Python::OfRoot),
            install(&[&options, words.as_slice()].concat())
        );
        let exec = self
            .pip_exec(id, &script)?
            .root(root)
            .mount(Mount::tmpfs("/tmp"))
            .mount(self.of_stage(id, output_at(REQUIRED))?)
            .named_internal(&format!("build requirements {}", requires.join(" ")));
        let node = self.of_stage(id, exec.build())?;
        self.of_stage(id, node.output(REQUIRED))
    }

    pub(super) fn install_wheel(
        &mut self,
        id: StageId,
        wheel: StageId,
        python: &Python,
        deps: bool,
        root: Option<Output>,
    ) -> Result<Output, LowerError> {
        let built = self.result(wheel)?;
        let mut options = vec![format!("{WHEEL}/*.whl")];
        if !deps {
            options.extend(["--no-deps".into(), "--no-index".into()]);
        }
        let script = format!("{}\n{}", find(python), install(&options));
        let network = if deps {
            Network::Sandbox
        } else {
            Network::None
        };
        let exec = self
            .pip_exec(id, &script)?
            .root(root)
            .network(network)
            .mount(
                Mount::bind(built, WHEEL)
                    .selector(WHEEL)
                    .read_only()
                    .no_output(),
            );
        let what = format!("install the wheel of {}", self.plan.stage(id).name);
        let node = self.exec(id, exec, &what)?;
        self.of_stage(id, node.root_output())
    }

    /// A script for which pip keeps its cache and asks nothing. Byte code of pip itself goes into the cache mount:
    /// it speeds up the next start and stays out of the result.
    fn pip_exec(&self, id: StageId, script: &str) -> Result<Exec, LowerError> {
        let Some(base) = self.base_of(id) else {
            return Err(LowerError::Config("pip needs a base"));
        };
        Ok(self
            .script(base, script)
            .user("root")
            .env("PIP_CACHE_DIR", CACHE)
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .env("PIP_ROOT_USER_ACTION", "ignore")
            .env("PYTHONPYCACHEPREFIX", BYTE_CODE)
            .mount(Mount::cache(CACHE, self.cache_id("pip"), Sharing::Shared)))
    }
}

/// Builds the wheel with what its build system requires. A backend may ask for more when it sees the project, by
/// PEP 517's `get_requires_for_build_wheel`; pip then builds once more, and gets what it asks for.
fn wheel_script(wheel: &str) -> String {
    let build = format!("\"$python\" -m pip wheel --no-deps --wheel-dir {wheel}");
    format!(
        "cp -R {SCRATCH}/source /tmp/source
PATH={REQUIRED}/bin:$PATH PYTHONPATH={REQUIRED} {build} --no-build-isolation --check-build-dependencies --log /tmp/pip.log /tmp/source || {{
    grep -q 'Some build dependencies for' /tmp/pip.log || exit 1
    echo 'the build backend asks for more than [build-system] requires: once more, with that' >&2
    {build} /tmp/source
}}"
    )
}

/// Byte code holds times, and would make each build of one input another image: it is left out.
fn install(options: &[String]) -> String {
    format!(
        "\"$python\" -m pip install --no-compile {}",
        options.join(" ")
    )
}

/// Sets `python`, or fails with what is missing.
fn find(python: &Python) -> String {
    match python {
        Python::At(path) => format!(
            "set -e\npython={}\ncommand -v \"$python\" >/dev/null || {{ echo \"there is no Python at $python; does the conda environment have python?\" >&2; exit 1; }}",
            quoted(path)
        ),
        Python::OfRoot => "set -e\npython=$(command -v python3 || command -v python) || { echo 'the base has no python3; set `on:` or `python:`' >&2; exit 1; }".to_owned(),
    }
}
