//! A BuildKit to work with, on any machine.
//!
//! [`Engine::up`] leaves a daemon, a registry, a conda channel and two base images
//! ready for use: those that the machine already reaches ([`external`]), or private
//! ones started here, with all state under `target/engine`. Daemons have names:
//! `main` is the one everybody uses; tests start more, which share the registry and
//! the channel, to have a cold daemon or one that may be killed.
//! `docs/engine.md` tells the story to users.

mod bases;
mod buildkitd;
mod channel;
mod client;
mod conda;
mod external;
mod http;
mod layout;
mod machine;
mod packages;
mod process;
mod registry;
mod service;
mod state;
mod status;
mod tools;
mod tree;
mod uv;

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Result, bail};

pub use self::channel::Size;
use self::external::External;
use self::layout::Layout;
use self::state::State;
pub use self::status::status;
use crate::step::{note, step};

/// The daemon that is meant where no name is given.
pub const MAIN: &str = "main";

/// What `up` may be told.
#[derive(Default)]
pub struct UpOptions {
    /// The daemon's name.
    pub name: String,
    /// The registry's port, where the remembered or usual one will not do.
    pub registry_port: Option<u16>,
    /// The conda channel's port, likewise.
    pub channel_port: Option<u16>,
    /// Keeps what the daemon builds in memory, in a disk of this size, as tmpfs takes it: `400M`. A running daemon's
    /// disk takes another size.
    pub disk: Option<String>,
}

impl UpOptions {
    /// The daemon of this name, all else as it is by default.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// Has the machine have the browser in which tests look at pages.
pub fn browser() -> Result<()> {
    packages::install(packages::BROWSER)
}

/// A running daemon with all that belongs to it.
pub struct Engine {
    layout: Layout,
    state: State,
    name: String,
}

impl Engine {
    /// Starts what is not running yet and returns when everything answers.
    pub fn up(options: &UpOptions) -> Result<Self> {
        check_name(&options.name)?;
        let layout = Layout::new()?;
        let _lock = layout.lock()?;
        let state = State::load(&layout)?;
        let mut engine = Self {
            layout,
            state,
            name: options.name.clone(),
        };
        tools::build(&engine.layout)?;
        uv::ensure(&engine.layout)?;
        if engine.name == MAIN {
            engine.state.external = External::find(&engine.layout)?;
            engine.state.save(&engine.layout)?;
        }
        match engine.external().cloned() {
            Some(external) => engine.adopt(&external, options)?,
            None => engine.start(options)?,
        }
        Ok(engine)
    }

    /// The engine as an earlier `up` left it.
    pub fn attach(name: &str) -> Result<Self> {
        let layout = Layout::new()?;
        let state = State::load(&layout)?;
        let engine = Self {
            layout,
            state,
            name: name.to_owned(),
        };
        let is_alive = engine.state.is_alive(&buildkitd::service_name(name));
        if engine.external().is_none() && !is_alive {
            bail!(
                "no daemon named {name} is running; \
                 start it with `cargo xtask engine up --name {name}`"
            );
        }
        Ok(engine)
    }

    /// The environment in which BuildKit's, Docker's and our own tools find this
    /// engine. With Docker's own engine the docker client is left as it is.
    pub fn env(&self) -> Result<BTreeMap<&'static str, String>> {
        let mut env = match self.external() {
            Some(External::Docker) => BTreeMap::from([("BUILDX_BUILDER", "default".to_owned())]),
            _ => client::env(&self.layout, &self.name, &self.host()?)?,
        };
        env.insert("LAYERCAKE_REGISTRY", registry::address(&self.state)?);
        env.insert(
            "LAYERCAKE_CHANNEL",
            channel::url(&self.layout, &self.state, Size::Small)?,
        );
        Ok(env)
    }

    /// Makes the conda channel again; returns its address.
    pub fn make_channel(&self, size: Size) -> Result<String> {
        if self.external().is_some() {
            bail!("this engine reaches the real conda channels, so none is made here");
        }
        let _lock = self.layout.lock()?;
        conda::make(&self.layout, &self.host()?, size)?;
        channel::url(&self.layout, &self.state, size)
    }

    /// The address of the conda channel, which is made if it is not there.
    pub fn channel(&self, size: Size) -> Result<String> {
        if self.external().is_none() {
            let _lock = self.layout.lock()?;
            conda::ensure(&self.layout, &self.host()?, size)?;
        }
        channel::url(&self.layout, &self.state, size)
    }

    /// What takes the place of the daemon; other daemons than `main` are always ours.
    fn external(&self) -> Option<&External> {
        let external = self.state.external.as_ref();
        external.filter(|_| self.name == MAIN)
    }

    fn host(&self) -> Result<String> {
        match self.external() {
            Some(external) => Ok(external.host().to_owned()),
            None => buildkitd::host(&self.layout, &self.name),
        }
    }

    /// Uses what is there; only the registry for builds to push to is ours.
    fn adopt(&mut self, external: &External, options: &UpOptions) -> Result<()> {
        note(&format!("    using {}", external.host()));
        packages::install(packages::REGISTRY)?;
        registry::start(&self.layout, &mut self.state, options.registry_port)?;
        match external {
            External::BuildKit(host) => client::prepare(&self.layout, &self.name, host),
            External::Docker => Ok(()),
        }
    }

    /// Starts an engine of our own.
    fn start(&mut self, options: &UpOptions) -> Result<()> {
        let Self {
            layout,
            state,
            name,
        } = self;
        buildkitd::check_root()?;
        packages::install(packages::ALL)?;
        registry::start(layout, state, options.registry_port)?;
        channel::start(layout, state, options.channel_port)?;
        buildkitd::start(layout, state, name, options.disk.as_deref())?;
        let host = buildkitd::host(layout, name)?;
        client::prepare(layout, name, &host)?;
        if name == MAIN && !bases::docker_io_answers(layout, &host)? {
            bases::make(layout, state, &host)?;
            conda::ensure(layout, &host, Size::Small)?;
        }
        Ok(())
    }
}

/// Stops the daemon `name`, or everything. State and caches stay on disk.
pub fn down(name: Option<&str>) -> Result<()> {
    let layout = Layout::new()?;
    let _lock = layout.lock()?;
    let mut state = State::load(&layout)?;
    let wanted = name.map(buildkitd::service_name);
    let services: Vec<String> = state.services().map(str::to_owned).collect();
    for service in services {
        if wanted.as_ref().is_none_or(|wanted| *wanted == service) {
            step(format!("stopping {service}"), || state.stop(&service))?;
            state.save(&layout)?;
        }
    }
    Ok(())
}

/// Kills the daemon `name` where it stands, as a crash would.
pub fn kill(name: &str) -> Result<()> {
    let layout = Layout::new()?;
    let _lock = layout.lock()?;
    let mut state = State::load(&layout)?;
    let service = buildkitd::service_name(name);
    if !state.is_alive(&service) {
        bail!("no daemon named {name} is running");
    }
    state.kill(&service)?;
    state.save(&layout)?;
    note(&format!("killed {service}"));
    Ok(())
}

/// Stops the daemon `name` and forgets all that it ever built.
pub fn wipe(name: &str) -> Result<()> {
    check_name(name)?;
    down(Some(name))?;
    let layout = Layout::new()?;
    let root = layout.daemon(name);
    if root.exists() {
        step(format!("removing {}", root.display()), || {
            Ok(fs::remove_dir_all(&root)?)
        })?;
    }
    Ok(())
}

/// Removes the repositories below `name` from the registry, with the room that they take.
pub fn remove_pushed(name: &str) -> Result<()> {
    let layout = Layout::new()?;
    let _lock = layout.lock()?;
    registry::remove(&layout, name)
}

fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 20 || !name.chars().all(fits) {
        bail!("{name:?} is no daemon name: use up to 20 of a-z, 0-9 and -");
    }
    Ok(())
}
