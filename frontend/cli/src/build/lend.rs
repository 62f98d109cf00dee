//! What the daemon is lent: the context, secrets, agents, and places for results.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use layercake_solve::{Destination, Session};

use crate::settings::{BuildSettings, Environment};

/// The name under which the context is lent.
pub const CONTEXT: &str = "context";

/// A session with secrets and agents.
fn lend(settings: &BuildSettings, shared_key: &str) -> Session {
    let session = Session::new(shared_key);
    let session = settings
        .secrets
        .iter()
        .fold(session, |session, (id, secret)| {
            session.secret(id, secret.clone())
        });
    settings
        .agents
        .iter()
        .fold(session, |session, (id, socket)| {
            session.ssh_agent(id, socket)
        })
}

/// The session of the whole build, with the context.
pub fn lend_context(
    settings: &BuildSettings,
    root: &Path,
    environment: &impl Environment,
) -> Session {
    lend(settings, &shared_key(root, environment)).directory(CONTEXT, root)
}

/// The session of one service that writes to places on this side. A session numbers its places as one request numbers
/// its exporters, so services cannot share one.
pub fn lend_outputs(settings: &BuildSettings, outputs: Vec<(usize, Destination)>) -> Session {
    outputs
        .into_iter()
        .fold(lend(settings, ""), |session, (at, output)| {
            session.output(at, output)
        })
}

/// What ties transfers of one folder together: buildx's key where buildx is set up, so that switching between the two
/// sends nothing again.
fn shared_key(root: &Path, environment: &impl Environment) -> String {
    let node = buildx_node(environment).unwrap_or_else(|| root.display().to_string());
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}:{node}")
}

fn buildx_node(environment: &impl Environment) -> Option<String> {
    let set = |name: &str| {
        environment(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let docker =
        || set("DOCKER_CONFIG").or_else(|| env::home_dir().map(|home| home.join(".docker")));
    let folder = set("BUILDX_CONFIG").or_else(|| docker().map(|docker| docker.join("buildx")))?;
    let node = fs::read_to_string(folder.join(".buildNodeID")).ok()?;
    Some(node.trim().to_owned()).filter(|node| !node.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_that_of_buildx() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().display().to_string();
        let environment = |name: &str| (name == "BUILDX_CONFIG").then(|| config.clone());
        assert_eq!(
            shared_key(Path::new("/a/project"), &environment),
            "project:/a/project"
        );
        fs::write(folder.path().join(".buildNodeID"), "0a1b\n").unwrap();
        assert_eq!(
            shared_key(Path::new("/a/project"), &environment),
            "project:0a1b"
        );
    }
}
