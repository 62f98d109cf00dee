//! Which patterns are well formed, by the rules of Go's `path.Match`.

use std::str::Chars;

const ESCAPE: &str = "it ends in a backslash, which escapes nothing; write `\\\\` for a backslash";
const CLASS: &str = "its `[` has no closing `]`; write `\\[` for a bracket that stands for itself";
const EMPTY: &str =
    "its character class is empty or has an open range; put the characters between `[` and `]`";

/// Refuses an unfinished escape and an unfinished, empty or open character class.
pub(crate) fn check(pattern: &str) -> Result<(), &'static str> {
    let mut rest = pattern.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' => rest.next().map(drop).ok_or(ESCAPE)?,
            '[' => check_class(&mut rest)?,
            _ => {}
        }
    }
    Ok(())
}

/// What follows a `[`, up to and with its `]`.
fn check_class(rest: &mut Chars<'_>) -> Result<(), &'static str> {
    if rest.as_str().starts_with('^') {
        rest.next();
    }
    class_character(rest)?;
    loop {
        match rest.as_str().chars().next() {
            None => return Err(CLASS),
            Some(']') => {
                rest.next();
                return Ok(());
            }
            Some('-') => {
                rest.next();
                class_character(rest)?;
            }
            Some(_) => class_character(rest)?,
        }
    }
}

fn class_character(rest: &mut Chars<'_>) -> Result<(), &'static str> {
    match rest.next() {
        None => Err(CLASS),
        Some('-' | ']') => Err(EMPTY),
        Some('\\') => rest.next().map(drop).ok_or(ESCAPE),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{CLASS, EMPTY, ESCAPE, check};

    #[test]
    fn accepts_what_go_accepts() {
        for pattern in [
            "", "a", "*", "[a]", "[^a-z]", "[a-z0-9]", "\\[", "a]", "[\\]]", "[[]", "[*]", "[a^]",
        ] {
            assert_eq!(check(pattern), Ok(()), "{pattern:?}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for (pattern, fault) in [
            ("a\\", ESCAPE),
            ("[a\\", ESCAPE),
            ("[", CLASS),
            ("[^", CLASS),
            ("[a", CLASS),
            ("[a-", CLASS),
            ("[]", EMPTY),
            ("[]a]", EMPTY),
            ("[-a]", EMPTY),
            ("[a-]", EMPTY),
            ("[^]", EMPTY),
        ] {
            assert_eq!(check(pattern), Err(fault), "{pattern:?}");
        }
    }
}
