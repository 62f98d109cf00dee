//! Variables in instructions: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`.

use std::collections::BTreeMap;

/// Puts values in place of names; a name without a value is nothing.
pub fn expand(text: &str, values: &BTreeMap<String, String>, escape: char) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', escape]) {
        out.push_str(&rest[..at]);
        let found = &rest[at..];
        rest = if let Some(after) = found.strip_prefix(escape) {
            let mut after = after.chars();
            match after.next() {
                Some('$') => out.push('$'),
                Some(other) => out.extend([escape, other]),
                None => out.push(escape),
            }
            after.as_str()
        } else {
            variable(&found[1..], values, escape, &mut out)
        };
    }
    out.push_str(rest);
    out
}

/// Reads what follows a `$`, writes its value, and returns what is left.
fn variable<'t>(
    text: &'t str,
    values: &BTreeMap<String, String>,
    escape: char,
    out: &mut String,
) -> &'t str {
    if let Some(inner) = text.strip_prefix('{')
        && let Some(end) = closing(inner)
    {
        let (name, way) = inner[..end].split_at(name_length(&inner[..end]));
        let value = values.get(name).map_or("", String::as_str);
        let colon = way.starts_with(':');
        let given = if colon {
            !value.is_empty()
        } else {
            values.contains_key(name)
        };
        let way = way.strip_prefix(':').unwrap_or(way);
        match (way.chars().next(), given) {
            (Some('-'), false) | (Some('+'), true) => {
                out.push_str(&expand(&way[1..], values, escape));
            }
            (Some('+'), false) => {}
            _ => out.push_str(value),
        }
        return &inner[end + 1..];
    }
    let length = name_length(text);
    if length == 0 {
        out.push('$');
    } else {
        out.push_str(values.get(&text[..length]).map_or("", String::as_str));
    }
    &text[length..]
}

/// Where the brace that was opened is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn name_length(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .unwrap_or(text.len())
}

/// The pairs of `A=1 B="2 3"`, or the one of `A 1 2`.
pub fn pairs(text: &str) -> Vec<(String, Option<String>)> {
    let words =
        shlex::split(text).unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect());
    let old = words.first().is_some_and(|first| !first.contains('='));
    if old && words.len() > 1 {
        let name = words[0].clone();
        let value = text.trim_start()[name.len()..].trim().to_owned();
        return vec![(name, Some(value))];
    }
    let pair = |word: String| match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (word, None),
    };
    words.into_iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let values = [("A", "1"), ("EMPTY", "")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into();
        assert_eq!(expand(text, &values, '\\'), expect, "{text}");
    }

    #[test]
    fn names_become_values() {
        check("x$A/${A}y", "x1/1y");
        check("$B${B}", "");
        check("${B:-2}${A:-2}${EMPTY:-3}${EMPTY-4}", "213");
        check("${A:+yes}${B:+yes}${EMPTY+yes}", "yesyes");
        check("${B:-${A}}", "1");
        check("\\$A \\n $", "$A \\n $");
        check("${A", "${A");
    }

    #[test]
    fn pairs_are_told_apart() {
        let some = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
        assert_eq!(pairs("A=1 B=\"2 3\""), [some("A", "1"), some("B", "2 3")]);
        assert_eq!(pairs("A 1 2"), [some("A", "1 2")]);
        assert_eq!(pairs("A"), [("A".to_owned(), None)]);
    }
}
