//! Names in messages: "did you mean", lists, and texts of any length and content.

/// The name closest to `wrong`, if one is close enough to have been meant.
pub fn suggest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase().replace('_', "-");
    let limit = (wrong.chars().count() / 3).clamp(1, 3);
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(&wrong, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A text of the file as a message shows it: in backquotes, escaped, and cut when it is long.
pub fn shown(text: &str) -> String {
    const MOST: usize = 100;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", text[..end].escape_debug()),
        None => format!("`{}`", text.escape_debug()),
    }
}

/// `a`, `b` and `c`: names as a message lists them.
pub fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "none".into(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wrong: &str, expect: Option<&str>) {
        assert_eq!(
            suggest(wrong, ["packages", "needs", "on", "no-deps"]),
            expect
        );
    }

    #[test]
    fn only_close_names_are_suggested() {
        check("pakages", Some("packages"));
        check("need", Some("needs"));
        check("no_deps", Some("no-deps"));
        check("ON", Some("on"));
        check("target", None);
        check("", None);
    }

    #[test]
    fn texts_are_escaped_and_cut() {
        assert_eq!(shown("größe\u{7}"), "`größe\\u{7}`");
        assert_eq!(shown(&"ä".repeat(200)), format!("`{}…`", "ä".repeat(100)));
    }

    #[test]
    fn lists_read_as_prose() {
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(list(&[]), "none");
    }
}
