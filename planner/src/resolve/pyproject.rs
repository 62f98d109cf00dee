//! What building a Python project requires, by PEP 518.

use serde::Deserialize;

/// The file that says it.
pub(super) const FILE: &str = "pyproject.toml";

/// What a project without `[build-system]` requires (PEP 518; the version is that of pip).
const DEFAULT: &str = "setuptools>=40.8.0";

#[derive(Deserialize)]
struct Pyproject {
    #[serde(rename = "build-system")]
    build_system: Option<BuildSystem>,
}

#[derive(Deserialize)]
struct BuildSystem {
    requires: Vec<String>,
}

/// The requirements of `[build-system]`, sorted; or what is wrong with the file.
pub(super) fn build_requires(text: &str) -> Result<Vec<String>, String> {
    let file: Pyproject = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            text[..span.start]
                .bytes()
                .filter(|byte| *byte == b'\n')
                .count()
                + 1
        });
        format!("cannot be read: line {line}: {}", error.message())
    })?;
    let mut requires = match file.build_system {
        Some(system) => system.requires,
        None => vec![DEFAULT.to_owned()],
    };
    requires.sort();
    requires.dedup();
    Ok(requires)
}

#[cfg(test)]
mod tests {
    use super::{DEFAULT, build_requires};

    #[test]
    fn requirements_are_sorted_and_have_a_default() {
        let text = "[build-system]\nrequires = ['wheel', 'setuptools>=61']\nbuild-backend = 'x'\n";
        assert_eq!(
            build_requires(text),
            Ok(vec!["setuptools>=61".into(), "wheel".into()])
        );
        assert_eq!(build_requires("[project]\n"), Ok(vec![DEFAULT.into()]));
        assert_eq!(
            build_requires("[build-system]\nrequires = []\n"),
            Ok(Vec::new())
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for text in ["\n[build-system]\n", "\nbuild-system = 1\n", "\n[build"] {
            let problem = build_requires(text).unwrap_err();
            assert!(problem.contains("line 2"), "{problem}");
        }
    }
}
