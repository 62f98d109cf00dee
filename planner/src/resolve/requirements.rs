//! requirements.txt to its meaning: comments, line ends, blank lines and order gone.

use thiserror::Error;

/// A line that reads further files, which the stage would not see.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("`{text}` {reason}")]
pub(super) struct Problem {
    /// The line, from 1.
    pub line: usize,
    text: String,
    reason: &'static str,
}

/// What pip would do with the text, and nothing else: options in their order, then requirements sorted.
pub(super) fn canonical(text: &str) -> Result<Vec<String>, Problem> {
    let mut options = Vec::new();
    let mut requirements = Vec::new();
    for (line, text) in logical_lines(text) {
        if let Some(reason) = reads_a_file(&text) {
            return Err(Problem { line, text, reason });
        }
        if text.starts_with('-') {
            options.push(text);
        } else {
            requirements.push(text);
        }
    }
    requirements.sort();
    requirements.dedup();
    Ok(options.into_iter().chain(requirements).collect())
}

/// Lines with their number, continuations joined, comments and surrounding space removed.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut pending: Option<(usize, String)> = None;
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let (start, mut joined) = pending.take().unwrap_or((at + 1, String::new()));
        let (body, continues) = match line.trim_end().strip_suffix('\\') {
            Some(body) if !body.trim_start().starts_with('#') => (body, true),
            _ => (line, false),
        };
        joined.push_str(body);
        if continues {
            pending = Some((start, joined));
        } else {
            lines.push((start, joined));
        }
    }
    lines.extend(pending);
    lines
        .into_iter()
        .map(|(at, line)| (at, uncommented(&line)))
        .filter(|(_, line)| !line.is_empty())
        .collect()
}

/// A `#` starts a comment at the line's start or after white space; runs of white space are one blank.
fn uncommented(line: &str) -> String {
    let words = line
        .split_whitespace()
        .take_while(|word| !word.starts_with('#'));
    words.collect::<Vec<_>>().join(" ")
}

fn reads_a_file(line: &str) -> Option<&'static str> {
    let starts = |starts: &[&str]| starts.iter().any(|start| line.starts_with(start));
    if starts(&["-r", "-c", "--requirement", "--constraint"]) {
        Some("reads another file; write its lines here, or make it a stage of its own")
    } else if starts(&["-e", "--editable", "./", "../", "/", "file:"])
        || line == "."
        || line.contains("@ file:")
    {
        Some("installs a folder; make it a `wheel` stage")
    } else if starts(&["-f", "--find-links"]) && !line.contains("://") {
        Some("looks into a folder that the stage does not have; use an index")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn what_means_nothing_is_gone() {
        let one = "# head\r\nrequests==2.32.3  # why\r\n\r\nidna >= 3\r\n--extra-index-url https://x/simple\r\n";
        let other = "--extra-index-url  https://x/simple\nidna >= 3\nrequests==2.32.3";
        assert_eq!(canonical(one), canonical(other));
        assert_eq!(
            canonical(other).unwrap()[0],
            "--extra-index-url https://x/simple"
        );
    }

    #[test]
    fn continuations_and_hashes_stay_one_requirement() {
        let text =
            "a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nurl @ https://x/y#sha256=22\n";
        let lines = canonical(text).unwrap();
        assert_eq!(
            lines,
            [
                "a==1 --hash=sha256:00 --hash=sha256:11",
                "url @ https://x/y#sha256=22"
            ]
        );
    }

    #[test]
    fn files_and_folders_are_refused() {
        assert_eq!(canonical("a\n-r more.txt\n").unwrap_err().line, 2);
        for folder in [
            ".",
            "./common",
            "../common",
            "-e .",
            "common @ file:///common",
        ] {
            let problem = canonical(folder).unwrap_err().to_string();
            assert!(problem.contains("wheel"), "{problem}");
        }
        assert!(canonical("--find-links wheels").is_err());
        assert!(canonical("--find-links https://x.org/wheels").is_ok());
    }
}
