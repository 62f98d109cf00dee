//! Ids for builds and sessions.

/// A new random id, of the kind that BuildKit's own clients make: lower-case letters and digits.
///
/// # Panics
/// If the system has no random numbers to give.
pub fn new_id() -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut bytes = [0; 25];
    getrandom::fill(&mut bytes).expect("the system provides random numbers");
    bytes
        .iter()
        .map(|byte| char::from(DIGITS[usize::from(byte % 32)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::new_id;

    #[test]
    fn ids_differ_and_fit_everywhere() {
        let (one, two) = (new_id(), new_id());
        assert_ne!(one, two);
        assert_eq!(one.len(), 25);
        assert!(
            one.chars()
                .all(|digit| digit.is_ascii_lowercase() || digit.is_ascii_digit())
        );
    }
}
