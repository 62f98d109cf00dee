//! Why an environment was not solved, with the lines of its file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use layercake_conda::CondaError;

/// The error, and the lines of the environment file `path` below `root` that ask for what it names.
pub fn explained(error: CondaError, root: &Path, path: &str) -> anyhow::Error {
    let CondaError::Unsolvable(unsolvable) = &error else {
        return error.into();
    };
    let text = fs::read_to_string(root.join(path)).unwrap_or_default();
    let mut message = error.to_string();
    for spec in &unsolvable.specs {
        if let Some((line, written)) = line_of(&text, spec) {
            let _ = write!(message, "\n{path}:{line}: {written}");
        }
    }
    anyhow::Error::msg(message)
}

/// The line, from 1, that asks for `spec`, and what stands there.
fn line_of<'t>(text: &'t str, spec: &str) -> Option<(usize, &'t str)> {
    let plain = |text: &str| -> String {
        text.split_whitespace()
            .flat_map(str::chars)
            .filter(|c| !matches!(c, '"' | '\''))
            .collect()
    };
    let wanted = plain(spec);
    text.lines().enumerate().find_map(|(at, line)| {
        let item = line.split(" #").next().unwrap_or_default().trim();
        let item = item.strip_prefix("- ").unwrap_or(item);
        (plain(item).ends_with(&wanted)).then_some((at + 1, item))
    })
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn the_line_of_a_spec_is_found() {
        let text = "channels: [a]\ndependencies:\n  - python 3.11.*\n  - 'numpy  >=2' # why\n";
        assert_eq!(line_of(text, "numpy >=2"), Some((4, "'numpy  >=2'")));
        assert_eq!(line_of(text, "python 3.11.*"), Some((3, "python 3.11.*")));
        assert_eq!(line_of(text, "scipy"), None);
    }
}
