//! `.dockerignore` files, by the rules that Docker and BuildKit apply (moby/patternmatcher).
//!
//! [`Patterns`] is a list in which the last pattern that matches a path, or one of its parents, decides; a pattern
//! that begins with `!` takes paths back out. Paths are relative, use `/` and have no `.` or `..` in them. The same
//! rules choose what to include and what to exclude, so a [`Match`] says only `matched`; the caller knows which of the
//! two it asked for.
//!
//! ```
//! let patterns = dockerignore::Patterns::parse("# what the build doesn't read\n**/*.md\n!README.md\n")?;
//! assert!(patterns.matches("docs/guide.md").matched);
//! assert!(!patterns.matches("README.md").matched);
//! let by = patterns.matches("docs/guide.md").by.expect("a pattern decided");
//! assert_eq!(patterns.line_number(by), 2);
//! # Ok::<(), dockerignore::PatternError>(())
//! ```
//!
//! Nothing here reads a file. What Go's implementation finds out while matching (a pattern whose regular expression
//! doesn't compile) is found out here when the patterns are made, and a bracket or a backslash left open is refused even
//! behind a `*`, where Go overlooks it. Everything else has the same meaning, random patterns tried against both.

mod file;
mod path;
mod pattern;
mod patterns;
mod syntax;

pub use patterns::{Match, ParentMatches, PatternError, Patterns, Problem};
