//! Git repositories.

use super::Attrs;
use super::git_remote::Remote;
use crate::attributes::{Annotate, Attributes};
use crate::{LlbError, Output, caps};

/// A git repository, under construction; begun by [`Source::git`](super::Source::git).
#[derive(Debug, Clone)]
pub struct Git {
    remote: String,
    reference: String,
    subdir: String,
    keep_git_dir: bool,
    auth_token_secret: Option<String>,
    auth_header_secret: Option<String>,
    known_ssh_hosts: String,
    ssh_socket: Option<String>,
    checksum: Option<String>,
    skip_submodules: bool,
    commit_times: bool,
    fetch_by_commit: bool,
    attributes: Attributes,
}

impl Git {
    pub(super) fn new(remote: String, reference: String) -> Self {
        Self {
            remote,
            reference,
            subdir: String::new(),
            keep_git_dir: false,
            auth_token_secret: None,
            auth_header_secret: None,
            known_ssh_hosts: String::new(),
            ssh_socket: None,
            checksum: None,
            skip_submodules: false,
            commit_times: false,
            fetch_by_commit: false,
            attributes: Attributes::new(),
        }
    }

    /// Takes only this directory of the repository.
    #[must_use]
    pub fn subdir(mut self, path: impl Into<String>) -> Self {
        self.subdir = path.into();
        self
    }

    /// Keeps the `.git` directory in the output.
    #[must_use]
    pub fn keep_git_dir(mut self) -> Self {
        self.keep_git_dir = true;
        self
    }

    /// Authenticates with the token in the secret of this name; otherwise `GIT_AUTH_TOKEN` if the client has it.
    #[must_use]
    pub fn auth_token_secret(mut self, secret: impl Into<String>) -> Self {
        self.auth_token_secret = Some(secret.into());
        self
    }

    /// Sends the secret of this name as the `Authorization` header; otherwise `GIT_AUTH_HEADER` if the client has it.
    #[must_use]
    pub fn auth_header_secret(mut self, secret: impl Into<String>) -> Self {
        self.auth_header_secret = Some(secret.into());
        self
    }

    /// Trusts a host by its line of `known_hosts`, for remotes over SSH.
    #[must_use]
    pub fn known_ssh_host(mut self, line: impl AsRef<str>) -> Self {
        let line = line.as_ref();
        self.known_ssh_hosts
            .push_str(line.strip_suffix('\n').unwrap_or(line));
        self.known_ssh_hosts.push('\n');
        self
    }

    /// Authenticates with the client's SSH agent of this name, for remotes over SSH; otherwise the one named `default`.
    #[must_use]
    pub fn ssh_socket(mut self, id: impl Into<String>) -> Self {
        self.ssh_socket = Some(id.into());
        self
    }

    /// Fails unless the reference resolves to this commit.
    #[must_use]
    pub fn checksum(mut self, commit: impl Into<String>) -> Self {
        self.checksum = Some(commit.into());
        self
    }

    /// Leaves submodules out.
    #[must_use]
    pub fn skip_submodules(mut self) -> Self {
        self.skip_submodules = true;
        self
    }

    /// Gives all files the time of the commit instead of the time of the checkout.
    #[must_use]
    pub fn commit_times(mut self) -> Self {
        self.commit_times = true;
        self
    }

    /// Fetches the commit of [`checksum`](Self::checksum) without asking the remote where the reference points.
    #[must_use]
    pub fn fetch_by_commit(mut self) -> Self {
        self.fetch_by_commit = true;
        self
    }

    /// The working tree.
    pub fn build(self) -> Result<Output, LlbError> {
        let remote = Remote::parse(&self.remote)?;
        if self.fetch_by_commit && self.checksum.is_none() {
            return Err(LlbError::Empty {
                what: "the commit to fetch (set `checksum`)",
            });
        }
        if !remote.ssh && (self.ssh_socket.is_some() || !self.known_ssh_hosts.is_empty()) {
            let cause = "it is not reached over SSH, but an SSH option is set";
            return Err(LlbError::InvalidRemote {
                remote: self.remote,
                cause,
            });
        }
        let identifier = format!(
            "git://{}{}",
            remote.identity,
            fragment(&self.reference, &self.subdir)
        );
        let has_secret = self.auth_token_secret.is_some() || self.auth_header_secret.is_some();
        let token = self
            .auth_token_secret
            .unwrap_or_else(|| "GIT_AUTH_TOKEN".to_owned());
        let header = self
            .auth_header_secret
            .unwrap_or_else(|| "GIT_AUTH_HEADER".to_owned());

        let mut attrs = Attrs::new(self.attributes);
        attrs.require(caps::SOURCE_GIT);
        attrs.set_some(
            "git.fullurl",
            Some(remote.url),
            Some(caps::SOURCE_GIT_FULL_URL),
        );
        attrs.set("git.authtokensecret", token);
        attrs.set("git.authheadersecret", header);
        if has_secret {
            attrs.require(caps::SOURCE_GIT_HTTP_AUTH);
        }
        if remote.ssh {
            if !self.known_ssh_hosts.is_empty() {
                attrs.set("git.knownsshhosts", self.known_ssh_hosts);
            }
            attrs.require(caps::SOURCE_GIT_KNOWN_SSH_HOSTS);
            attrs.set(
                "git.mountsshsock",
                self.ssh_socket.unwrap_or_else(|| "default".to_owned()),
            );
            attrs.require(caps::SOURCE_GIT_MOUNT_SSH_SOCK);
        }
        attrs.set_some(
            "git.checksum",
            self.checksum,
            Some(caps::SOURCE_GIT_CHECKSUM),
        );
        for (key, set, value, cap) in [
            (
                "git.keepgitdir",
                self.keep_git_dir,
                "true",
                caps::SOURCE_GIT_KEEP_DIR,
            ),
            (
                "git.skipsubmodules",
                self.skip_submodules,
                "true",
                caps::SOURCE_GIT_SKIP_SUBMODULES,
            ),
            (
                "git.mtime",
                self.commit_times,
                "commit",
                caps::SOURCE_GIT_MTIME,
            ),
            (
                "git.fetchbycommit",
                self.fetch_by_commit,
                "true",
                caps::SOURCE_GIT_FETCH_BY_COMMIT,
            ),
        ] {
            attrs.set_some(key, set.then_some(value), Some(cap));
        }
        Ok(attrs.into_output(identifier, None))
    }
}

impl Annotate for Git {
    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }
}

/// The part of the identifier after the repository: `#reference:subdir`, as far as given.
fn fragment(reference: &str, subdir: &str) -> String {
    match (reference, subdir) {
        ("", "") => String::new(),
        (reference, "") => format!("#{reference}"),
        (reference, subdir) => format!("#{reference}:{subdir}"),
    }
}
