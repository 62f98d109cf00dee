//! What earlier builds of a project on one builder did, kept in the user's state directory.
//!
//! One file a project and builder, replaced whole under a lock, so that builds at the same time lose nothing of each
//! other. Copies of a project in other folders share it: the keys of stages are the same wherever a project lies.

mod beside;
mod history;

pub use beside::{Beside, beside, imported};
pub use history::{Builder, Cost, History, Kept, KeptStage};

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest, Sha256};

use crate::settings::Environment;

/// Records that this program cannot read. They are left as they are.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// A later form.
    #[error(
        "{path} was written by a newer layercake (form {version}, and this one reads up to {known}); use that one, or \
         remove the file"
    )]
    Newer {
        /// The file.
        path: String,
        /// The version of its form.
        version: u64,
        /// The latest known.
        known: u64,
    },
    /// No records at all.
    #[error("{path} holds no records ({problem}); remove it")]
    Broken {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

/// Where the history of one project on one builder is kept.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    of: Builder,
}

impl Store {
    /// That of a project on a builder; none where the environment names no home.
    pub fn of(environment: &impl Environment, of: Builder) -> Option<Self> {
        let named = |name| environment(name).filter(|path| path.starts_with('/'));
        let state = match named("XDG_STATE_HOME") {
            Some(state) => PathBuf::from(state),
            None => Path::new(&named("HOME")?).join(".local/state"),
        };
        Some(Self {
            path: state.join("layercake").join(file_name(&of)),
            of,
        })
    }

    /// What is kept; an empty history if nothing is.
    pub fn read(&self) -> anyhow::Result<History> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(History::new(self.of.clone()));
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", self.path.display()));
            }
        };
        Ok(History::parse(&self.path.display().to_string(), &bytes)?)
    }

    /// Changes what is kept. Nobody else does meanwhile, and whoever reads sees it whole.
    pub fn update(&self, change: impl FnOnce(&mut History)) -> anyhow::Result<()> {
        let folder = self.path.parent().context("a file lies in a folder")?;
        let cannot = || format!("cannot keep records in {}", folder.display());
        fs::create_dir_all(folder).with_context(cannot)?;
        let lock = File::create(self.path.with_extension("lock")).with_context(cannot)?;
        lock.lock().with_context(cannot)?;
        let mut history = self.read()?;
        change(&mut history);
        let mut file = tempfile::NamedTempFile::new_in(folder).with_context(cannot)?;
        file.write_all(&serde_json::to_vec(&history)?)
            .with_context(cannot)?;
        file.persist(&self.path).with_context(cannot)?;
        Ok(())
    }
}

/// The project's name as far as it can be in a file's, and what tells it from others.
fn file_name(of: &Builder) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let project: String = of.project.chars().map(plain).take(64).collect();
    let mut hash = Sha256::new();
    for part in [&of.project, &of.address] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    format!("{project}-{}.json", &hex::encode(hash.finalize())[..16])
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn store(folder: &Path) -> Store {
        let folder = folder.to_str().expect("UTF-8").to_owned();
        let environment = move |name: &str| (name == "XDG_STATE_HOME").then(|| folder.clone());
        let of = Builder {
            project: "a/b".into(),
            address: "unix:///x".into(),
        };
        Store::of(&environment, of).expect("a state directory")
    }

    #[test]
    fn builds_at_the_same_time_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        thread::scope(|scope| {
            for number in 0..8 {
                let store = &store;
                scope.spawn(move || {
                    store
                        .update(|history| history.learn([format!("key{number}").as_str()]))
                        .unwrap();
                });
            }
        });
        let history = store.read().unwrap();
        assert!((0..8).all(|number| history.knows(&format!("key{number}"))));
        assert!(!history.knows("key8"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        store.update(|_| {}).unwrap();
        for (text, says) in [
            (
                "{\"version\": 99, \"else\": 1}",
                "a newer layercake (form 99",
            ),
            ("no json", "holds no records"),
            ("{}", "holds no records"),
        ] {
            fs::write(&store.path, text).unwrap();
            let error = store.update(|_| {}).unwrap_err();
            assert!(format!("{error:#}").contains(says), "{error:#}");
            assert_eq!(fs::read_to_string(&store.path).unwrap(), text);
        }
    }

    #[test]
    fn projects_and_builders_have_files_of_their_own() {
        let name = |project: &str, address: &str| {
            file_name(&Builder {
                project: project.into(),
                address: address.into(),
            })
        };
        assert!(name("a/b", "x").starts_with("a_b-"));
        assert_ne!(name("a", "x"), name("a", "y"));
        assert_ne!(name("a", "x"), name("b", "x"));
    }
}
