//! Lexical cleaning of slash-separated paths, as Go's `path.Clean` does it.

/// The shortest path that is lexically equal: no `//`, no `.`, `..` resolved; `.` if nothing is left.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if rooted => {}
            _ => kept.push(part),
        }
    }
    match (rooted, kept.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".to_owned(),
        (false, rest) => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[track_caller]
    fn check(path: &str, expect: &str) {
        assert_eq!(clean(path), expect, "{path:?}");
    }

    #[test]
    fn cleans_like_go() {
        check("", ".");
        check(".", ".");
        check("./a", "a");
        check("a//b/", "a/b");
        check("a/./b/../c", "a/c");
        check("..", "..");
        check("../../a", "../../a");
        check("a/../..", "..");
        check("/", "/");
        check("/..", "/");
        check("/../a/", "/a");
    }
}
