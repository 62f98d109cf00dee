//! Paths as people write them, made canonical: `./a//b` and `a/b` are one path.

use thiserror::Error;

/// Why a path cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PathProblem {
    /// It is empty.
    #[error("the path is empty; name a file or a folder")]
    Empty,
    /// It starts at the root of the machine.
    #[error(
        "the path is absolute; paths of the context are relative to the folder of layercake.yaml"
    )]
    Absolute,
    /// `..` leads out of the context.
    #[error(
        "the path leaves the context; only what lies below the folder of layercake.yaml can be sent"
    )]
    Escapes,
    /// `..` leads above the root.
    #[error("the path leads above the root; write where it is to lie: `/opt/app`")]
    Above,
    /// It starts with a drive, as on Windows.
    #[error(
        "the path names a drive; paths of the context are relative to the folder of layercake.yaml"
    )]
    Drive,
    /// Backslashes, as on Windows.
    #[error("the path has a backslash; separate folders by `/`")]
    Backslash,
    /// A NUL or a line break.
    #[error("the path has a control character; write it in one line, without tabs")]
    Control,
    /// Not absolute where it must be.
    #[error("the path is relative; paths in the image start with `/`")]
    Relative,
}

/// An absolute path in an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImagePath {
    /// Cleaned, without a trailing slash; the root is `/`.
    pub path: String,
    /// Whether it was written with a trailing slash: a folder to put things into.
    pub folder: bool,
}

/// The canonical form of a path of the context; the context itself is the empty path.
pub fn context_path(text: &str) -> Result<String, PathProblem> {
    if let [drive, b':', ..] = text.as_bytes()
        && drive.is_ascii_alphabetic()
    {
        return Err(PathProblem::Drive);
    }
    check_characters(text)?;
    if text.starts_with('/') {
        return Err(PathProblem::Absolute);
    }
    clean(text).map(|parts| parts.join("/"))
}

/// The canonical form of an absolute path in an image.
pub fn image_path(text: &str) -> Result<ImagePath, PathProblem> {
    check_characters(text)?;
    if !text.starts_with('/') {
        return Err(PathProblem::Relative);
    }
    let parts = clean(text).map_err(|_| PathProblem::Above)?;
    let folder = text.ends_with('/') || text.ends_with("/.");
    Ok(ImagePath {
        path: format!("/{}", parts.join("/")),
        folder,
    })
}

/// Joins a file's name to a folder of the image.
pub(crate) fn join(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

fn check_characters(text: &str) -> Result<(), PathProblem> {
    if text.trim().is_empty() {
        return Err(PathProblem::Empty);
    }
    if text.contains('\\') {
        return Err(PathProblem::Backslash);
    }
    if text.chars().any(char::is_control) {
        return Err(PathProblem::Control);
    }
    Ok(())
}

fn clean(text: &str) -> Result<Vec<&str>, PathProblem> {
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(PathProblem::Escapes)?;
            }
            name => parts.push(name),
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<&str, PathProblem>) {
        assert_eq!(context_path(text), expect.map(str::to_owned), "{text}");
    }

    #[test]
    fn context_paths_are_made_canonical() {
        check("a/b", Ok("a/b"));
        check("./a//b/", Ok("a/b"));
        check("a/../b", Ok("b"));
        check(".", Ok(""));
        check("", Err(PathProblem::Empty));
        check("/etc", Err(PathProblem::Absolute));
        check("../x", Err(PathProblem::Escapes));
        check("a/../../x", Err(PathProblem::Escapes));
        check("a\\b", Err(PathProblem::Backslash));
        check("C:\\a", Err(PathProblem::Drive));
        check("c:/a", Err(PathProblem::Drive));
        check("ab:/a", Ok("ab:/a"));
        check("a\0b", Err(PathProblem::Control));
    }

    #[test]
    fn image_paths_remember_the_slash() {
        let path = image_path("/usr//local/./bin/").unwrap();
        assert_eq!(
            path,
            ImagePath {
                path: "/usr/local/bin".into(),
                folder: true
            }
        );
        assert_eq!(image_path("/").unwrap().path, "/");
        assert_eq!(image_path("app"), Err(PathProblem::Relative));
        assert_eq!(image_path("/.."), Err(PathProblem::Above));
    }
}
