//! Copying from one filesystem into another.

use buildkit_proto::pb::{self, file_action::Action};

use super::options::{Owner, mode_bits, timestamp};
use super::path::{clean, clean_dest};
use crate::LlbError;

/// The wire's way to say that files keep their modes.
const KEEP_MODE: i32 = -1;

/// How files are copied. By default all of `src` goes to `dest` with its modes, owned by root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyOptions {
    /// The modes of the copies; otherwise those of the sources.
    pub mode: Option<CopyMode>,
    /// The owner of the copies; otherwise root.
    pub owner: Option<Owner>,
    /// The time of the copies in nanoseconds since 1970; otherwise that of the sources.
    pub timestamp: Option<i64>,
    /// Follows `src` if it is a symlink, instead of copying the link.
    pub follow_symlinks: bool,
    /// Copies what is in the directory `src`, and not the directory itself.
    pub contents_only: bool,
    /// Unpacks `src` if it is an archive, as Dockerfile's ADD does.
    pub unpack: bool,
    /// Makes the directories above `dest`.
    pub create_dest_path: bool,
    /// Reads `src` as a pattern with `*`, `?` and `[...]`.
    pub allow_wildcard: bool,
    /// Accepts a pattern that matches nothing.
    pub allow_empty_wildcard: bool,
    /// Copies only files that match one of these patterns.
    pub include_patterns: Vec<String>,
    /// Leaves out files that match these patterns, by the rules of `.dockerignore`.
    pub exclude_patterns: Vec<String>,
    /// Fails if one of these paths is not among the copied; needs include patterns.
    pub required_paths: Vec<String>,
    /// Replaces what stands at the destination even if it is of another type.
    pub always_replace: bool,
}

/// The modes that copies get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyMode {
    /// These bits of `0o7777`, for files and directories alike.
    Bits(u32),
    /// As chmod's symbolic modes have it, for example `u=rwX,go=rX`.
    Symbolic(String),
}

impl CopyOptions {
    pub(super) fn into_action(self, src: &str, dest: &str) -> Result<Action, LlbError> {
        if !self.required_paths.is_empty() && self.include_patterns.is_empty() {
            return Err(LlbError::RequiredWithoutInclude {
                src: src.to_owned(),
            });
        }
        let (mode, mode_str) = match self.mode {
            None => (KEEP_MODE, String::new()),
            Some(CopyMode::Symbolic(mode)) => (0, mode),
            Some(CopyMode::Bits(mode)) => (mode_bits(dest, mode, 0o7777)?, String::new()),
        };
        Ok(Action::Copy(pb::FileActionCopy {
            src: clean(src),
            dest: clean_dest(dest),
            owner: None,
            mode,
            follow_symlink: self.follow_symlinks,
            dir_copy_contents: self.contents_only,
            attempt_unpack_docker_compatibility: self.unpack,
            create_dest_path: self.create_dest_path,
            allow_wildcard: self.allow_wildcard,
            allow_empty_wildcard: self.allow_empty_wildcard,
            timestamp: timestamp(self.timestamp),
            include_patterns: self.include_patterns,
            exclude_patterns: self.exclude_patterns,
            always_replace_existing_dest_paths: self.always_replace,
            mode_str,
            required_paths: self.required_paths,
        }))
    }
}
