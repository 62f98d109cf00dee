//! The list of patterns: how it is made and which path it matches.

use crate::file;
use crate::path::clean;
use crate::pattern::Pattern;
use crate::syntax;

/// Patterns in the order in which they are tried.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    compiled: Vec<Pattern>,
    lines: Vec<String>,
    numbers: Vec<usize>,
}

/// What a list of patterns says of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Whether the list matches: for `.dockerignore`, whether the path is left out.
    pub matched: bool,
    /// The index of the pattern that decided, an exception (`!`) included; none if no pattern matched.
    pub by: Option<usize>,
}

/// Which patterns matched a directory, for its children in a walk; the default is for the children of the root.
#[derive(Debug, Clone, Default)]
pub struct ParentMatches(Vec<bool>);

/// A pattern that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: the pattern `{pattern}` can't be used: {problem}")]
pub struct PatternError {
    /// The line in the file, from 1; for a bare list, the place in the list, from 1.
    pub line: usize,
    /// The pattern as normalised.
    pub pattern: String,
    /// What is wrong with it, and the way out.
    pub problem: Problem,
}

/// What makes a pattern unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It breaks the rules of Go's `path.Match`.
    #[error("{0}")]
    Syntax(&'static str),
    /// A `!` alone.
    #[error("a `!` alone takes nothing back; name a path after it or remove the line")]
    EmptyException,
    /// The regular expression that it stands for doesn't compile, as with a range that runs backwards.
    #[error("it makes no regular expression; check its classes, ranges and escapes")]
    Expression,
}

impl Patterns {
    /// Reads the text of a `.dockerignore` file.
    pub fn parse(file: &str) -> Result<Self, PatternError> {
        let mut patterns = Self::default();
        for line in file::lines(file) {
            patterns.push(line.number, line.text)?;
        }
        Ok(patterns)
    }

    /// Takes a bare list of patterns, as in `local.excludepatterns`: no comments, and a leading `/` is not removed.
    /// Empty patterns are dropped.
    pub fn from_lines<I>(lines: I) -> Result<Self, PatternError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut patterns = Self::default();
        for (index, line) in lines.into_iter().enumerate() {
            let line = line.as_ref().trim();
            if !line.is_empty() {
                patterns.push(index + 1, line.to_owned())?;
            }
        }
        Ok(patterns)
    }

    fn push(&mut self, number: usize, line: String) -> Result<(), PatternError> {
        match compile(&line) {
            Ok(pattern) => self.compiled.push(pattern),
            Err(problem) => {
                return Err(PatternError {
                    line: number,
                    pattern: line,
                    problem,
                });
            }
        }
        self.lines.push(line);
        self.numbers.push(number);
        Ok(())
    }

    /// The normalised patterns with their `!`, for `local.excludepatterns` or `local.includepattern`.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The line in the file, from 1, of the pattern with this index.
    ///
    /// # Panics
    /// If the index isn't that of a pattern in this list.
    pub fn line_number(&self, index: usize) -> usize {
        self.numbers[index]
    }

    /// Whether there is no pattern, so that nothing matches.
    pub fn is_empty(&self) -> bool {
        self.compiled.is_empty()
    }

    /// Whether any pattern is an exception (`!`).
    pub fn exclusions(&self) -> bool {
        self.compiled.iter().any(|pattern| pattern.exception)
    }

    /// Whether the path, or a parent of it, matches. The root itself (`.` or nothing) never does.
    pub fn matches(&self, path: &str) -> Match {
        if path.is_empty() || path == "." {
            return Match {
                matched: false,
                by: None,
            };
        }
        self.decide(&[], |pattern| matches_with_parents(pattern, path))
            .0
    }

    /// The same for a walk that goes from a directory to its children: pass what was returned for the parent. It
    /// differs from [`matches`](Self::matches) where moby/patternmatcher's two ways do: an exception that had nothing
    /// to take back at the parent isn't inherited.
    pub fn matches_using_parent_state(
        &self,
        path: &str,
        parent: &ParentMatches,
    ) -> (Match, ParentMatches) {
        if parent.0.is_empty() {
            return self.decide(&[], |pattern| matches_with_parents(pattern, path));
        }
        self.decide(&parent.0, |pattern| pattern.matches(path))
    }

    /// Whether a walk may pass over the whole of `path`, a directory that matches: no exception can match inside it.
    pub fn can_skip_dir(&self, path: &str) -> bool {
        !self
            .compiled
            .iter()
            .any(|pattern| pattern.exception && pattern.reaches_into(path))
    }

    /// Whether a walk that looks for what matches has to enter `path`, a directory that doesn't match itself. Errs
    /// towards yes.
    pub fn reaches_into(&self, path: &str) -> bool {
        self.compiled
            .iter()
            .any(|pattern| !pattern.exception && pattern.reaches_into(path))
    }

    /// Tries the patterns in order; one that couldn't change the answer is not tried.
    fn decide(
        &self,
        inherited: &[bool],
        matches: impl Fn(&Pattern) -> bool,
    ) -> (Match, ParentMatches) {
        let mut answer = Match {
            matched: false,
            by: None,
        };
        let mut state = vec![false; self.compiled.len()];
        for (index, pattern) in self.compiled.iter().enumerate() {
            let inherits = inherited.get(index).copied().unwrap_or(false);
            if inherits || (pattern.exception == answer.matched && matches(pattern)) {
                state[index] = true;
                answer = Match {
                    matched: !pattern.exception,
                    by: Some(index),
                };
            }
        }
        (answer, ParentMatches(state))
    }
}

fn compile(line: &str) -> Result<Pattern, Problem> {
    let cleaned = clean(line);
    let (text, exception) = match cleaned.strip_prefix('!') {
        Some("") => return Err(Problem::EmptyException),
        Some(rest) => (rest, true),
        None => (cleaned.as_str(), false),
    };
    syntax::check(text).map_err(Problem::Syntax)?;
    Pattern::compile(text.to_owned(), exception).map_err(|_| Problem::Expression)
}

fn matches_with_parents(pattern: &Pattern, path: &str) -> bool {
    pattern.matches(path)
        || path
            .match_indices('/')
            .any(|(end, _)| pattern.matches(&path[..end]))
}

#[cfg(test)]
mod tests {
    use super::{Match, ParentMatches, Patterns, Problem};
    use proptest::prelude::*;

    fn parse(file: &str) -> Patterns {
        Patterns::parse(file).expect("the file parses")
    }

    #[track_caller]
    fn check(file: &str, left_out: &[&str], kept: &[&str]) {
        let patterns = parse(file);
        for path in left_out {
            assert!(
                patterns.matches(path).matched,
                "{file:?} should leave out {path:?}"
            );
        }
        for path in kept {
            assert!(
                !patterns.matches(path).matched,
                "{file:?} should keep {path:?}"
            );
        }
    }

    #[test]
    fn a_parent_that_matches_takes_its_children_along() {
        check(
            "build",
            &["build", "build/a", "build/a/b"],
            &["a/build", "builds"],
        );
        check("*/temp", &["a/temp", "a/temp/b"], &["temp", "a/b/temp"]);
        check("a/*", &["a/b", "a/b/c"], &["a"]);
    }

    #[test]
    fn the_last_match_wins() {
        check("*.md\n!README.md", &["a.md"], &["README.md"]);
        check(
            "*.md\n!README*.md\nREADME-secret.md",
            &["a.md", "README-secret.md"],
            &["README-x.md"],
        );
        check("!README.md\n*.md", &["README.md"], &[]);
        check("*\n!src", &["a", "srcs"], &["src", "src/a/b"]);
        check(
            "**\n!src/**/*.rs",
            &["src", "src/a", "src/a.c"],
            &["src/a.rs", "src/a/b.rs"],
        );
    }

    #[test]
    fn spellings_of_one_path_are_equal() {
        for file in ["a/b", "/a/b", "./a/b", "a//b/", "a/c/../b", " a/b \r"] {
            check(file, &["a/b", "a/b/c"], &["a", "b"]);
        }
        for file in ["*\n!a/b", "*\n! /a/b", "*\n!./a/b/"] {
            check(file, &["a", "a/c"], &["a/b", "a/b/c"]);
        }
    }

    #[test]
    fn a_bare_list_keeps_a_leading_slash() {
        let patterns = Patterns::from_lines(["/a", "", " b "]).expect("the list compiles");
        assert_eq!(patterns.lines(), ["/a", "b"]);
        assert_eq!((patterns.line_number(0), patterns.line_number(1)), (1, 3));
        assert!(!patterns.matches("a").matched);
        assert!(patterns.matches("b").matched);
    }

    #[test]
    fn the_root_is_never_left_out() {
        check(".\n", &[], &[".", "", "a"]);
        check("**\n*\n", &["a"], &[".", ""]);
    }

    #[test]
    fn the_pattern_that_decided_is_named() {
        let patterns = parse("# comment\n*\n\n!a\na/b\n");
        let by = |path| {
            patterns
                .matches(path)
                .by
                .map(|index| patterns.line_number(index))
        };
        assert_eq!(by("c"), Some(2));
        assert_eq!(by("a/c"), Some(4));
        assert_eq!(by("a/b/c"), Some(5));
        assert_eq!(
            parse("x").matches("y"),
            Match {
                matched: false,
                by: None
            }
        );
    }

    #[test]
    fn errors_name_the_line_and_the_way_out() {
        let error = Patterns::parse("a\n\n!\n").expect_err("a lone exclamation mark");
        assert_eq!((error.line, &error.problem), (3, &Problem::EmptyException));
        let error = Patterns::parse("# x\na/[b\n").expect_err("an open class");
        assert_eq!(
            error.to_string(),
            "line 2: the pattern `a/[b` can't be used: its `[` has no closing `]`; write `\\[` for a bracket that \
             stands for itself"
        );
        let error = Patterns::parse("[z-a]").expect_err("a range that runs backwards");
        assert_eq!(error.problem, Problem::Expression);
    }

    #[test]
    fn a_walk_may_skip_what_no_exception_reaches() {
        let patterns = parse("node_modules\nvendor\n!vendor/keep/**\n");
        assert!(patterns.exclusions());
        assert!(patterns.can_skip_dir("node_modules"));
        assert!(!patterns.can_skip_dir("vendor"));
        assert!(patterns.can_skip_dir("vendor/other"));
        assert!(!parse("a\n!**/x").can_skip_dir("a"));
        assert!(!parse("a").exclusions());
    }

    #[test]
    fn a_walk_enters_what_may_hold_a_match() {
        let patterns = parse("src/lib\ndocs/**/*.md\n!vendor/x\n");
        assert!(patterns.reaches_into("src"));
        assert!(patterns.reaches_into("docs/a"));
        assert!(!patterns.reaches_into("vendor"));
        assert!(!patterns.reaches_into("src/other"));
    }

    fn walk(patterns: &Patterns, path: &str) -> Match {
        let mut state = ParentMatches::default();
        let mut answer = Match {
            matched: false,
            by: None,
        };
        for end in path
            .match_indices('/')
            .map(|(end, _)| end)
            .chain([path.len()])
        {
            (answer, state) = patterns.matches_using_parent_state(&path[..end], &state);
        }
        answer
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_refused(file in "[ab/*!.\\[\\]\\\\ ^&~\\-\n]{0,40}", path in "[ab/]{1,8}") {
            if let Ok(patterns) = Patterns::parse(&file) {
                patterns.matches(&path);
                patterns.can_skip_dir(&path);
            }
        }

        #[test]
        fn without_exceptions_a_walk_agrees(file in "([ab*?]{1,3}(/[ab*]{1,3}){0,2}\n){0,4}", path in "[ab](/[ab]{1,2}){0,3}") {
            let patterns = parse(&file);
            prop_assert_eq!(walk(&patterns, &path).matched, patterns.matches(&path).matched);
        }

        #[test]
        fn what_is_skipped_holds_nothing_kept(
            file in "(!?[ab*?]{1,3}(/[ab*]{1,3}){0,2}\n){0,5}",
            directory in "[ab](/[ab]){0,2}",
            below in "[ab](/[ab]){0,2}",
        ) {
            let patterns = parse(&file);
            let whole = format!("{directory}/{below}");
            if walk(&patterns, &directory).matched && patterns.can_skip_dir(&directory) {
                prop_assert!(walk(&patterns, &whole).matched, "{} in {:?}", whole, file);
            }
        }
    }
}
