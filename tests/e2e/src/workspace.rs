//! A private copy of an example, to edit and to build.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::{Expectations, process};

/// A copy of an example in a folder of its own, with a git history that starts at the copy.
#[derive(Debug)]
pub struct Workspace {
    folder: TempDir,
    name: String,
    prepare: Vec<String>,
}

impl Workspace {
    /// Copies the example and makes what it has made before its first build.
    pub fn of_example(name: &str) -> Result<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../examples")
            .join(name);
        let workspace = Self::new(name, Expectations::read(&source)?.prepare)?;
        copy(&source, &workspace.root())?;
        workspace.prepare()?;
        workspace.git(&["init", "-q", "-b", "main"])?;
        workspace.commit()?;
        Ok(workspace)
    }

    fn new(name: &str, prepare: Vec<String>) -> Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
            name: name.to_owned(),
            prepare,
        })
    }

    fn prepare(&self) -> Result<()> {
        if let Some((program, arguments)) = self.prepare.split_first() {
            process::output(
                Command::new(program)
                    .args(arguments)
                    .current_dir(self.root()),
            )?;
        }
        Ok(())
    }

    /// The build context: a folder with the example's name, as clients tie transfers to that.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// A path beside the context, for what builds put out.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A fresh clone of the last commit, under the umask that is given, with what is not in git made anew.
    pub fn clone_under(&self, umask: &str) -> Result<Self> {
        let clone = Self::new(&self.name, self.prepare.clone())?;
        let script = format!("umask {umask} && git clone -q \"$1\" \"$2\"");
        let mut shell = Command::new("sh");
        process::output(
            shell
                .args(["-c", &script, "sh"])
                .arg(self.root())
                .arg(clone.root()),
        )?;
        clone.prepare()?;
        Ok(clone)
    }

    /// Commits everything.
    pub fn commit(&self) -> Result<()> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "-q", "--allow-empty", "-m", "state"])
    }

    /// Takes back all edits since the last commit.
    pub fn reset(&self) -> Result<()> {
        self.git(&["checkout", "-q", "--", "."])?;
        self.git(&["clean", "-q", "-f", "-d"])?;
        self.prepare()
    }

    /// Runs git in the context, as somebody whom this machine need not know.
    pub fn git(&self, arguments: &[&str]) -> Result<()> {
        let somebody = [
            "-c",
            "user.name=somebody",
            "-c",
            "user.email=somebody@example.com",
        ];
        let mut git = Command::new("git");
        process::output(git.args(somebody).args(arguments).current_dir(self.root())).map(drop)
    }

    /// A file's text.
    pub fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.root().join(path)).with_context(|| format!("could not read {path}"))
    }

    /// Gives a file another text.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        fs::write(self.root().join(path), text).with_context(|| format!("could not write {path}"))
    }

    /// Adds a line at the end of a file.
    pub fn append(&self, path: &str, line: &str) -> Result<()> {
        let text = self.read(path)?;
        let end = if text.is_empty() || text.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        self.write(path, &format!("{text}{end}{line}\n"))
    }

    /// Replaces a text that occurs once.
    pub fn replace(&self, path: &str, find: &str, with: &str) -> Result<()> {
        let text = self.read(path)?;
        match text.matches(find).count() {
            1 => self.write(path, &text.replace(find, with)),
            count => bail!("`{find}` occurs {count} times in {path}, not once"),
        }
    }

    /// Gives every file the time of this moment.
    pub fn touch(&self) -> Result<()> {
        let now = SystemTime::now();
        self.each_file(&mut |path| Ok(File::open(path)?.set_modified(now)?))
    }

    /// Takes permissions away from every file, and adds others, as another umask would have.
    pub fn chmod(&self, away: u32, add: u32) -> Result<()> {
        self.each_file(&mut |path| {
            let mode = fs::metadata(path)?.permissions().mode();
            Ok(fs::set_permissions(
                path,
                Permissions::from_mode(mode & !away | add),
            )?)
        })
    }

    fn each_file(&self, act: &mut dyn FnMut(&Path) -> Result<()>) -> Result<()> {
        walk(&self.root(), act)
    }
}

fn walk(folder: &Path, act: &mut dyn FnMut(&Path) -> Result<()>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() != ".git" {
            walk(&entry.path(), act)?;
        } else if kind.is_file() {
            act(&entry.path())?;
        }
    }
    Ok(())
}

/// Copies a folder, but not what Python's tools leave behind.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("could not list {}", from.display()))? {
        let entry = entry?;
        if entry.file_name() == "__pycache__" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Workspace;
    use crate::mark;

    #[test]
    fn edits_are_taken_back() {
        let workspace = Workspace::of_example("hello").unwrap();
        let before = workspace.read("pyproject.toml").unwrap();
        workspace.append("pyproject.toml", &mark()).unwrap();
        workspace.write("new", "file").unwrap();
        assert!(workspace.replace("new", "not there", "x").is_err());
        workspace.reset().unwrap();
        assert_eq!(workspace.read("pyproject.toml").unwrap(), before);
        assert!(workspace.read("new").is_err());
    }

    #[test]
    fn a_clone_has_what_was_committed() {
        let workspace = Workspace::of_example("hello").unwrap();
        workspace.append("README.md", "committed").unwrap();
        workspace.commit().unwrap();
        workspace.append("README.md", "not committed").unwrap();
        let clone = workspace.clone_under("022").unwrap();
        assert!(clone.read("README.md").unwrap().ends_with("\ncommitted\n"));
    }
}
