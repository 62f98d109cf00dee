//! The ways in which the address of a git repository is written.

use crate::LlbError;
use crate::file::clean_path;

/// Where a repository is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remote {
    /// What git is told to fetch from.
    pub(super) url: String,
    /// Host and path, equal for all protocols that reach the repository.
    pub(super) identity: String,
    /// Whether it is reached over SSH, and so needs an agent and known hosts.
    pub(super) ssh: bool,
}

impl Remote {
    /// Reads a URL, `user@host:path`, or a URL without its scheme, which is then https.
    pub(super) fn parse(text: &str) -> Result<Self, LlbError> {
        let invalid = |cause| LlbError::InvalidRemote {
            remote: text.to_owned(),
            cause,
        };
        if text.contains(['#', '?']) {
            return Err(invalid(
                "it has a fragment or a query; give reference and directory by themselves",
            ));
        }
        let (url, ssh, address) = if let Some((scheme, address)) = text.split_once("://") {
            if !matches!(scheme, "http" | "https" | "ssh" | "git") {
                return Err(invalid("its protocol is none of http, https, ssh, git"));
            }
            (
                text.to_owned(),
                scheme == "ssh",
                address.split_once('/').unwrap_or((address, "")),
            )
        } else if let Some(address) = scp_style(text) {
            (text.to_owned(), true, address)
        } else {
            (
                format!("https://{text}"),
                false,
                text.split_once('/').unwrap_or((text, "")),
            )
        };
        let (host, path) = address;
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        if host.is_empty() {
            return Err(invalid("it names no host"));
        }
        Ok(Self {
            url,
            identity: format!("{host}{}", clean_path(path)),
            ssh,
        })
    }
}

/// Splits `user@host:path` into host and path.
fn scp_style(text: &str) -> Option<(&str, &str)> {
    let (user, rest) = text.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let is_name = |text: &str, extra: &[char]| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || extra.contains(&c))
    };
    (is_name(user, &['_']) && is_name(host, &['.'])).then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, url: &str, identity: &str, ssh: bool) {
        let expect = Remote {
            url: url.to_owned(),
            identity: identity.to_owned(),
            ssh,
        };
        assert_eq!(Remote::parse(text).unwrap(), expect);
    }

    #[test]
    fn all_ways_to_one_repository_share_its_identity() {
        let identity = "example.com/a/b.git";
        check(
            "https://example.com/a/b.git",
            "https://example.com/a/b.git",
            identity,
            false,
        );
        check(
            "https://me:x@example.com/a/b.git",
            "https://me:x@example.com/a/b.git",
            identity,
            false,
        );
        check(
            "ssh://git@example.com/a/b.git",
            "ssh://git@example.com/a/b.git",
            identity,
            true,
        );
        check(
            "git@example.com:a/b.git",
            "git@example.com:a/b.git",
            identity,
            true,
        );
        check(
            "example.com/a/b.git",
            "https://example.com/a/b.git",
            identity,
            false,
        );
        check(
            "http://example.com:80/a",
            "http://example.com:80/a",
            "example.com:80/a",
            false,
        );
    }

    #[test]
    fn other_remotes_are_refused() {
        for text in [
            "",
            "ftp://example.com/a",
            "https://",
            "https://example.com/a#main",
            "https://example.com/a?x=1",
        ] {
            assert!(
                matches!(Remote::parse(text), Err(LlbError::InvalidRemote { .. })),
                "{text}"
            );
        }
    }
}
