//! Files that two packages have.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A file that two packages of a group have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clobber {
    /// Its path, relative to the prefix.
    pub path: PathBuf,
    /// The package whose file lies there.
    pub winner: String,
    /// The package whose file lies under `__clobbers__`.
    pub loser: String,
}

/// Who has which path. Packages are asked in the order of their right to a path, winners first.
#[derive(Default)]
pub(crate) struct Owners {
    owners: HashMap<PathBuf, String>,
    found: Vec<Clobber>,
}

impl Owners {
    /// The paths of a package that it does not get: `loses`, and those that another has got before.
    pub(crate) fn claim(
        &mut self,
        package: &str,
        paths: &[PathBuf],
        loses: &[String],
    ) -> Vec<PathBuf> {
        let mut lost = Vec::new();
        for path in paths {
            if loses.iter().any(|loses| Path::new(loses) == path) {
                lost.push(path.clone());
            } else if let Some(winner) = self.owners.get(path) {
                self.found.push(Clobber {
                    path: path.clone(),
                    winner: winner.clone(),
                    loser: package.to_owned(),
                });
                lost.push(path.clone());
            } else {
                self.owners.insert(path.clone(), package.to_owned());
            }
        }
        lost
    }

    /// What was found, by path.
    pub(crate) fn into_clobbers(mut self) -> Vec<Clobber> {
        self.found.sort();
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_gets_a_path_unless_it_is_lost_to_another_group() {
        let mut owners = Owners::default();
        let paths = ["bin/a", "bin/b"].map(PathBuf::from);
        let no_path: [PathBuf; 0] = [];
        assert_eq!(owners.claim("one", &paths, &["bin/b".into()]), paths[1..]);
        assert_eq!(owners.claim("two", &paths, &[]), paths[..1]);
        assert_eq!(owners.claim("three", &no_path, &["bin/a".into()]), no_path);
        let found = owners.into_clobbers();
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].winner, &*found[0].loser), ("one", "two"));
    }
}
