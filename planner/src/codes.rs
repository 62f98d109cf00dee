//! Every code that a diagnostic can have, each explained in a line. Codes are stable: tools match on them.

/// The codes by name, with what they mean.
pub const CODES: &[(&str, &str)] = &[
    ("alias-cycle", "a YAML alias stands inside what it names"),
    ("bad-choice", "a value is none of those that the key takes"),
    (
        "bad-name",
        "a name of a project, stage, service or base has a character that names cannot have",
    ),
    (
        "bad-variable",
        "a name of a build argument or environment variable has a character that it cannot have",
    ),
    (
        "base-mismatch",
        "a stage that names its base is in a service on another one, and what it writes cannot be told apart",
    ),
    (
        "base-without-tag",
        "an image reference names neither a tag nor a digest",
    ),
    (
        "cache-emptied",
        "a command empties a cache that it has mounted, so every run begins with an empty one",
    ),
    ("conda-spec", "a conda environment file cannot be used"),
    ("conflict", "two keys exclude each other"),
    (
        "crlf-script",
        "a script has line ends with which Linux cannot start it",
    ),
    ("cycle", "stages need each other in a circle"),
    ("duplicate-key", "a key stands twice in one mapping"),
    ("duration", "a text is not a duration"),
    ("empty-file", "the file holds nothing"),
    ("empty-stage", "a stage has a kind and nothing to do"),
    ("empty-value", "a key has no value"),
    (
        "fetch-checksum",
        "a fetched file has no checksum, or a wrong one",
    ),
    ("fetch-commit", "a commit is not 40 hexadecimal digits"),
    ("fetch-git", "a fetch from git is not given as it must be"),
    ("fetch-url", "a URL cannot be fetched"),
    (
        "hard-links",
        "conda packages are copied out of a cache mount, which no hard link leaves",
    ),
    (
        "ignored-source",
        "a file that is needed is left out by .dockerignore",
    ),
    ("image-reference", "a text is not an image reference"),
    (
        "input-target",
        "an input from a stage does not say where it is mounted",
    ),
    ("key", "a key of a mapping is not a text"),
    ("lfs-pointer", "a git-lfs pointer stands in place of a file"),
    ("link-escapes", "a symbolic link leads out of the context"),
    (
        "link-target",
        "a path lies below a folder that is a link in most images",
    ),
    ("listed-twice", "a service lists a stage twice"),
    (
        "lock-drift",
        "the lock was made for something else than the file now asks for",
    ),
    ("lock-file", "the lock cannot be used"),
    (
        "lock-missing",
        "the lock lacks something that the file asks for",
    ),
    (
        "locked-environment",
        "a locked conda environment cannot be linked package by package",
    ),
    (
        "merge",
        "a YAML merge key has a value that is not a mapping",
    ),
    ("missing-key", "a required key is missing"),
    ("missing-source", "a file that is needed does not exist"),
    ("mode", "a text is not a file mode"),
    ("mounted-twice", "two things are mounted at one path"),
    (
        "moving-base",
        "the image that a conda environment is installed with is named by a tag, which can be moved",
    ),
    ("network", "a network is neither `default` nor `none`"),
    (
        "no-files",
        "a folder has no file that the patterns let through",
    ),
    ("no-kind", "a stage says nothing to do"),
    ("no-project", "a wheel's folder holds no Python project"),
    ("no-services", "the file has no services"),
    (
        "no-src",
        "a wheel's project keeps its code where the default patterns do not look",
    ),
    ("not-utf8", "the file is in another encoding than UTF-8"),
    ("open-brace", "a `${` is not closed"),
    ("owner", "an owner is not given by numbers"),
    ("package-name", "a text is not the name of one package"),
    (
        "path",
        "a path cannot be used: it leaves the context, or is absolute where it must not be, or the reverse",
    ),
    ("pattern", "a pattern of files is empty"),
    ("port", "a text is not a port"),
    ("requirements", "Python requirements cannot be used"),
    ("secret", "a secret is asked for in two ways"),
    (
        "several-documents",
        "the file holds more than one YAML document",
    ),
    (
        "shared-folder",
        "a path lies in a folder that cannot be part of a layer",
    ),
    (
        "stage-images",
        "the registry of published stages cannot be used, and the build goes on without it",
    ),
    ("syntax", "the file is not YAML"),
    ("tag", "a text is not an image tag"),
    (
        "template",
        "a `{placeholder}` of a tag or label is unknown or not closed",
    ),
    (
        "too-deep",
        "lists and mappings stand too deep in each other",
    ),
    (
        "too-large",
        "the file, with its aliases written out, is too large",
    ),
    ("too-many-errors", "more was found than is shown"),
    ("two-kinds", "a stage says more than one thing to do"),
    ("unknown-arg", "a `${NAME}` names no build argument"),
    ("unknown-base", "a name is not that of a base"),
    (
        "unknown-key",
        "a mapping has a key that means nothing there",
    ),
    ("unknown-service", "a name is not that of a service"),
    ("unknown-stage", "a name is not that of a stage"),
    (
        "unpack-format",
        "an archive is of a kind that cannot be unpacked",
    ),
    (
        "unpinned",
        "a conda environment that is solved in the build names packages without a version",
    ),
    ("unreadable-source", "a file that is needed cannot be read"),
    (
        "unused-build-arg",
        "a build argument was given that the file does not declare",
    ),
    ("unused-on", "a stage names a base that does nothing for it"),
    ("unused-stage", "no service has a stage"),
    (
        "version",
        "the version cannot be read where it is said to stand",
    ),
    ("which-python", "more than one Python could be meant"),
    (
        "write-conflict",
        "two stages write one path and nothing says which lies on top",
    ),
    (
        "wrong-type",
        "a value is a text, list, mapping, number or boolean where another is expected",
    ),
    ("yaml-tag", "a YAML tag has no meaning here"),
];

/// What a code means.
pub fn explain(code: &str) -> Option<&'static str> {
    let index = CODES.binary_search_by_key(&code, |(name, _)| name).ok()?;
    Some(CODES[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_sorted_and_can_be_found() {
        assert!(CODES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(CODES.iter().all(|(code, text)| explain(code) == Some(text)));
        assert_eq!(explain("nonsense"), None);
    }
}
