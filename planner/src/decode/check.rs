//! The forms of names. What single values mean, a port or a mode, is for resolving to say.

use crate::suggest::shown;

/// What is wrong with a text.
pub(crate) struct Problem {
    /// The diagnostic's code.
    pub(crate) code: &'static str,
    /// The fact.
    pub(crate) message: String,
    /// The way out.
    pub(crate) help: &'static str,
}

/// A form of texts.
pub(crate) type Check = fn(&str) -> Result<(), Problem>;

fn require(
    holds: bool,
    code: &'static str,
    message: impl FnOnce() -> String,
    help: &'static str,
) -> Result<(), Problem> {
    if holds {
        return Ok(());
    }
    Err(Problem {
        code,
        message: message(),
        help,
    })
}

/// A name of a project, stage, service or base.
pub(crate) fn name(text: &str) -> Result<(), Problem> {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let holds = text.starts_with(alphanumeric)
        && text
            .chars()
            .all(|c| alphanumeric(c) || matches!(c, '.' | '_' | '-'));
    require(
        holds,
        "bad-name",
        || format!("{} is not a valid name", shown(text)),
        "names are lower case: a letter or digit, then letters, digits, `.`, `_` and `-`",
    )
}

/// The name of an environment variable or build argument.
pub(crate) fn variable(text: &str) -> Result<(), Problem> {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let holds = text.starts_with(first) && text.chars().all(|c| first(c) || c.is_ascii_digit());
    require(
        holds,
        "bad-variable",
        || format!("{} is not a valid variable name", shown(text)),
        "write letters, digits and `_`, and no digit first: `JAVA_HOME`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn table(check: Check, right: &[&str], wrong: &[&str]) {
        for text in right {
            assert!(check(text).is_ok(), "`{text}` should be right");
        }
        for text in wrong {
            assert!(check(text).is_err(), "`{text}` should be wrong");
        }
    }

    #[test]
    fn names_and_variables() {
        table(
            name,
            &["a", "conda-env", "3d", "a.b_c"],
            &["", "-a", "A", "a b", "é", ".x"],
        );
        table(variable, &["A", "_x1"], &["", "1A", "A-B", "A B", "Ä"]);
    }
}
