//! A git history of examples/clx: each commit edits one of its text files, as a day's work does.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::random::Random;
use crate::run;

/// Files in which a line that begins with `#` changes nothing but the file.
const EDITED: [&str; 6] = ["py", "md", "txt", "toml", "yaml", "sh"];

/// Makes the folder a repository with this many commits. Equal seeds make equal histories.
pub fn commit(root: &Path, commits: usize, seed: u64) -> Result<()> {
    run::output(Command::new("git").args(["init", "--quiet"]).arg(root))?;
    let paths = files(root)?;
    let mut texts: Vec<(String, Vec<u8>)> = Vec::new();
    let mut stream = head(0)?;
    for path in paths {
        let name = path
            .to_str()
            .context("the example's names are UTF-8")?
            .to_owned();
        let bytes = fs::read(root.join(&path))?;
        put(&mut stream, &name, &bytes)?;
        if EDITED
            .iter()
            .any(|end| path.extension() == Some(end.as_ref()))
        {
            texts.push((name, bytes));
        }
    }
    let mut random = Random(seed);
    for number in 1..commits {
        let at = random.below(texts.len());
        let (name, bytes) = &mut texts[at];
        bytes.extend(format!("# edit {number}\n").bytes());
        stream.extend(head(number)?);
        put(&mut stream, name, bytes)?;
    }
    import(root, &stream)
}

/// What `git fast-import` takes for the beginning of a commit.
fn head(number: usize) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let message = format!("Commit {number}");
    let time = 1_700_000_000 + number;
    writeln!(
        head,
        "commit HEAD\ncommitter bench <bench@example.com> {time} +0000"
    )?;
    writeln!(head, "data {}\n{message}", message.len())?;
    Ok(head)
}

/// What it takes for a file.
fn put(stream: &mut Vec<u8>, name: &str, bytes: &[u8]) -> Result<()> {
    writeln!(stream, "M 100644 inline {name}\ndata {}", bytes.len())?;
    stream.extend_from_slice(bytes);
    stream.push(b'\n');
    Ok(())
}

fn import(root: &Path, stream: &[u8]) -> Result<()> {
    let mut git = Command::new("git");
    git.args(["fast-import", "--quiet"]).current_dir(root);
    let mut child = git.stdin(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("git has an input")?;
    stdin.write_all(stream)?;
    drop(stdin);
    let ended = child.wait()?;
    ensure!(ended.success(), "git fast-import failed ({ended})");
    Ok(())
}

/// The files below the folder, relative to it, by name.
fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut open = vec![PathBuf::new()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_name() == ".git" {
                continue;
            }
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_make_equal_histories() {
        let head = |seed| {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path();
            fs::create_dir(root.join("a")).unwrap();
            for name in ["a/one.py", "two.md", "three.bin"] {
                fs::write(root.join(name), "x\n").unwrap();
            }
            commit(root, 5, seed).unwrap();
            let git = |arguments: &[&str]| {
                run::output(Command::new("git").args(arguments).current_dir(root)).unwrap()
            };
            assert_eq!(git(&["rev-list", "--count", "HEAD"]), "5\n");
            assert_eq!(
                git(&["diff", "--name-only", "HEAD~4", "HEAD", "--", "three.bin"]),
                ""
            );
            git(&["rev-parse", "HEAD"])
        };
        assert_eq!(head(1), head(1));
        assert_ne!(head(1), head(2));
    }
}
