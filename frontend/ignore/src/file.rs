//! The text of a `.dockerignore` file to its patterns, each with the number of its line.

use crate::path::clean;

/// A pattern as it stands in the file, normalised, and the number of its line, from 1.
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) text: String,
}

/// The lines that hold patterns. A `#` starts a comment in the first column only; space around a pattern and around
/// its `!` doesn't count; a leading `/` means what it means without.
pub(crate) fn lines(file: &str) -> impl Iterator<Item = Line> {
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    file.lines().enumerate().filter_map(|(index, line)| {
        if line.starts_with('#') {
            return None;
        }
        let line = line.trim();
        let text = match line.strip_prefix('!') {
            Some(rest) => format!("!{}", relative(rest.trim())),
            None => relative(line),
        };
        (!text.is_empty()).then_some(Line {
            number: index + 1,
            text,
        })
    })
}

fn relative(pattern: &str) -> String {
    if pattern.is_empty() {
        return String::new();
    }
    let pattern = clean(pattern);
    match pattern.strip_prefix('/') {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[track_caller]
    fn check(file: &str, expect: &[(usize, &str)]) {
        let found: Vec<_> = lines(file).map(|line| (line.number, line.text)).collect();
        let found: Vec<_> = found
            .iter()
            .map(|(number, text)| (*number, text.as_str()))
            .collect();
        assert_eq!(found, expect, "{file:?}");
    }

    #[test]
    fn comments_start_in_the_first_column() {
        check("#a\n #b\nc#d\n", &[(2, "#b"), (3, "c#d")]);
    }

    #[test]
    fn space_and_empty_lines_do_not_count() {
        check("\n  a b \t\r\n\r\n\tc\n", &[(2, "a b"), (4, "c")]);
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        check("\u{feff}#a\nb", &[(2, "b")]);
        check("\u{feff}b", &[(1, "b")]);
    }

    #[test]
    fn patterns_are_relative_and_clean() {
        check(
            "/a/\n./b//c\n! /d/../e \n/\n.",
            &[(1, "a"), (2, "b/c"), (3, "!e"), (4, "/"), (5, ".")],
        );
    }

    #[test]
    fn a_lone_exclamation_mark_is_kept_for_the_error() {
        check("a\n!\n", &[(1, "a"), (2, "!")]);
    }
}
