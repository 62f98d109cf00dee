//! The form of digests, checked where they are read, so that an error names their line.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

pub(super) fn digest<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    match text.strip_prefix("sha256:") {
        Some(digits) if is_hexadecimal(digits, 64) => Ok(text),
        _ => Err(Error::custom(format!(
            "`{text}` is not a digest: `sha256:` and 64 hexadecimal digits"
        ))),
    }
}

pub(super) fn sha256<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    digits(from, 64)
}

pub(super) fn md5<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    digits(from, 32).map(Some)
}

fn digits<'de, D: Deserializer<'de>>(from: D, count: usize) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if is_hexadecimal(&text, count) {
        return Ok(text);
    }
    Err(Error::custom(format!(
        "`{text}` is not {count} hexadecimal digits"
    )))
}

/// Small letters only: one digest has one spelling.
fn is_hexadecimal(text: &str, count: usize) -> bool {
    text.len() == count
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
