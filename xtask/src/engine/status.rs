//! What runs, as a table.

use anyhow::Result;

use super::layout::Layout;
use super::state::State;
use super::{MAIN, buildkitd, channel, registry};

/// One line for each service, with a heading.
pub fn status() -> Result<String> {
    let layout = Layout::new()?;
    let state = State::load(&layout)?;
    let mut table = row("SERVICE", "STATE", "PID", "WHERE");
    if let Some(external) = &state.external {
        table += &row(MAIN, "external", "", external.host());
    }
    for service in state.services() {
        let pid = state.pid(service);
        let alive = if pid.is_some() { "running" } else { "dead" };
        let pid = pid.map(|pid| pid.to_string()).unwrap_or_default();
        table += &row(service, alive, &pid, &place(&layout, &state, service)?);
    }
    Ok(table)
}

fn place(layout: &Layout, state: &State, service: &str) -> Result<String> {
    match service.strip_prefix(buildkitd::PREFIX) {
        Some(daemon) => buildkitd::host(layout, daemon),
        None if service == registry::SERVICE => registry::address(state),
        None => channel::alias(state),
    }
}

fn row(service: &str, state: &str, pid: &str, place: &str) -> String {
    format!("{service:<20} {state:<8} {pid:<8} {place}\n")
}
