//! Stage kinds that place files: as written to as meant.

use super::Resolver;
use super::kinds::Index;
use crate::diagnostic::Diagnostic;
use crate::model::{CopyItem, FileItem, From, Take, TakenPath, Unpack};
use crate::path::{ImagePath, join};
use crate::spec::{CopySpec, Entries, FileSpec, FromImageSpec, TakeSpec, Text, UnpackSpec};

impl Resolver<'_> {
    pub(super) fn unpack(&self, spec: &UnpackSpec) -> Option<Unpack> {
        let archive = self.whole(&spec.from);
        let to = self.layer_path(&spec.to);
        let archive = archive?;
        let zip = is_zip(&archive.need.path);
        if !zip && !is_tar(&archive.need.path) {
            let message = format!("`{}` has no ending of an archive", archive.need.path);
            let found = Diagnostic::error("unpack-format", spec.from.span, message);
            self.report(found.help("zip and tar are unpacked: .zip .jar .whl .tar .tar.gz .tgz .tar.bz2 .tar.xz .tar.zst"));
        }
        let to = if zip {
            self.below_root(&spec.to, to?)?
        } else {
            to?.path
        };
        Some(Unpack { archive, to, zip })
    }

    pub(super) fn copy(&self, spec: &CopySpec, index: &Index) -> Option<CopyItem> {
        let to = self.layer_path(&spec.to);
        let mode = spec.mode.as_ref().and_then(|mode| self.copy_mode(mode));
        let owner = self.owner(spec.owner.as_ref());
        let from = self.from(
            &spec.from,
            spec.stage.as_ref(),
            &spec.include,
            &spec.exclude,
            index,
        )?;
        let (to, into) = self.target(&spec.to, to?, &from)?;
        Some(CopyItem {
            from,
            to,
            into,
            mode,
            owner,
            span: spec.to.span,
        })
    }

    /// Where a copy goes, and whether BuildKit has to find out what it is that goes there.
    fn target(&self, written: &Text, to: ImagePath, from: &From) -> Option<(String, bool)> {
        match from {
            From::Context(input) if input.is_file() && to.folder => {
                let name = input.need.path.rsplit('/').next().unwrap_or_default();
                Some((join(&to.path, name), false))
            }
            From::Context(input) if input.is_file() => Some((self.below_root(written, to)?, false)),
            From::Context(_) => Some((to.path, false)),
            From::Stage { .. } => Some((to.path, to.folder)),
        }
    }

    /// Files of the context or of another stage.
    pub(super) fn from(
        &self,
        from: &Text,
        stage: Option<&Text>,
        include: &[Text],
        exclude: &[Text],
        index: &Index,
    ) -> Option<From> {
        let (include, exclude) = (self.patterns(include), self.patterns(exclude));
        let Some(stage) = stage else {
            return Some(From::Context(self.input(from, include, exclude)?));
        };
        let path = self.image_path(from)?.path;
        Some(From::Stage {
            stage: *index.get(stage.value.as_str())?,
            path,
            include,
            exclude,
        })
    }

    pub(super) fn files(&self, files: &Entries<FileSpec>) -> Vec<FileItem> {
        let files = files.iter();
        let mut items: Vec<_> = files
            .filter_map(|(path, file)| self.file(path, file))
            .collect();
        items.sort_by(|a, b| a.path.cmp(&b.path));
        for pair in items.windows(2) {
            if pair[0].path == pair[1].path {
                let message = format!("`{}` is written twice", pair[0].path);
                let found = Diagnostic::error("listed-twice", pair[1].span, message);
                self.report(found.also(pair[0].span, "here too").help("remove one"));
            }
        }
        items
    }

    fn file(&self, path: &Text, file: &FileSpec) -> Option<FileItem> {
        let to = self.layer_folder(path);
        let mode = file.mode.as_ref().and_then(|mode| self.mode(mode));
        let owner = self.owner(file.owner.as_ref());
        Some(FileItem {
            path: to?,
            content: file.content.value.clone(),
            mode: mode.unwrap_or(0o644),
            owner,
            span: path.span,
        })
    }

    pub(super) fn take(&self, stage: &str, spec: &FromImageSpec) -> Option<Take> {
        if spec.paths.is_empty() {
            self.nothing_to_do(
                stage,
                "name what is taken: `paths: [{ from: /usr/local/bin/node }]`",
            );
        }
        let image = if self.base_specs.contains_key(spec.from.value.as_str()) {
            self.base(&spec.from)
        } else {
            self.filled(&spec.from)
                .and_then(|reference| self.intern_base(&reference, &spec.from))
        };
        let paths = spec.paths.iter().filter_map(|path| self.taken(path));
        let paths = paths.collect();
        Some(Take {
            image: image?,
            paths,
        })
    }

    fn taken(&self, path: &TakeSpec) -> Option<TakenPath> {
        let from = self.image_path(&path.from);
        let to = self.layer_folder(path.to.as_ref().unwrap_or(&path.from));
        Some(TakenPath {
            from: from?.path,
            to: to?,
        })
    }

    /// Patterns of `.dockerignore`; their order decides only where one takes back what others matched.
    pub(super) fn patterns(&self, patterns: &[Text]) -> Vec<String> {
        let clean = |pattern: &Text| {
            let text = pattern.value.trim();
            if text.is_empty() || text == "!" {
                let found = Diagnostic::error("pattern", pattern.span, "the pattern is empty");
                self.report(found.help("write it as in .dockerignore: `src`, `**/*.md`"));
                return None;
            }
            let (not, rest) = match text.strip_prefix('!') {
                Some(rest) => ("!", rest),
                None => ("", text),
            };
            let rest = rest.trim_start_matches("./").trim_end_matches('/');
            Some(format!("{not}{rest}"))
        };
        let mut patterns: Vec<_> = patterns.iter().filter_map(clean).collect();
        if !patterns.iter().any(|pattern| pattern.starts_with('!')) {
            patterns.sort();
            patterns.dedup();
        }
        patterns
    }

    /// An owner by numbers: a layer of its own has no `/etc/passwd` to look names up in.
    fn owner(&self, owner: Option<&Text>) -> Option<String> {
        let filled = self.filled(owner?)?;
        let number = |part: &str| match part {
            "root" => Some(0),
            digits => digits.parse::<u32>().ok(),
        };
        let numbers: Option<Vec<_>> = filled.split(':').map(number).collect();
        if let Some([user] | [user, ..]) = numbers.as_deref()
            && filled.matches(':').count() < 2
        {
            let group = numbers
                .as_deref()
                .and_then(|ids| ids.get(1))
                .unwrap_or(user);
            return Some(format!("{user}:{group}"));
        }
        let message = format!("`{filled}` is not an owner by numbers");
        let found = Diagnostic::error("owner", owner?.span, message);
        self.report(
            found.help("write `1000:1000`; which number a name has is known to the base alone"),
        );
        None
    }

    /// The permission bits of a file.
    pub(super) fn mode(&self, mode: &Text) -> Option<u32> {
        let parsed = u32::from_str_radix(&mode.value, 8).ok();
        let parsed = parsed.filter(|mode| *mode <= 0o777);
        if parsed.is_none() {
            let message = format!("`{}` is not an octal mode", mode.value);
            let found = Diagnostic::error("mode", mode.span, message);
            self.report(found.help("write it as `\"0755\"`; a `finish` step can set other bits"));
        }
        parsed
    }

    /// A mode as `chmod` takes it, canonical where it is octal.
    fn copy_mode(&self, mode: &Text) -> Option<String> {
        let text = mode.value.trim();
        if !text.is_empty() && text.split(',').all(is_symbolic) {
            return Some(text.to_owned());
        }
        let bits = u32::from_str_radix(text, 8).ok();
        let bits = bits.filter(|bits| *bits <= 0o7777);
        if bits.is_none() {
            let message = format!("`{text}` is not a mode");
            let found = Diagnostic::error("mode", mode.span, message);
            self.report(found.help("write it as `\"0755\"` or `u=rwX,go=rX`"));
        }
        Some(format!("{:04o}", bits?))
    }
}

/// `u=rwX`, `go-w`, `+x`: one clause of a symbolic mode.
fn is_symbolic(clause: &str) -> bool {
    let who = clause.trim_start_matches(['u', 'g', 'o', 'a']);
    let Some(what) = who.strip_prefix(['=', '+', '-']) else {
        return false;
    };
    what.chars().all(|c| "rwxXst".contains(c)) || matches!(what, "u" | "g" | "o")
}

/// Whether a path ends as zip archives do.
pub(super) fn is_zip(path: &str) -> bool {
    [".zip", ".jar", ".whl"]
        .iter()
        .any(|end| path.ends_with(end))
}

fn is_tar(path: &str) -> bool {
    [
        ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst",
    ]
    .iter()
    .any(|end| path.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::is_symbolic;

    #[test]
    fn symbolic_modes_are_those_of_chmod() {
        for clause in ["u=rwX", "go=rX", "a+x", "+x", "o-rwx", "g=u", "u="] {
            assert!(is_symbolic(clause), "{clause}");
        }
        for clause in ["", "0755", "9999", "rwx", "u", "u=rwz", "k+x"] {
            assert!(!is_symbolic(clause), "{clause}");
        }
    }
}
