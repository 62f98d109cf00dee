//! Image references in the one form under which they enter a digest.

use crate::LlbError;

const DEFAULT_DOMAIN: &str = "docker.io";
const LEGACY_DOMAIN: &str = "index.docker.io";
const DEFAULT_TAG: &str = "latest";
/// The longest repository name, without tag and digest.
const NAME_LIMIT: usize = 255;

/// Completes an image reference as Docker does: registry `docker.io`, namespace `library`, tag `latest` where
/// neither tag nor digest is given.
///
/// ```
/// assert_eq!(buildkit_llb::normalize_reference("alpine")?, "docker.io/library/alpine:latest");
/// # Ok::<(), buildkit_llb::LlbError>(())
/// ```
pub fn normalize(reference: &str) -> Result<String, LlbError> {
    let invalid = |cause| LlbError::InvalidReference {
        reference: reference.to_owned(),
        cause,
    };
    if is_hex(reference, 64) {
        return Err(invalid("it is a bare image id"));
    }
    let (name, digest) = match reference.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    let (domain, rest) = split_domain(name);
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    let path = match path {
        path if domain == DEFAULT_DOMAIN && !path.contains('/') => format!("library/{path}"),
        path => path.to_owned(),
    };
    if path.chars().any(char::is_uppercase) {
        return Err(invalid("repository names are lowercase"));
    }
    if !is_domain(domain) {
        return Err(invalid("the registry is not a host name"));
    }
    if !path.split('/').all(is_path_component) || domain.len() + 1 + path.len() > NAME_LIMIT {
        return Err(invalid(
            "the repository name has a part that is empty, too long or of other characters than a-z 0-9 . _ -",
        ));
    }
    if !tag.is_none_or(is_tag) {
        return Err(invalid(
            "the tag is empty, too long or of other characters than A-Z a-z 0-9 . _ -",
        ));
    }
    if !digest.is_none_or(is_digest) {
        return Err(invalid("the digest is not `sha256:` and 64 hex digits"));
    }
    let tag = tag.or(digest.is_none().then_some(DEFAULT_TAG));
    let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = digest
        .map(|digest| format!("@{digest}"))
        .unwrap_or_default();
    Ok(format!("{domain}/{path}{tag}{digest}"))
}

/// The first part is a registry only if it looks like a host; otherwise all of it is a name at Docker's.
fn split_domain(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some((LEGACY_DOMAIN, rest)) => (DEFAULT_DOMAIN, rest),
        Some((first, rest))
            if first.contains(['.', ':'])
                || first == "localhost"
                || first.chars().any(char::is_uppercase) =>
        {
            (first, rest)
        }
        _ => (DEFAULT_DOMAIN, name),
    }
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (domain, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_ipv6 = |host: &str| {
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .is_some_and(|host| {
                !host.is_empty() && host.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
            })
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    (is_ipv6(host) || host.split('.').all(is_label)) && port.is_none_or(is_port)
}

/// Letters and digits, parted by one dot, one or two underscores, or any number of dashes.
fn is_path_component(component: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut separators = component.split(is_alphanumeric);
    let starts_well = separators.next() == Some("");
    let ends_well = component.ends_with(is_alphanumeric);
    starts_well
        && ends_well
        && separators.all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
        })
}

fn is_tag(tag: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|b| is_word(b) || matches!(b, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    digest
        .strip_prefix("sha256:")
        .is_some_and(|hash| is_hex(hash, 64))
        || digest
            .strip_prefix("sha512:")
            .is_some_and(|hash| is_hex(hash, 128))
}

fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[track_caller]
    fn check(reference: &str, expect: &str) {
        assert_eq!(normalize(reference).unwrap(), expect);
    }

    #[test]
    fn references_are_completed() {
        check("alpine", "docker.io/library/alpine:latest");
        check("alpine:3.20", "docker.io/library/alpine:3.20");
        check(
            "mambaorg/micromamba:1.5.8",
            "docker.io/mambaorg/micromamba:1.5.8",
        );
        check("index.docker.io/alpine", "docker.io/library/alpine:latest");
        check("docker.io/alpine", "docker.io/library/alpine:latest");
        check("localhost/x", "localhost/x:latest");
        check("localhost:5000/x/y:1", "localhost:5000/x/y:1");
        check("[::1]:5000/x", "[::1]:5000/x:latest");
        check("ghcr.io/a__b/c--d.e", "ghcr.io/a__b/c--d.e:latest");
        check("UPPER/x", "UPPER/x:latest");
        check(
            &format!("alpine@{DIGEST}"),
            &format!("docker.io/library/alpine@{DIGEST}"),
        );
        check(
            &format!("alpine:3@{DIGEST}"),
            &format!("docker.io/library/alpine:3@{DIGEST}"),
        );
    }

    #[test]
    fn malformed_references_are_refused() {
        for reference in [
            "",
            "Alpine",
            "alpine:",
            "alpine:-x",
            "a//b",
            "a/",
            "ghcr.io/",
            "a/.b",
            "a/b_",
            "a___b",
            "a..b",
            "alpine@sha256:abc",
            "alpine@",
            "-x.io/a",
            "host:port/a",
            "a b",
            &DIGEST[7..],
            &"x".repeat(256),
        ] {
            assert!(normalize(reference).is_err(), "{reference}");
        }
    }
}
