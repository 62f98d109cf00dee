//! examples/clx, built once by this process before any of its tests looks at what runs again.

use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow};

use crate::{Build, Door, Engine, Workspace, number};

/// The services of examples/clx.
pub const CLX: [&str; 3] = [
    "notebook-processor",
    "drawio-converter",
    "plantuml-converter",
];

/// A private copy of examples/clx whose three services the engine has just built.
#[derive(Debug)]
pub struct Clx {
    /// The copy.
    pub workspace: Workspace,
    /// The engine.
    pub engine: Engine,
}

impl Clx {
    /// A copy that nothing was built of, to be built on any engine. It is the same as all others of this process and
    /// new to every engine: its packages.yaml and a requirements file exclude a version that never existed.
    pub fn cold() -> Result<Self> {
        static NUMBER: OnceLock<u64> = OnceLock::new();
        let number = NUMBER.get_or_init(number);
        let workspace = Workspace::of_example("clx")?;
        let notebook = "services/notebook-processor";
        workspace.replace(
            &format!("{notebook}/packages.yaml"),
            "  - psutil\n",
            &format!("  - psutil!=0.0.{number}\n"),
        )?;
        let pinned = "aiofiles==24.1.0";
        workspace.replace(
            &format!("{notebook}/base-requirements.txt"),
            pinned,
            &format!("{pinned},!=0.0.{number}"),
        )?;
        workspace.commit()?;
        Ok(Self {
            workspace,
            engine: Engine::given()?,
        })
    }

    /// A copy of which all services are built.
    pub fn warm() -> Result<Self> {
        static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
        let clx = Self::cold()?;
        let once = || clx.build_all().map_err(|error| format!("{error:#}"));
        let outcome = BUILT.get_or_init(once).clone();
        outcome
            .map_err(|error| anyhow!(error))
            .context("the build that all others start from")?;
        Ok(clx)
    }

    fn build_all(&self) -> Result<()> {
        self.build(Door::Cli).run()?.succeeded().map(drop)
    }

    /// A build of all services.
    pub fn build(&self, door: Door) -> Build<'_> {
        Build::new(door, &self.engine, &self.workspace, &CLX)
    }
}
