//! The programs that Debian provides.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::run;
use crate::step::step;
use crate::workspace;

/// A program that must be there, and the package that has it.
type Program = (&'static str, &'static str);

/// What a private engine needs.
pub const ALL: &[Program] = &[
    ("docker-registry", "docker-registry"),
    ("runc", "runc"),
    ("nginx", "nginx-light"),
    ("debootstrap", "debootstrap"),
];

/// What is needed beside an engine that the machine already has.
pub const REGISTRY: &[Program] = &[("docker-registry", "docker-registry")];

/// What tests look at pages with, on the screen and on paper.
pub const BROWSER: &[Program] = &[("chromium", "chromium"), ("pdftotext", "poppler-utils")];

/// What Debian's maintainer scripts ask before they start a daemon.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Installs those of `programs` that are missing.
pub fn install(programs: &[Program]) -> Result<()> {
    let missing: Vec<&str> = programs
        .iter()
        .filter(|(program, _)| run::find_program(program).is_none())
        .map(|&(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if run::find_program("apt-get").is_none() {
        bail!(
            "{} must be there and this machine has no apt-get; install what is missing{}",
            missing.join(", "),
            if programs == ALL {
                ", or set BUILDKIT_HOST to a BuildKit that can pull base images"
            } else {
                ""
            }
        );
    }
    let log = workspace::log("apt-get");
    step(
        format!("installing Debian packages: {}", missing.join(" ")),
        || {
            let _no_daemons = NoDaemons::declare()?;
            run::logged(apt_get().arg("update"), &log)?;
            let mut install = apt_get();
            install.args(["install", "--yes", "--no-install-recommends"]);
            run::logged(install.args(&missing), &log)
        },
    )
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Keeps the packages from starting their own registry and web server while they
/// are installed. A policy that is already there stays as it is.
struct NoDaemons {
    ours: bool,
}

impl NoDaemons {
    fn declare() -> Result<Self> {
        let ours = !Path::new(POLICY).exists();
        if ours {
            fs::write(POLICY, "#!/bin/sh\nexit 101\n")?;
            run::logged(
                Command::new("chmod").args(["755", POLICY]),
                Path::new("/dev/null"),
            )?;
        }
        Ok(Self { ours })
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if self.ours {
            // Nothing more can be done about a file that cannot be removed.
            let _ = fs::remove_file(POLICY);
        }
    }
}
