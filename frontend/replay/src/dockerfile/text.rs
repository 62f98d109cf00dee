//! Texts of instructions: what is left of their lines.

/// A command as the shell gets it: continued lines joined, and the comments and empty lines between them dropped.
pub fn joined(text: &str, escape: char) -> String {
    let mut out = String::new();
    let mut continued = false;
    for line in text.lines() {
        let bare = line.trim();
        if continued && (bare.is_empty() || bare.starts_with('#')) {
            continue;
        }
        let rest = line.trim_end().strip_suffix(escape);
        continued = rest.is_some();
        out.push_str(rest.unwrap_or(line));
        if !continued {
            out.push('\n');
        }
    }
    out.trim().to_owned()
}

/// The same in one line, for people.
pub fn one_line(text: &str, escape: char) -> String {
    joined(text, escape)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// The line that a byte is in, from 1.
pub fn line_of(text: &str, byte: usize) -> usize {
    1 + text[..byte.min(text.len())].matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continued_lines_are_one() {
        let text = "apt-get update \\\n  # why\n\n  && apt-get install \\\n    a";
        assert_eq!(
            joined(text, '\\'),
            "apt-get update   && apt-get install     a"
        );
        assert_eq!(one_line(text, '\\'), "apt-get update && apt-get install a");
        assert_eq!(joined("a `\n b", '`'), "a  b");
        assert_eq!(line_of("a\nb\nc", 2), 2);
    }
}
