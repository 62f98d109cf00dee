//! Files of the context that stages read: canonical paths, looked up, and what can be wrong with them.

use std::sync::Arc;

use super::Resolver;
use crate::diagnostic::Diagnostic;
use crate::facts::{FileFact, LFS_HEADER, PathFact, PathNeed};
use crate::model::Input;
use crate::path::{ImagePath, context_path, image_path};
use crate::source::Span;
use crate::spec::Text;
use crate::suggest::list;

impl Resolver<'_> {
    /// The files at `path` that the patterns leave.
    pub(super) fn input(
        &self,
        path: &Text,
        include: Vec<String>,
        exclude: Vec<String>,
    ) -> Option<Input> {
        let need = PathNeed {
            path: self.context_path(path)?,
            include,
            exclude,
        };
        let fact = self.fact(&need, path.span);
        Some(Input {
            need,
            fact,
            span: path.span,
        })
    }

    /// What stands there; one value for all that read it, as a folder may have many files.
    fn fact(&self, need: &PathNeed, span: Span) -> Option<Arc<PathFact>> {
        let Some(fact) = self.facts.paths.get(need) else {
            self.needs.borrow_mut().paths.insert(need.clone());
            return None;
        };
        self.check_fact(need, fact, span);
        let mut read = self.read.borrow_mut();
        if let Some(fact) = read.get(need) {
            return Some(Arc::clone(fact));
        }
        let fact = Arc::new(fact.clone());
        read.insert(need.clone(), Arc::clone(&fact));
        Some(fact)
    }

    /// All files at `path`.
    pub(super) fn whole(&self, path: &Text) -> Option<Input> {
        self.input(path, Vec::new(), Vec::new())
    }

    /// The text of the file at `path`.
    pub(super) fn text(&self, path: &Text) -> Option<String> {
        let canonical = self.context_path(path)?;
        match self.facts.texts.get(&canonical) {
            Some(Ok(text)) if text.starts_with(LFS_HEADER) => {
                self.report(lfs_pointer(&canonical, path.span));
                None
            }
            Some(Ok(text)) => Some(text.clone()),
            Some(Err(problem)) => {
                let (fact, way) = problem.split_once("; ").unwrap_or((
                    problem,
                    "paths are relative to the context, the folder that is built",
                ));
                let message = format!("`{canonical}` cannot be read: {fact}");
                let found = Diagnostic::error("missing-source", path.span, message);
                self.report(found.help(way));
                None
            }
            None => {
                self.needs.borrow_mut().texts.insert(canonical);
                None
            }
        }
    }

    /// The canonical form of a path of the context.
    pub(super) fn context_path(&self, path: &Text) -> Option<String> {
        let canonical = context_path(&path.value);
        canonical
            .map_err(|problem| self.report_path(path, &problem.to_string()))
            .ok()
    }

    /// The canonical form of a path in the image.
    pub(super) fn image_path(&self, path: &Text) -> Option<ImagePath> {
        let canonical = image_path(&self.filled(path)?);
        canonical
            .map_err(|problem| self.report_path(path, &problem.to_string()))
            .ok()
    }

    /// The canonical form of a path that a layer of its own writes: laid over a base, it must not replace one of
    /// that base's links by a folder, nor change a folder that all may write.
    pub(super) fn layer_path(&self, path: &Text) -> Option<ImagePath> {
        let canonical = self.image_path(path)?;
        let under = |folder: &&(&str, &str)| {
            let rest = canonical.path.strip_prefix(folder.0);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some((link, target)) = LINKS.iter().find(under) {
            let message = format!(
                "`{}` lies below `{link}`, which is a link to `{target}` in most images",
                path.value
            );
            let found = Diagnostic::error("link-target", path.span, message);
            self.report(found.help(format!(
                "write `{}`",
                canonical.path.replacen(link, target, 1)
            )));
        }
        if let Some((folder, what)) = SHARED.iter().find(under) {
            let message = format!("`{}` lies below `{folder}`, {what}", path.value);
            let found = Diagnostic::error("shared-folder", path.span, message);
            self.report(found.help("choose a folder of its own, or write it by a `run` stage"));
        }
        Some(canonical)
    }

    /// The canonical form of a path that a layer has for itself, which the root of all is not.
    pub(super) fn layer_folder(&self, path: &Text) -> Option<String> {
        let canonical = self.layer_path(path)?;
        self.below_root(path, canonical)
    }

    /// The path, unless it is the root.
    pub(super) fn below_root(&self, written: &Text, path: ImagePath) -> Option<String> {
        if path.path == "/" {
            self.report_path(
                written,
                "this is the whole filesystem; name something in it, such as `/opt/app`",
            );
            return None;
        }
        Some(path.path)
    }

    fn report_path(&self, path: &Text, problem: &str) {
        let (fact, way) = problem.split_once("; ").unwrap_or((problem, ""));
        let found = Diagnostic::error("path", path.span, format!("`{}`: {fact}", path.value));
        self.report(if way.is_empty() {
            found
        } else {
            found.help(way)
        });
    }

    fn check_fact(&self, need: &PathNeed, fact: &PathFact, span: Span) {
        let path = if need.path.is_empty() {
            "."
        } else {
            &need.path
        };
        match fact {
            PathFact::File(file) => self.check_file(path, file, span),
            PathFact::Folder(files) if files.is_empty() => {
                let message = format!("`{path}` has no files that this stage would read");
                let found = Diagnostic::error("no-files", span, message);
                self.report(found.help("check the patterns, and what .dockerignore leaves out"));
            }
            PathFact::Folder(files) => {
                for (name, file) in files {
                    self.check_file(&crate::path::join(path, name), file, span);
                }
            }
            PathFact::Missing(near) => {
                let found =
                    Diagnostic::error("missing-source", span, format!("`{path}` does not exist"));
                let near: Vec<_> = near.iter().map(String::as_str).collect();
                self.report(match near.as_slice() {
                    [] => found.help("paths are relative to the context, the folder that is built"),
                    [one] => found.help(format!("did you mean `{one}`?")),
                    several => found.help(format!("there are {}", list(several))),
                });
            }
            PathFact::Ignored(line) => {
                let message = format!("`{path}` exists, but is left out of the context");
                let found = Diagnostic::error("ignored-source", span, message)
                    .label(format!("left out by {line}"));
                self.report(found.help(format!("add a line `!{path}` after it")));
            }
            PathFact::Escapes(target) => {
                let message = format!(
                    "`{path}` is a symbolic link that leaves the context: it leads to `{target}`"
                );
                let found = Diagnostic::error("link-escapes", span, message);
                self.report(
                    found.help("copy the file into the context; only what lies in it can be sent"),
                );
            }
            PathFact::Unreadable(problem) => {
                let message = format!("`{path}` cannot be read: {problem}");
                let found = Diagnostic::error("unreadable-source", span, message);
                self.report(found.help("whoever builds must be able to read it"));
            }
        }
    }

    fn check_file(&self, path: &str, file: &FileFact, span: Span) {
        if file.beginning.lfs_pointer {
            self.report(lfs_pointer(path, span));
        }
        if file.beginning.crlf_script {
            let message =
                format!("`{path}` is a script with CRLF line ends, which Linux cannot start");
            let found = Diagnostic::warning("crlf-script", span, message);
            self.report(
                found.help("have git check it out with LF: `*.sh text eol=lf` in .gitattributes"),
            );
        }
    }
}

/// Links of a Linux root, and where they lead: Debian's merged `/usr`, and `/run`.
const LINKS: [(&str, &str); 6] = [
    ("/bin", "/usr/bin"),
    ("/sbin", "/usr/sbin"),
    ("/lib", "/usr/lib"),
    ("/lib64", "/usr/lib64"),
    ("/var/run", "/run"),
    ("/var/lock", "/run/lock"),
];

/// Folders whose modes a layer of its own would change, or that are empty when a container runs.
const SHARED: [(&str, &str); 5] = [
    (
        "/tmp",
        "which all may write, and a layer would take that away",
    ),
    (
        "/var/tmp",
        "which all may write, and a layer would take that away",
    ),
    ("/proc", "which the kernel fills"),
    ("/sys", "which the kernel fills"),
    ("/dev", "which the engine fills"),
];

fn lfs_pointer(path: &str, span: Span) -> Diagnostic {
    let message = format!("`{path}` is a git-lfs pointer, not the file it stands for");
    Diagnostic::error("lfs-pointer", span, message).help("run `git lfs pull` and build again")
}
