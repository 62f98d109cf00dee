//! Paths in the form in which Go's client writes them.

/// The shortest path from `/` that means the same, without looking at any file.
pub(crate) fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Like [`clean`], but a destination keeps the ending by which it says that it is a directory: `/` or `/.`.
pub(super) fn clean_dest(path: &str) -> String {
    let mut cleaned = clean(path);
    if path.ends_with('/') && cleaned != "/" {
        cleaned.push('/');
    } else if path.ends_with("/.") {
        if cleaned != "/" {
            cleaned.push('/');
        }
        cleaned.push('.');
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: &str, expect_dest: &str) {
        assert_eq!(clean(path), expect);
        assert_eq!(clean_dest(path), expect_dest);
    }

    #[test]
    fn paths_are_cleaned() {
        check("", "/", "/");
        check(".", "/", "/");
        check("/", "/", "/");
        check("/.", "/", "/.");
        check("./", "/", "/");
        check("a", "/a", "/a");
        check("./a//b/../c/", "/a/c", "/a/c/");
        check("/a/.", "/a", "/a/.");
        check("/../../a", "/a", "/a");
        check("..", "/", "/");
    }
}
