//! `key=value,key=value`, as buildx and buildctl have it: CSV, so that a value may hold commas in quotes.

use std::collections::BTreeMap;

use super::UsageError;

/// The fields of one argument, by lower-case key.
#[derive(Debug)]
pub struct Fields {
    whole: String,
    option: &'static str,
    pairs: BTreeMap<String, String>,
}

impl Fields {
    /// Reads the argument of `option`. A field without `=` is an error, unless it is the only one: then it is the
    /// value of `alone`.
    pub fn parse(option: &'static str, text: &str, alone: &str) -> Result<Self, UsageError> {
        let parts = split(text);
        let mut fields = BTreeMap::new();
        for part in &parts {
            let (key, value) = match part.split_once('=') {
                Some((key, value)) => (key.trim().to_lowercase(), value.to_owned()),
                None if parts.len() == 1 => (alone.to_owned(), part.clone()),
                None => {
                    return Err(UsageError::new(format!(
                        "{option} {text}: `{part}` has no value; write {part}=..."
                    )));
                }
            };
            if fields.insert(key.clone(), value).is_some() {
                return Err(UsageError::new(format!(
                    "{option} {text}: `{key}` is there twice"
                )));
            }
        }
        Ok(Self {
            whole: text.to_owned(),
            option,
            pairs: fields,
        })
    }

    /// Takes a field out.
    pub fn take(&mut self, key: &str) -> Option<String> {
        self.pairs.remove(key)
    }

    /// An error about this argument.
    pub fn error(&self, problem: &str) -> UsageError {
        UsageError::new(format!("{} {}: {problem}", self.option, self.whole))
    }

    /// What has not been taken, which must be nothing.
    pub fn finish(self, known: &str) -> Result<(), UsageError> {
        match self.pairs.keys().next() {
            Some(key) => Err(self.error(&format!("`{key}` is not known; {known} are"))),
            None => Ok(()),
        }
    }

    /// What has not been taken.
    pub fn rest(self) -> BTreeMap<String, String> {
        self.pairs
    }
}

fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(next) = characters.next() {
        let part = parts.last_mut().expect("there is always a last part");
        match next {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                part.push('"');
            }
            '"' if quoted || part.is_empty() => quoted = !quoted,
            ',' if !quoted => parts.push(String::new()),
            other => part.push(other),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{Fields, split};

    #[test]
    fn quotes_keep_commas() {
        assert_eq!(
            split(r#"type=image,"name=a,b",x="#),
            ["type=image", "name=a,b", "x="]
        );
        assert_eq!(split(r#""a""b",c"d"#), [r#"a"b"#, r#"c"d"#]);
    }

    #[test]
    fn fields_are_named_once() {
        let mut fields = Fields::parse("--output", "TYPE=oci,dest=a=b", "dest").unwrap();
        assert_eq!(fields.take("type").as_deref(), Some("oci"));
        assert_eq!(fields.take("dest").as_deref(), Some("a=b"));
        assert!(fields.finish("").is_ok());
        assert_eq!(
            Fields::parse("--output", "dir", "dest").unwrap().rest()["dest"],
            "dir"
        );
        for (text, says) in [("a,b", "no value"), ("a=1,A=2", "twice")] {
            let error = Fields::parse("--output", text, "dest")
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("--output ") && error.contains(says),
                "{error}"
            );
        }
    }
}
