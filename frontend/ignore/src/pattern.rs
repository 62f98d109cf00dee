//! One pattern: how it is compiled and what it matches.
//!
//! A pattern becomes a comparison where it can and a regular expression where it must. The expression is the one that
//! moby/patternmatcher builds, oddities included (`^` isn't escaped, a `*` inside a class isn't literal), because a
//! file has to mean the same to every client.

use regex::Regex;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    /// Without its `!`, cleaned.
    pub(crate) text: String,
    /// Whether it began with `!`.
    pub(crate) exception: bool,
    matcher: Matcher,
}

#[derive(Debug, Clone)]
enum Matcher {
    Exact,
    Prefix(String),
    Suffix(String),
    Expression(Regex),
}

impl Pattern {
    /// Compiles a cleaned, well-formed pattern.
    pub(crate) fn compile(text: String, exception: bool) -> Result<Self, regex::Error> {
        let matcher = match expression(&text) {
            (Shape::Exact, _) => Matcher::Exact,
            (Shape::Prefix, _) => Matcher::Prefix(text[..text.len() - 2].to_owned()),
            (Shape::Suffix, _) => Matcher::Suffix(text[2..].to_owned()),
            (Shape::Expression, go) => Matcher::Expression(Regex::new(&from_go(&go))?),
        };
        Ok(Self {
            text,
            exception,
            matcher,
        })
    }

    /// Whether the pattern matches this very path; its parents are the caller's business.
    pub(crate) fn matches(&self, path: &str) -> bool {
        match &self.matcher {
            Matcher::Exact => path == self.text,
            Matcher::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Matcher::Suffix(suffix) => {
                path.ends_with(suffix.as_str())
                    || suffix.strip_prefix('/').is_some_and(|whole| whole == path)
            }
            Matcher::Expression(expression) => expression.is_match(path),
        }
    }

    /// Whether the pattern might match something inside `directory` that isn't `directory` itself. Errs towards yes.
    pub(crate) fn reaches_into(&self, directory: &str) -> bool {
        let mut parts = self.text.split('/');
        for name in directory.split('/') {
            match parts.next() {
                Some(part) if part.contains("**") || part.contains(['[', '\\', '^']) => {
                    return true;
                }
                Some(part) if part.contains(['*', '?']) || part == name => {}
                _ => return false,
            }
        }
        parts.next().is_some()
    }
}

/// The cheapest way to match a pattern.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Exact,
    /// By what stands before a final `**`.
    Prefix,
    /// By what stands after an initial `**`.
    Suffix,
    Expression,
}

/// The shape of a pattern, and the expression in Go's syntax that it is if there is no cheaper way.
fn expression(pattern: &str) -> (Shape, String) {
    let mut shape = Shape::Exact;
    let mut go = String::from("^");
    let mut rest = pattern.chars().peekable();
    let mut first = true;
    while let Some(next) = rest.next() {
        match next {
            '*' if rest.next_if_eq(&'*').is_some() => {
                rest.next_if_eq(&'/');
                let last = rest.peek().is_none();
                go.push_str(if last { ".*" } else { "(.*/)?" });
                shape = match shape {
                    _ if first => Shape::Suffix,
                    Shape::Exact if last => Shape::Prefix,
                    _ => Shape::Expression,
                };
            }
            '.' | '+' | '(' | ')' | '|' | '{' | '}' | '$' => go.extend(['\\', next]),
            '*' | '?' | '\\' | '[' | ']' => {
                match next {
                    '*' => go.push_str("[^/]*"),
                    '?' => go.push_str("[^/]"),
                    _ => go.push(next),
                }
                if next == '\\' {
                    go.extend(rest.next());
                }
                shape = Shape::Expression;
            }
            _ => go.push(next),
        }
        first = false;
    }
    go.push('$');
    (shape, go)
}

/// An expression of Go's in the syntax of the regex crate, where `[`, `&`, `~` and `--` mean more inside a class.
fn from_go(go: &str) -> String {
    let mut ours = String::new();
    let mut class = false;
    let mut rest = go.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\\' => {
                ours.push('\\');
                ours.extend(rest.next());
            }
            '[' if !class => {
                class = true;
                ours.push('[');
                ours.extend(rest.next_if_eq(&'^'));
            }
            ']' => {
                class = false;
                ours.push(']');
            }
            '[' | '&' | '~' if class => ours.extend(['\\', next]),
            '-' if class && ours.ends_with('-') => ours.push_str("\\-"),
            _ => ours.push(next),
        }
    }
    ours
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[track_caller]
    fn check(pattern: &str, path: &str, expect: bool) {
        let pattern = Pattern::compile(pattern.to_owned(), false).expect("the pattern compiles");
        assert_eq!(
            pattern.matches(path),
            expect,
            "{pattern:?} against {path:?}"
        );
    }

    #[test]
    fn stars_stop_at_slashes() {
        check("*", "a", true);
        check("*", "a/b", false);
        check("*/b", "a/b", true);
        check("a?c", "abc", true);
        check("a?c", "a/c", false);
        check("*.go", ".go", true);
        check("a.c", "abc", false);
    }

    #[test]
    fn double_stars_cross_slashes() {
        check("**", "a/b/c", true);
        check("**/c", "c", true);
        check("**/c", "a/b/c", true);
        check("**/c", "bc", false);
        check("**c", "a/bc", true);
        check("a/**", "a/b/c", true);
        check("a/**", "a", false);
        check("a/**/c", "a/c", true);
        check("a/**/c", "a/b/b/c", true);
        check("a/**/c", "ac", false);
        check("a**", "ab/c", true);
        check("**/*.md", "a/b.md", true);
        check("**/*.md", "b.md", true);
        check("a/**/**/c", "a/b/c", true);
    }

    #[test]
    fn classes_and_escapes() {
        check("[a-c]x", "bx", true);
        check("[a-c]x", "dx", false);
        check("[^a-c]x", "dx", true);
        check("a\\*b", "a*b", true);
        check("a\\*b", "aab", false);
        check("[[]x", "[x", true);
        check("[&~]x", "~x", true);
        check("[+--]x", ",x", true);
        check("a[.]b", "a.b", true);
        check("a+b(c)|d{e}$", "a+b(c)|d{e}$", true);
        check("a*+b", "aa+b", true);
        check("caf\u{e9}?", "caf\u{e9}s", true);
    }

    #[track_caller]
    fn check_reach(pattern: &str, directory: &str, expect: bool) {
        let pattern = Pattern::compile(pattern.to_owned(), true).expect("the pattern compiles");
        assert_eq!(
            pattern.reaches_into(directory),
            expect,
            "{pattern:?} into {directory:?}"
        );
    }

    #[test]
    fn reach_follows_the_pattern_name_by_name() {
        check_reach("a/b", "a", true);
        check_reach("a/b", "c", false);
        check_reach("a", "a", false);
        check_reach("a/*/c", "a/b", true);
        check_reach("a/*/c", "a/b/c", false);
        check_reach("*.md", "a", false);
        check_reach("**/*.md", "a/b", true);
        check_reach("a/**", "a/b/c", true);
        check_reach("a/**", "b", false);
    }
}
