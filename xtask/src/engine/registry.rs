//! The loopback registry: it holds the base images where docker.io is out of reach,
//! and takes what builds push.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::http;
use super::layout::Layout;
use super::service::{self, Service};
use super::state::State;
use crate::step::step;
use crate::{run, workspace};

/// The registry's name among the services.
pub const SERVICE: &str = "registry";

const USUAL_PORT: u16 = 5711;

const CONFIGURATION: &str = "registry.yml";

/// Starts the registry.
pub fn start(layout: &Layout, state: &mut State, port: Option<u16>) -> Result<()> {
    let port = service::choose_port(state, SERVICE, port, USUAL_PORT)?;
    let configuration = configuration(layout, port)?;
    let file = layout.path(CONFIGURATION);
    fs::write(&file, &configuration)?;

    let program = run::find_program("docker-registry").context("docker-registry is gone")?;
    let mut command = Command::new(program);
    command.arg("serve").arg(file);
    let service = Service {
        name: SERVICE,
        command,
        configuration: &configuration,
        port: Some(port),
        answers: &|| http::get(port, "/v2/").is_ok(),
    };
    service.ensure(layout, state)
}

/// Removes the repositories below `name`, and what no other one has. Nobody may be pushing.
pub fn remove(layout: &Layout, name: &str) -> Result<()> {
    let repositories = layout.path("registry/docker/registry/v2/repositories");
    let folder = repositories.join(name);
    if !folder.is_dir() {
        return Ok(());
    }
    step(format!("removing {name} from the registry"), || {
        fs::remove_dir_all(folder)?;
        let mut collect = Command::new("docker-registry");
        collect
            .arg("garbage-collect")
            .arg(layout.path(CONFIGURATION));
        run::logged(&mut collect, &workspace::log("registry-garbage"))
    })
}

/// The registry's `host:port`.
pub fn address(state: &State) -> Result<String> {
    service::address(state, SERVICE)
}

/// JSON is YAML, and needs no rules for quoting paths.
fn configuration(layout: &Layout, port: u16) -> Result<String> {
    let configuration = serde_json::json!({
        "version": "0.1",
        "log": { "level": "warn", "accesslog": { "disabled": true } },
        "storage": {
            "filesystem": { "rootdirectory": layout.path("registry") },
            "delete": { "enabled": true },
        },
        "http": { "addr": service::loopback(port) },
    });
    Ok(serde_json::to_string_pretty(&configuration)?)
}
