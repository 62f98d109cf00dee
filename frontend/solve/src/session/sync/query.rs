//! Lists of strings in a call's headers, escaped where they aren't ASCII.

use tonic::Status;
use tonic::metadata::MetadataMap;

/// All values under a key, or none if the key is missing.
pub(super) fn values(headers: &MetadataMap, key: &str) -> Result<Option<Vec<String>>, Status> {
    if !headers.contains_key(key) {
        return Ok(None);
    }
    let escaped = headers
        .get(format!("{key}-encoded"))
        .is_some_and(|flag| matches!(flag.as_bytes(), b"1" | b"true"));
    let broken = || Status::invalid_argument(format!("the header {key} is not valid UTF-8"));
    let value = |bytes: &[u8]| {
        String::from_utf8(if escaped {
            unescape(bytes)
        } else {
            bytes.to_vec()
        })
    };
    let values = headers
        .get_all(key)
        .iter()
        .map(|bytes| value(bytes.as_bytes()));
    values
        .collect::<Result<_, _>>()
        .map(Some)
        .map_err(|_| broken())
}

/// Undoes the escapes of a URL's query. What isn't one stays.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let escape = after
            .first_chunk::<2>()
            .filter(|_| *first == b'%')
            .and_then(|digits| {
                let digits = std::str::from_utf8(digits).ok()?;
                u8::from_str_radix(digits, 16).ok()
            });
        if let Some(byte) = escape {
            plain.push(byte);
            rest = &after[2..];
        } else {
            plain.push(if *first == b'+' { b' ' } else { *first });
            rest = after;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::values;
    use tonic::metadata::MetadataMap;

    #[test]
    fn values_are_read_in_order() {
        let mut headers = MetadataMap::new();
        headers.append("followpaths", "a+b".parse().expect("ASCII"));
        headers.append("followpaths", "%41".parse().expect("ASCII"));
        let plain = values(&headers, "followpaths").expect("UTF-8");
        assert_eq!(plain, Some(vec!["a+b".to_owned(), "%41".to_owned()]));
        headers.insert("followpaths-encoded", "1".parse().expect("ASCII"));
        let escaped = values(&headers, "followpaths").expect("UTF-8");
        assert_eq!(escaped, Some(vec!["a b".to_owned(), "A".to_owned()]));
        assert_eq!(values(&headers, "dir-name").expect("UTF-8"), None);
    }

    #[test]
    fn what_is_not_ascii_is_escaped() {
        let mut headers = MetadataMap::new();
        headers.append("include-patterns", "caf%C3%A9%2F%2".parse().expect("ASCII"));
        headers.insert("include-patterns-encoded", "1".parse().expect("ASCII"));
        assert_eq!(
            values(&headers, "include-patterns").expect("UTF-8"),
            Some(vec!["café/%2".to_owned()])
        );
    }
}
