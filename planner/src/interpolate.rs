//! `${NAME}` for build arguments, `{service}` and `{version}` in tags and labels.

use thiserror::Error;

/// Why a text cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InterpolateError {
    /// A name that is not declared.
    #[error("`{0}` is not declared")]
    Unknown(String),
    /// An opening brace without its closing one.
    #[error("`{0}` is not closed")]
    Open(&'static str),
}

/// Replaces `${NAME}` by `value(NAME)`; `$$` is one dollar sign, and a lone `$` stays.
pub fn interpolate<'a>(
    text: &str,
    value: impl Fn(&str) -> Option<&'a str>,
) -> Result<String, InterpolateError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let (name, after) = after.split_once('}').ok_or(InterpolateError::Open("${"))?;
            out.push_str(value(name).ok_or_else(|| InterpolateError::Unknown(name.into()))?);
            rest = after;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Replaces `{name}` by `value(name)`; `{{` and `}}` are braces.
pub fn template<'a>(
    text: &str,
    value: impl Fn(&str) -> Option<&'a str>,
) -> Result<String, InterpolateError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
        } else if brace == "{" {
            let (name, after) = rest.split_once('}').ok_or(InterpolateError::Open("{"))?;
            out.push_str(value(name).ok_or_else(|| InterpolateError::Unknown(name.into()))?);
            rest = after;
        } else {
            out.push('}');
        }
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_arguments_are_filled_in() {
        let value = |name: &str| (name == "V").then_some("1.5");
        assert_eq!(interpolate("a:${V}-$$x$y", value), Ok("a:1.5-$x$y".into()));
        assert_eq!(
            interpolate("${W}", value),
            Err(InterpolateError::Unknown("W".into()))
        );
        assert_eq!(interpolate("${V", value), Err(InterpolateError::Open("${")));
    }

    #[test]
    fn templates_are_filled_in() {
        let value = |name: &str| (name == "service").then_some("nb");
        assert_eq!(
            template("clx-{service}:{{x}}", value),
            Ok("clx-nb:{x}".into())
        );
        assert_eq!(
            template("{servic}", value),
            Err(InterpolateError::Unknown("servic".into()))
        );
    }
}
