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
mod http;
mod layout;
mod machine;
mod packages;
mod process;
mod registry;
mod service;
mod standin;
mod state;
mod tools;
mod tree;

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Result, bail};

use self::layout::Layout;
use self::state::State;
use crate::step::{note, step};

/// The daemon that is meant where no name is given.
pub const MAIN: &str = "main";

/// What `up` may be told.
pub struct UpOptions {
    /// The daemon's name.
    pub name: String,
    /// The registry's port, where the remembered or usual one will not do.
    pub registry_port: Option<u16>,
    /// The conda channel's port, likewise.
    pub channel_port: Option<u16>,
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
        let mut state = State::load(&layout)?;

        packages::install(&layout)?;
        tools::build(&layout)?;
        registry::start(&layout, &mut state, options.registry_port)?;
        channel::start(&layout, &mut state, options.channel_port)?;
        buildkitd::start(&layout, &mut state, &options.name)?;
        client::prepare(&layout, &options.name)?;
        if options.name == MAIN {
            let host = buildkitd::host(&layout, MAIN)?;
            if !bases::docker_io_answers(&layout, &host)? {
                bases::make(&layout, &state, &host)?;
                conda::make(&layout, &host)?;
            }
        }
        Ok(Self {
            layout,
            state,
            name: options.name.clone(),
        })
    }

    /// The engine as an earlier `up` left it.
    pub fn attach(name: &str) -> Result<Self> {
        let layout = Layout::new()?;
        let state = State::load(&layout)?;
        if !state.is_alive(&buildkitd::service_name(name)) {
            bail!(
                "no daemon named {name} is running; start it with `cargo xtask engine up --name {name}`"
            );
        }
        Ok(Self {
            layout,
            state,
            name: name.to_owned(),
        })
    }

    /// The environment in which BuildKit's, Docker's and our own tools find this engine.
    pub fn env(&self) -> Result<BTreeMap<&'static str, String>> {
        let mut env = client::env(&self.layout, &self.name)?;
        env.insert("LAYERCAKE_REGISTRY", registry::address(&self.state)?);
        env.insert("LAYERCAKE_CHANNEL", channel::url(&self.state)?);
        Ok(env)
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

/// A table of the services and whether they run.
pub fn status() -> Result<String> {
    let layout = Layout::new()?;
    let state = State::load(&layout)?;
    let mut table = format!(
        "{:<18} {:<8} {:<8} {}\n",
        "SERVICE", "STATE", "PID", "WHERE"
    );
    for service in state.services() {
        let alive = if state.is_alive(service) {
            "running"
        } else {
            "stopped"
        };
        let pid = state.pid(service).map(|pid| pid.to_string());
        let place = match service {
            registry::SERVICE => registry::address(&state)?,
            channel::SERVICE => channel::url(&state)?,
            daemon => buildkitd::host(&layout, daemon.trim_start_matches(buildkitd::PREFIX))?,
        };
        table += &format!(
            "{service:<18} {alive:<8} {:<8} {place}\n",
            pid.unwrap_or_default()
        );
    }
    Ok(table)
}

fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 20 || !name.chars().all(fits) {
        bail!("{name:?} is no daemon name: use up to 20 of a-z, 0-9 and -");
    }
    Ok(())
}
