//! `{service}` and `{version}` in tags, cache references and paths given on the command line.

/// A template that cannot be filled.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Something else in braces.
    #[error("`{template}` has {{{name}}}, which is not known; {{service}} and {{version}} are")]
    Unknown {
        /// The template.
        template: String,
        /// What is in the braces.
        name: String,
    },
    /// A brace without its other.
    #[error("`{0}` has a brace that is not closed")]
    Open(String),
    /// There is no version.
    #[error("`{0}` names the {{version}}, and layercake.yaml has none; add `version:`")]
    NoVersion(String),
}

/// Fills a template for one service.
pub fn fill(template: &str, service: &str, version: Option<&str>) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| TemplateError::Open(template.to_owned()))?;
        filled.push_str(before);
        filled.push_str(match name {
            "service" => service,
            "version" => version.ok_or_else(|| TemplateError::NoVersion(template.to_owned()))?,
            _ => {
                return Err(TemplateError::Unknown {
                    template: template.to_owned(),
                    name: name.to_owned(),
                });
            }
        });
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::{TemplateError, fill};

    #[test]
    fn names_in_braces_are_replaced() {
        assert_eq!(
            fill("r/{service}:{version}", "web", Some("1.2")).as_deref(),
            Ok("r/web:1.2")
        );
        assert_eq!(fill("plain", "web", None).as_deref(), Ok("plain"));
        assert_eq!(
            fill("{version}", "web", None),
            Err(TemplateError::NoVersion("{version}".into()))
        );
        assert_eq!(
            fill("{service", "web", None),
            Err(TemplateError::Open("{service".into()))
        );
        assert!(
            fill("{servce}", "web", None)
                .unwrap_err()
                .to_string()
                .contains("{servce}")
        );
    }
}
