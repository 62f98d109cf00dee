//! The files of the context: one transfer for all stages, then one canonical copy for each that reads some.
//!
//! The copy makes permission bits canonical (`u=rwX,go=rX`), so that umask 002 and 022 are one key for what
//! reads it, while the executable bit stays a real difference. It costs the stage's own files and no more.

use std::collections::BTreeSet;

use buildkit_llb::{Annotate, CopyMode, CopyOptions, Digest, FileOps, LlbError, Output, Source};
use layercake_planner::facts::PathNeed;
use layercake_planner::model::Input;

use crate::Abilities;

/// Where the files of the context come from.
#[derive(Clone, Debug)]
pub enum ContextSource {
    /// A folder that a client's session serves.
    Session {
        /// The name it is served under: `context`.
        name: String,
        /// The session; without one, whichever the build comes with: so `buildctl build` can run the definition.
        session_id: Option<String>,
        /// What ties transfers of one folder together, so that only changes are sent.
        shared_key_hint: String,
        /// What `.dockerignore` leaves out: its lines, canonical.
        exclude: Vec<String>,
    },
    /// A filesystem that BuildKit has already: a git repository, the result of another build.
    Output {
        /// It.
        output: Output,
        /// The folder in it that is the context; empty for all.
        subdir: String,
    },
}

/// The permission bits that files of the context get.
const CANONICAL_MODE: &str = "u=rwX,go=rX";

/// The files of the context.
pub(crate) struct Context {
    output: Output,
    subdir: String,
    mode: Option<CopyMode>,
}

/// Files of one input: a filesystem with a folder's contents, or one file, at its root.
pub(crate) struct Files {
    /// The filesystem.
    pub output: Output,
    /// The file's absolute path in it; none for a folder.
    pub file: Option<String>,
}

impl Context {
    pub(crate) fn new(
        source: &ContextSource,
        needs: &BTreeSet<&PathNeed>,
        abilities: Abilities,
    ) -> Result<Self, LlbError> {
        let (output, subdir) = match source {
            ContextSource::Session {
                name,
                session_id,
                shared_key_hint,
                exclude,
            } => {
                let local = match session_id {
                    Some(session) => Source::local(name).session_id(session),
                    None => Source::local(name).unique_id(name),
                };
                let paths = follow_paths(needs);
                let local = local
                    .shared_key_hint(format!("{shared_key_hint}-{}", short_digest(&paths)))
                    .exclude(exclude)
                    .follow_paths(paths)
                    .named("[internal] load files of the context");
                (local.build()?, String::new())
            }
            ContextSource::Output { output, subdir } => (output.clone(), subdir.clone()),
        };
        let mode = abilities
            .symbolic_modes
            .then(|| CopyMode::Symbolic(CANONICAL_MODE.to_owned()));
        Ok(Self {
            output,
            subdir,
            mode,
        })
    }

    /// The canonical copy of an input's files.
    pub(crate) fn files(&self, input: &Input) -> Result<Files, LlbError> {
        let path = format!("{}/{}", self.subdir, input.need.path);
        let file = input
            .is_file()
            .then(|| format!("/{}", file_name(&input.need.path)));
        let options = CopyOptions {
            mode: self.mode.clone(),
            follow_symlinks: true,
            contents_only: file.is_none(),
            create_dest_path: true,
            include_patterns: input.need.include.clone(),
            exclude_patterns: input.need.exclude.clone(),
            ..CopyOptions::default()
        };
        let shown = if input.need.path.is_empty() {
            "."
        } else {
            &input.need.path
        };
        let output = FileOps::on(None)
            .copy(
                self.output.clone(),
                path,
                file.as_deref().unwrap_or("/"),
                options,
            )
            .named(format!("[internal] files of {shown}"))
            .build()?;
        Ok(Files { output, file })
    }
}

/// Tells selections apart: BuildKit keeps one copy of a folder for each hint, and would drop from it what one
/// service does not read, to have it sent again for the next.
fn short_digest(paths: &[String]) -> String {
    let digest = Digest::of(paths.join("\n").as_bytes()).to_string();
    digest
        .trim_start_matches("sha256:")
        .chars()
        .take(12)
        .collect()
}

/// The last part of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The paths that have to be sent, patterns included; none when the whole context is read.
fn follow_paths(needs: &BTreeSet<&PathNeed>) -> Vec<String> {
    if needs
        .iter()
        .any(|need| need.path.is_empty() && need.include.is_empty())
    {
        return Vec::new();
    }
    let mut paths = BTreeSet::new();
    for need in needs {
        let everywhere = |pattern: &String| pattern.starts_with("**") || pattern.starts_with('!');
        if need.include.is_empty() || need.include.iter().any(everywhere) {
            paths.insert(need.path.clone());
        } else {
            let below = |pattern: &String| {
                format!("{}/{pattern}", need.path)
                    .trim_start_matches('/')
                    .to_owned()
            };
            paths.extend(need.include.iter().map(below));
        }
    }
    if paths.contains("") {
        Vec::new()
    } else {
        paths.into_iter().collect()
    }
}
