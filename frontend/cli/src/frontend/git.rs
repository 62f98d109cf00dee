//! Contexts that are not a folder of the client: git repositories and archives on web servers.

use buildkit_llb::{Annotate, CopyOptions, FileOps, Output, Source};

use crate::settings::UsageError;

/// A context on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// A repository, at a branch, tag or commit, and a folder in it.
    Git {
        /// Where it is.
        repository: String,
        /// The branch, tag or commit; empty for the default branch.
        reference: String,
        /// The folder, empty for all.
        subdir: String,
    },
    /// An archive.
    Archive(String),
}

impl Remote {
    /// Reads the URL of a context, as `docker build` takes it: `https://host/repository.git#reference:folder`.
    pub fn parse(url: &str) -> Result<Self, UsageError> {
        let (address, fragment) = url.split_once('#').unwrap_or((url, ""));
        let web = address.starts_with("https://") || address.starts_with("http://");
        let git = ["git://", "ssh://", "git@"]
            .iter()
            .any(|start| address.starts_with(start));
        if git
            || (web
                && address
                    .rsplit_once('.')
                    .is_some_and(|(_, end)| end == "git"))
        {
            let (reference, subdir) = fragment.split_once(':').unwrap_or((fragment, ""));
            return Ok(Self::Git {
                repository: address.to_owned(),
                reference: reference.to_owned(),
                subdir: subdir.trim_matches('/').to_owned(),
            });
        }
        if web {
            return Ok(Self::Archive(url.to_owned()));
        }
        let way =
            "use a folder, the URL of a git repository that ends in .git, or that of an archive";
        Err(UsageError::new(format!(
            "the context `{url}` is not supported; {way}"
        )))
    }

    /// Its files.
    pub fn output(&self) -> anyhow::Result<Output> {
        Ok(match self {
            Self::Git {
                repository,
                reference,
                subdir,
            } => {
                let source = Source::git(repository, reference).subdir(subdir);
                source
                    .named(format!("[internal] load git repository {repository}"))
                    .build()?
            }
            Self::Archive(url) => {
                let archive = Source::http(url)
                    .filename("context")
                    .named(format!("[internal] load {url}"))
                    .build()?;
                let unpack = CopyOptions {
                    unpack: true,
                    ..CopyOptions::default()
                };
                FileOps::on(None)
                    .copy(archive, "/context", "/", unpack)
                    .named("[internal] unpack the context")
                    .build()?
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_git(url: &str, expect: [&str; 3]) {
        let [repository, reference, subdir] = expect.map(str::to_owned);
        assert_eq!(
            Remote::parse(url),
            Ok(Remote::Git {
                repository,
                reference,
                subdir
            }),
            "{url}"
        );
    }

    #[test]
    fn urls_are_read_as_docker_reads_them() {
        check_git("https://h/o/r.git", ["https://h/o/r.git", "", ""]);
        check_git(
            "https://h/o/r.git#v1:sub/dir/",
            ["https://h/o/r.git", "v1", "sub/dir"],
        );
        check_git("git@h:o/r#main", ["git@h:o/r", "main", ""]);
        check_git("ssh://git@h/o/r#:sub", ["ssh://git@h/o/r", "", "sub"]);
        assert_eq!(
            Remote::parse("https://h/x.tar.gz"),
            Ok(Remote::Archive("https://h/x.tar.gz".into()))
        );
        assert!(Remote::parse("ftp://h/x").is_err());
    }
}
