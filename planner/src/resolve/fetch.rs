//! `fetch` stages: as written to as meant.

use super::Resolver;
use super::files::is_zip;
use crate::diagnostic::Diagnostic;
use crate::model::Fetch;
use crate::path::join;
use crate::spec::{FetchSpec, GitSpec, Text};

impl Resolver<'_> {
    pub(super) fn fetch(&self, name: &str, spec: &FetchSpec) -> Option<Fetch> {
        match (&spec.url, &spec.git) {
            (Some(url), None) => self.fetch_url(url, spec),
            (None, Some(git)) => self.fetch_git(git, spec),
            _ => {
                self.nothing_to_do(name, "name either `url` and `sha256`, or `git`");
                None
            }
        }
    }

    fn fetch_url(&self, url: &Text, spec: &FetchSpec) -> Option<Fetch> {
        let checksum = self.checksum(url, spec.sha256.as_ref());
        let mode = spec.mode.as_ref().and_then(|mode| self.mode(mode));
        let to = self.layer_path(&spec.to);
        let address = self.url(url)?;
        let file = file_name(&address);
        self.check_unpack(url, file, spec);
        let to = to?;
        let to = if spec.unpack {
            to.path
        } else if !to.folder {
            self.below_root(&spec.to, to)?
        } else if file.is_empty() {
            let message = format!("`{address}` does not end with the name of a file");
            let found = Diagnostic::error("fetch-url", url.span, message);
            let folder = to.path.trim_end_matches('/');
            self.report(found.help(format!("name the file: `to: {folder}/NAME`")));
            return None;
        } else {
            join(&to.path, file)
        };
        Some(Fetch::Url {
            checksum: format!("sha256:{}", checksum?),
            to,
            mode,
            unpack: spec.unpack,
            url: address,
        })
    }

    fn url(&self, url: &Text) -> Option<String> {
        let filled = self.filled(url)?;
        if filled.starts_with("http://") || filled.starts_with("https://") {
            return Some(filled);
        }
        let message = format!("`{filled}` is not an http or https URL");
        let found = Diagnostic::error("fetch-url", url.span, message);
        self.report(found.help("write `https://...`; a repository goes into `git`"));
        None
    }

    fn checksum(&self, url: &Text, sha256: Option<&Text>) -> Option<String> {
        let Some(sha256) = sha256 else {
            if let Some(known) = self.locked_checksum(url) {
                return Some(known);
            }
            let found = Diagnostic::error(
                "fetch-checksum",
                url.span,
                "a fetched file needs its checksum",
            );
            let way = "add `sha256:`; `curl -L URL | sha256sum` prints it; or run `layercake lock`";
            self.report(found.help(way));
            return None;
        };
        let filled = self.filled(sha256)?;
        let digits = filled.strip_prefix("sha256:").unwrap_or(&filled);
        let way = "`curl -L URL | sha256sum` prints it";
        self.hexadecimal(sha256, digits, 64, "fetch-checksum", way)
    }

    fn check_unpack(&self, url: &Text, file: &str, spec: &FetchSpec) {
        if spec.unpack && is_zip(file) {
            let message = format!("`{file}` is a zip archive, which a fetch cannot unpack");
            let found = Diagnostic::error("unpack-format", url.span, message);
            self.report(found.help("fetch a tar archive, or unpack it by a `run` stage"));
        }
        if let Some(mode) = spec.mode.as_ref().filter(|_| spec.unpack) {
            let message = "files of an archive have modes of their own";
            let found = Diagnostic::error("mode", mode.span, message);
            self.report(found.help("remove `mode`"));
        }
    }

    fn fetch_git(&self, git: &GitSpec, spec: &FetchSpec) -> Option<Fetch> {
        if let Some(extra) = spec.sha256.as_ref().or(spec.mode.as_ref()) {
            let found =
                Diagnostic::error("fetch-git", extra.span, "`sha256` and `mode` go with `url`");
            self.report(found.help("a commit is its own checksum; remove this"));
        }
        if spec.unpack {
            let found =
                Diagnostic::error("fetch-git", git.repository.span, "`unpack` goes with `url`");
            self.report(found.help("a repository is a tree already; remove `unpack`"));
        }
        let path = match &git.path {
            Some(path) => self.context_path(path),
            None => Some(String::new()),
        };
        let commit = self.filled(&git.commit).and_then(|filled| {
            let way = "name one commit: `git ls-remote URL` lists them";
            self.hexadecimal(&git.commit, &filled, 40, "fetch-commit", way)
        });
        let (repository, to) = (self.filled(&git.repository), self.layer_path(&spec.to));
        Some(Fetch::Git {
            repository: repository?,
            commit: commit?,
            path: format!("/{}", path?),
            to: to?.path,
        })
    }

    fn hexadecimal(
        &self,
        written: &Text,
        text: &str,
        digits: usize,
        code: &'static str,
        way: &str,
    ) -> Option<String> {
        if text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(text.to_ascii_lowercase());
        }
        let message = format!("`{text}` is not {digits} hexadecimal digits");
        self.report(Diagnostic::error(code, written.span, message).help(way));
        None
    }
}

/// The last part of a URL's path.
fn file_name(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    path.split_once('/')
        .and_then(|(_, path)| path.rsplit('/').next())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn files_are_named_by_the_path_of_their_url() {
        assert_eq!(file_name("https://x.org/a/tool-1.4?raw=1#top"), "tool-1.4");
        assert_eq!(file_name("https://x.org/a/"), "");
        assert_eq!(file_name("https://x.org"), "");
    }
}
