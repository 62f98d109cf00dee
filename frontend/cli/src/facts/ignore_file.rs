//! What is left out of the context, and which line says so.

use dockerignore::{ParentMatches, PatternError, Patterns};

/// A `.dockerignore` file; the default leaves nothing out.
#[derive(Clone, Debug, Default)]
pub struct IgnoreFile {
    name: String,
    text: String,
    patterns: Patterns,
}

/// A `.dockerignore` file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct IgnoreFileError {
    /// The file.
    pub name: String,
    /// What is wrong, with its line and a way out.
    pub problem: PatternError,
}

impl IgnoreFile {
    /// The names under which the ignore file of `file` is looked for, the first that exists counts.
    pub fn names(file: &str) -> [String; 2] {
        [format!("{file}.dockerignore"), ".dockerignore".to_owned()]
    }

    /// Reads the text of the file named `name`.
    pub fn parse(name: &str, text: &str) -> Result<Self, IgnoreFileError> {
        match Patterns::parse(text) {
            Ok(patterns) => Ok(Self {
                name: name.to_owned(),
                text: text.to_owned(),
                patterns,
            }),
            Err(problem) => Err(IgnoreFileError {
                name: name.to_owned(),
                problem,
            }),
        }
    }

    /// The patterns, normalised, as a transfer takes them.
    pub fn lines(&self) -> &[String] {
        self.patterns.lines()
    }

    /// The line that leaves `path` out, if one does: "`*.md`, line 3 of .dockerignore".
    pub fn line_against(&self, path: &str) -> Option<String> {
        let found = self.patterns.matches(path);
        let by = found.by.filter(|_| found.matched)?;
        let number = self.patterns.line_number(by);
        let line = self.text.lines().nth(number - 1).unwrap_or_default().trim();
        Some(format!("`{line}`, line {number} of {}", self.name))
    }

    /// Whether `path` is left out, for a walk that comes from its folder.
    pub fn leaves_out(&self, path: &str, folder: &ParentMatches) -> (bool, ParentMatches) {
        let (found, state) = self.patterns.matches_using_parent_state(path, folder);
        (found.matched, state)
    }

    /// Whether nothing below `folder`, which is left out, is taken back.
    pub fn leaves_out_all_of(&self, folder: &str) -> bool {
        self.patterns.can_skip_dir(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::IgnoreFile;

    #[test]
    fn the_line_that_decides_is_named_as_written() {
        let ignore = IgnoreFile::parse(".dockerignore", "# docs\n  /*.md \n!README.md\n").unwrap();
        assert_eq!(
            ignore.line_against("a.md").as_deref(),
            Some("`/*.md`, line 2 of .dockerignore")
        );
        assert_eq!(ignore.line_against("README.md"), None);
        assert_eq!(ignore.lines(), ["*.md", "!README.md"]);
    }

    #[test]
    fn a_pattern_that_cannot_be_used_is_named_with_its_file() {
        let error = IgnoreFile::parse("x.dockerignore", "a\n!\n").unwrap_err();
        assert!(
            error.to_string().starts_with("x.dockerignore: line 2:"),
            "{error}"
        );
    }
}
