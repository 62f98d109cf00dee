//! What the base images take over from this machine, so that apt, pip and npm work
//! inside builds as they do outside: mirrors, apt's settings, extra certificates.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::run;

/// The Debian release of the base images: the one that has Python 3.11.
pub const SUITE: &str = "bookworm";

/// Settings of apt that say how to reach a mirror and what to accept from it.
const APT_OPTIONS: [&str; 5] = [
    "Acquire::Check-Date",
    "Acquire::Check-Valid-Until",
    "Acquire::http::Proxy",
    "Acquire::https::Proxy",
    "Acquire::Retries",
];

/// The mirrors of Debian and of its security updates.
#[derive(Debug, PartialEq, Eq)]
pub struct Mirrors {
    /// The main archive.
    pub debian: String,
    /// The security archive.
    pub security: String,
}

impl Mirrors {
    /// The mirrors in this machine's apt sources; Debian's own where it has none.
    pub fn of_this_machine() -> Self {
        let mut text = fs::read_to_string("/etc/apt/sources.list").unwrap_or_default();
        if let Ok(folder) = fs::read_dir("/etc/apt/sources.list.d") {
            let mut files: Vec<_> = folder.flatten().map(|entry| entry.path()).collect();
            files.sort();
            for file in files {
                text.push('\n');
                text += &fs::read_to_string(file).unwrap_or_default();
            }
        }
        Self::parse(&text)
    }

    /// Finds the mirrors in sources of either style (one line each, or stanzas).
    fn parse(sources: &str) -> Self {
        let find = |end: &str| {
            sources
                .lines()
                .filter(|line| line.starts_with("deb ") || line.starts_with("URIs:"))
                .flat_map(str::split_whitespace)
                .find(|word| word.starts_with("http") && word.trim_end_matches('/').ends_with(end))
                .map(str::to_owned)
        };
        let own = "http://deb.debian.org";
        Self {
            debian: find("/debian").unwrap_or_else(|| format!("{own}/debian")),
            security: find("/debian-security").unwrap_or_else(|| format!("{own}/debian-security")),
        }
    }

    /// The apt sources of the base images.
    fn sources(&self) -> String {
        let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
        let stanza = |uri: &str, suites: &str| {
            format!(
                "Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main\nSigned-By: {keyring}\n"
            )
        };
        let main = stanza(&self.debian, &format!("{SUITE} {SUITE}-updates"));
        let security = stanza(&self.security, &format!("{SUITE}-security"));
        format!("{main}\n{security}")
    }
}

/// Writes into `folder`, laid out as the image's root, all that an image takes over.
/// `shipped` is the certificate bundle that Debian itself put into the image.
pub fn write(folder: &Path, mirrors: &Mirrors, shipped: &str) -> Result<()> {
    let put = |path: &str, text: &str| -> Result<()> {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
        Ok(fs::write(path, text)?)
    };
    put("etc/apt/sources.list.d/debian.sources", &mirrors.sources())?;
    put("etc/apt/apt.conf.d/machine", &apt_options()?)?;
    let bundle = trusted_bundle();
    for (index, certificate) in extra_certificates(&bundle, shipped).iter().enumerate() {
        let path = format!("usr/local/share/ca-certificates/machine-{index}.crt");
        put(&path, certificate)?;
    }
    Ok(())
}

fn apt_options() -> Result<String> {
    if run::find_program("apt-config").is_none() {
        return Ok(String::new());
    }
    let dump = run::output(Command::new("apt-config").arg("dump"))?;
    let is_wanted = |line: &&str| {
        let option = line.split(' ').next().unwrap_or_default();
        APT_OPTIONS.contains(&option)
    };
    let lines: Vec<&str> = dump.lines().filter(is_wanted).collect();
    Ok(lines.join("\n") + "\n")
}

fn trusted_bundle() -> String {
    let named = std::env::var("SSL_CERT_FILE").ok();
    let path = named.unwrap_or_else(|| "/etc/ssl/certs/ca-certificates.crt".to_owned());
    fs::read_to_string(path).unwrap_or_default()
}

/// The certificates that this machine trusts and Debian doesn't know.
fn extra_certificates(bundle: &str, shipped: &str) -> Vec<String> {
    let shipped: BTreeSet<String> = certificates(shipped).collect();
    certificates(bundle)
        .filter(|certificate| !shipped.contains(certificate))
        .collect()
}

fn certificates(bundle: &str) -> impl Iterator<Item = String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    bundle.split(BEGIN).skip(1).filter_map(|rest| {
        let (body, _) = rest.split_once(END)?;
        Some(format!("{BEGIN}{}{END}\n", body.replace('\r', "")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_mirrors(sources: &str, debian: &str, security: &str) {
        let found = Mirrors::parse(sources);
        assert_eq!(
            (found.debian.as_str(), found.security.as_str()),
            (debian, security)
        );
    }

    #[test]
    fn mirrors_are_found_in_both_styles_of_sources() {
        check_mirrors(
            "Types: deb\n# old\nURIs: http://mirror.example/debian\nSuites: trixie\n\n\
             Types: deb\nURIs: http://mirror.example/debian-security/\n",
            "http://mirror.example/debian",
            "http://mirror.example/debian-security/",
        );
        check_mirrors(
            "# deb http://commented.example/debian x main\n\
             deb [signed-by=/k] https://one.example/debian bookworm main\n",
            "https://one.example/debian",
            "http://deb.debian.org/debian-security",
        );
        check_mirrors(
            "deb http://archive.ubuntu.com/ubuntu noble main\n",
            "http://deb.debian.org/debian",
            "http://deb.debian.org/debian-security",
        );
    }

    #[test]
    fn only_certificates_that_debian_lacks_are_extra() {
        let pem = |body: &str| {
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
        };
        let shipped = pem("a") + &pem("b");
        let bundle = format!("# a comment\r\n{}{}{}", pem("b"), pem("mine"), pem("a"));
        assert_eq!(extra_certificates(&bundle, &shipped), [pem("mine")]);
    }
}
