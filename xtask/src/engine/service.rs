//! Bringing one service up: reuse it, restart it, or start it and wait until it
//! answers.

use std::fmt::Display;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use sha2::{Digest as _, Sha256};

use super::layout::Layout;
use super::process::{Process, wait_until};
use super::state::State;
use crate::run;
use crate::step::{note, step};
use crate::workspace;

/// How long a service may take until it answers.
const PATIENCE: Duration = Duration::from_mins(1);

/// A service to bring up.
pub struct Service<'a> {
    /// Its name in the state, in `status` and of its log.
    pub name: &'a str,
    /// The program with its arguments.
    pub command: Command,
    /// The text of its configuration: another text restarts the service.
    pub configuration: &'a str,
    /// The loopback port that it listens on, if it does.
    pub port: Option<u16>,
    /// Whether it answers.
    pub answers: &'a dyn Fn() -> bool,
}

impl Service<'_> {
    /// Returns when the service answers; it is left alone if it already does.
    pub fn ensure(mut self, layout: &Layout, state: &mut State) -> Result<()> {
        let configuration = self.fingerprint();
        if state.is_current(self.name, &configuration) && (self.answers)() {
            note(&format!("    {} is running", self.name));
            return Ok(());
        }
        step(format!("starting {}", self.name), || {
            state.stop(self.name)?;
            if let Some(port) = self.port {
                check_free(self.name, port)?;
            }
            let log = workspace::log(self.name);
            let process = Process::spawn(&mut self.command, &log)?;
            state.started(self.name, process.clone(), configuration);
            state.save(layout)?;

            let answered = wait_until(PATIENCE, || !process.is_alive() || (self.answers)());
            if !process.is_alive() {
                bail!("{} died while starting; {}", self.name, run::tail(&log));
            }
            if !answered {
                bail!(
                    "{} does not answer after {} s; {}",
                    self.name,
                    PATIENCE.as_secs(),
                    run::tail(&log)
                );
            }
            Ok(())
        })
    }

    fn fingerprint(&self) -> String {
        let text = format!("{:?}\n{}", self.command, self.configuration);
        hex::encode(Sha256::digest(text))
    }
}

/// The port for a service: the one asked for, else the one it had before, else its
/// usual one if that is free, else any free one.
pub fn choose_port(
    state: &mut State,
    service: &str,
    asked: Option<u16>,
    usual: u16,
) -> Result<u16> {
    let known = asked.or_else(|| state.ports.get(service).copied());
    let port = match known {
        Some(port) => port,
        None if is_free(usual) => usual,
        None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port(),
    };
    state.ports.insert(service.to_owned(), port);
    Ok(port)
}

/// The loopback address of a service, once it has a port.
pub fn address(state: &State, service: &str) -> Result<String> {
    match state.ports.get(service) {
        Some(port) => Ok(loopback(port)),
        None => bail!("the {service} was never started; run `cargo xtask engine up`"),
    }
}

/// `127.0.0.1:PORT`.
pub fn loopback(port: impl Display) -> String {
    format!("127.0.0.1:{port}")
}

fn check_free(service: &str, port: u16) -> Result<()> {
    if !is_free(port) {
        bail!(
            "port {port} of the {service} is taken by another program; \
             stop that, or choose a port with `cargo xtask engine up --{service}-port PORT`"
        );
    }
    Ok(())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_remembered_and_can_be_overruled() {
        let mut state = State::default();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let usual = taken.local_addr().unwrap().port();
        let first = choose_port(&mut state, "registry", None, usual).unwrap();
        assert_ne!(first, usual, "a taken port is not chosen");
        assert_eq!(
            choose_port(&mut state, "registry", None, usual).unwrap(),
            first
        );
        assert_eq!(
            choose_port(&mut state, "registry", Some(7), usual).unwrap(),
            7
        );
        assert_eq!(address(&state, "registry").unwrap(), "127.0.0.1:7");
    }

    #[test]
    fn a_taken_port_is_an_error_that_says_what_to_do() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = check_free("channel", port).unwrap_err().to_string();
        assert!(error.contains("--channel-port"), "{error}");
    }
}
