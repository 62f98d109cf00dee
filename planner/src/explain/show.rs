//! Causes for people.

use std::fmt;

use serde_json::Value;

use super::cause::{Cause, FileChange, ImageVersion, Relation};

impl Cause {
    /// The lines that explain it further: the difference of a text.
    pub fn details(&self) -> &str {
        match self {
            Self::Text { diff, .. } => diff,
            _ => "",
        }
    }
}

/// One line, without [`Cause::details`].
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind { from, to } => write!(f, "kind {from} -> {to}"),
            Self::Platform { from, to } => write!(f, "platform {from} -> {to}"),
            Self::Image { name, from, to } => image(f, name, from.as_ref(), to.as_ref()),
            Self::File { path, change } => file(f, path, change),
            Self::Package {
                list,
                name,
                from,
                to,
            } => {
                let both = from.is_some() && to.is_some();
                let shown = |version: &Option<String>| {
                    let version = version.as_ref()?;
                    Some(if both || !version.is_empty() {
                        plain(version)
                    } else {
                        String::new()
                    })
                };
                let (from, to) = (shown(from), shown(to));
                value(f, &format!("{list}: {name}"), from, to)
            }
            Self::Text { name, .. } => write!(f, "{name} changed"),
            Self::Variable { name, from, to } => {
                value(f, &format!("variable {name}"), from.clone(), to.clone())
            }
            Self::Parameter { name, from, to } => {
                let shown = |value: &Option<Value>| value.as_ref().map(|value| text(name, value));
                value(f, name, shown(from), shown(to))
            }
            Self::Order { of } => write!(f, "order of {of} changed"),
            Self::Dependency {
                relation,
                stage,
                added,
            } => {
                let not = if *added { "" } else { "no longer " };
                write!(f, "{not}{relation} {stage}")
            }
            Self::Stage { relation, stage } => write!(f, "{relation} {stage}, which changed"),
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Needs => "needs",
            Self::Reads => "reads",
        })
    }
}

fn value(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    from: Option<String>,
    to: Option<String>,
) -> fmt::Result {
    let with = |value: String| {
        if value.is_empty() {
            value
        } else {
            format!(" {value}")
        }
    };
    match (from, to) {
        (Some(from), Some(to)) => {
            let shown = |value: String| {
                if value.is_empty() {
                    "(none)".to_owned()
                } else {
                    value
                }
            };
            write!(f, "{name} {} -> {}", shown(from), shown(to))
        }
        (None, Some(to)) => write!(f, "{name}{} added", with(to)),
        (Some(from), None) => write!(f, "{name}{} removed", with(from)),
        (None, None) => write!(f, "{name} changed"),
    }
}

fn image(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    from: Option<&ImageVersion>,
    to: Option<&ImageVersion>,
) -> fmt::Result {
    let digest = |of: &ImageVersion| of.digest.as_deref().map_or("unknown".to_owned(), short);
    match (from, to) {
        (Some(a), Some(b)) if a.reference == b.reference => {
            write!(
                f,
                "{name} {}: digest {} -> {}",
                a.reference,
                digest(a),
                digest(b)
            )
        }
        _ => {
            let shown = |of: Option<&ImageVersion>| match of {
                Some(of) => format!("{} ({})", of.reference, digest(of)),
                None => "nothing".to_owned(),
            };
            write!(f, "{name} {} -> {}", shown(from), shown(to))
        }
    }
}

fn file(f: &mut fmt::Formatter<'_>, path: &str, change: &FileChange) -> fmt::Result {
    match change {
        FileChange::Added => write!(f, "{path}: added"),
        FileChange::Removed => write!(f, "{path}: removed"),
        FileChange::Renamed { to } => write!(f, "{path}: renamed to {to}"),
        FileChange::Content { from, to } => match (from, to) {
            (Some(from), Some(to)) => {
                write!(f, "{path}: content {} -> {}", short(from), short(to))
            }
            _ => write!(f, "{path}: content, which one side has not read"),
        },
        FileChange::Mode { from, to } => write!(f, "{path}: mode {from} -> {to}"),
        FileChange::Link { from, to } => {
            let shown = |target: &Option<String>| target.clone().unwrap_or("no link".into());
            write!(f, "{path}: link {} -> {}", shown(from), shown(to))
        }
        FileChange::Kind { from, to } => write!(f, "{path}: {from} -> {to}"),
    }
}

/// `=1.26` and `==1.26` as `1.26`; no version as `any`.
fn plain(version: &str) -> String {
    let exact = version.trim_start_matches('=').trim();
    match (version, exact.contains(['<', '>', '!', '~', ',', ' ', '='])) {
        ("", _) => "any".to_owned(),
        (_, true) => version.to_owned(),
        (_, false) => exact.to_owned(),
    }
}

/// The first digits of a digest, enough to tell it from others.
fn short(digest: &str) -> String {
    let hex = digest.rsplit(':').next().unwrap_or(digest);
    hex.chars().take(12).collect()
}

fn text(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(mode) if name.ends_with("mode") => match mode.as_u64() {
            Some(mode) => format!("{mode:04o}"),
            None => mode.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_shown_as_people_say_them() {
        for (version, shown) in [
            ("", "any"),
            ("=1.26", "1.26"),
            ("==1.26", "1.26"),
            (">=1,<2", ">=1,<2"),
            ("=1.2=py3", "=1.2=py3"),
        ] {
            assert_eq!(plain(version), shown);
        }
    }
}
