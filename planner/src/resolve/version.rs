//! `version:`, written or read from a file.

use std::path::Path;

use super::Resolver;
use crate::diagnostic::Diagnostic;
use crate::spec::{VersionFrom, VersionSpec};

impl Resolver<'_> {
    /// The project's version, if the file has one.
    pub(super) fn version(&self) -> Option<String> {
        match self.spec.version.as_ref()? {
            VersionSpec::Literal(text) => self.filled(text),
            VersionSpec::From(from) => self.version_from(from),
        }
    }

    fn version_from(&self, from: &VersionFrom) -> Option<String> {
        let text = self.text(&from.from)?;
        let path = &from.from.value;
        match look_up(path, &text, &from.key.value) {
            Ok(version) => Some(version),
            Err(problem) => {
                let found =
                    Diagnostic::error("version", from.key.span, format!("`{path}` {problem}"));
                self.report(found.help("name a key that holds a text, such as `project.version`"));
                None
            }
        }
    }
}

fn look_up(path: &str, text: &str, key: &str) -> Result<String, String> {
    let document: serde_json::Value =
        if Path::new(path).extension().is_some_and(|end| end == "json") {
            serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?
        } else {
            toml::from_str(text).map_err(|error| format!("is not TOML: {}", error.message()))?
        };
    let mut value = &document;
    for part in key.split('.') {
        value = value
            .get(part)
            .ok_or_else(|| format!("has no key `{key}`"))?;
    }
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("has something else than a text at `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::look_up;

    #[test]
    fn versions_are_found_in_toml_and_json() {
        let toml = "[project]\nname = 'x'\nversion = \"0.2.2\"\n";
        assert_eq!(
            look_up("pyproject.toml", toml, "project.version"),
            Ok("0.2.2".into())
        );
        assert_eq!(
            look_up("package.json", r#"{"version":"1"}"#, "version"),
            Ok("1".into())
        );
        assert!(
            look_up("pyproject.toml", toml, "project.versoin")
                .unwrap_err()
                .contains("no key")
        );
        assert!(
            look_up("pyproject.toml", toml, "project")
                .unwrap_err()
                .contains("else than a text")
        );
    }
}
