//! Directories on the client's side.

use super::Attrs;
use crate::attributes::{Annotate, Attributes};
use crate::{LlbError, Output, caps};

/// How the daemon decides which files it has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differ {
    /// It compares nothing and receives all files again.
    None,
    /// It compares size, time, mode and owner. The default.
    Metadata,
}

/// What tells a transfer apart from others.
#[derive(Debug, Clone)]
enum Identity {
    Session(String),
    Unique(String),
}

/// A directory on the client's side, under construction; begun by [`Source::local`](super::Source::local).
#[derive(Debug, Clone)]
pub struct Local {
    name: String,
    identity: Option<Identity>,
    include: Vec<String>,
    exclude: Vec<String>,
    follow_paths: Vec<String>,
    shared_key_hint: Option<String>,
    differ: Option<(Differ, bool)>,
    metadata_only: Option<Vec<String>>,
    attributes: Attributes,
}

impl Local {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            identity: None,
            include: Vec::new(),
            exclude: Vec::new(),
            follow_paths: Vec::new(),
            shared_key_hint: None,
            differ: None,
            metadata_only: None,
            attributes: Attributes::new(),
        }
    }

    /// Takes the directory from this session of the client. Replaces [`unique_id`](Self::unique_id).
    #[must_use]
    pub fn session_id(mut self, id: impl Into<String>) -> Self {
        self.identity = Some(Identity::Session(id.into()));
        self
    }

    /// Takes the directory from whichever session the build belongs to, and tells this transfer apart from others by
    /// this id. Replaces [`session_id`](Self::session_id).
    #[must_use]
    pub fn unique_id(mut self, id: impl Into<String>) -> Self {
        self.identity = Some(Identity::Unique(id.into()));
        self
    }

    /// Sends only files that match one of these patterns.
    #[must_use]
    pub fn include<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.include.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Leaves out files that match these patterns, by the rules of `.dockerignore`.
    #[must_use]
    pub fn exclude<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// Sends only these paths and what their symlinks point to.
    #[must_use]
    pub fn follow_paths<S: Into<String>>(mut self, paths: impl IntoIterator<Item = S>) -> Self {
        self.follow_paths.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Shares the daemon's earlier copy of the directory with other sources of the same hint, so that only what
    /// changed is sent.
    #[must_use]
    pub fn shared_key_hint(mut self, hint: impl Into<String>) -> Self {
        self.shared_key_hint = Some(hint.into());
        self
    }

    /// How the daemon decides what to receive; if `required`, a daemon that cannot do it refuses the build.
    #[must_use]
    pub fn differ(mut self, differ: Differ, required: bool) -> Self {
        self.differ = Some((differ, required));
        self
    }

    /// Sends names and attributes of files without their content, except for files that match `exceptions`.
    #[must_use]
    pub fn metadata_only<S: Into<String>>(
        mut self,
        exceptions: impl IntoIterator<Item = S>,
    ) -> Self {
        self.metadata_only = Some(exceptions.into_iter().map(Into::into).collect());
        self
    }

    /// The directory's content.
    pub fn build(self) -> Result<Output, LlbError> {
        if self.name.is_empty() {
            return Err(LlbError::Empty {
                what: "the name of a local source",
            });
        }
        let mut attrs = Attrs::new(self.attributes);
        attrs.require(caps::SOURCE_LOCAL);
        let (key, id, cap) = match self.identity {
            Some(Identity::Session(id)) => ("local.session", id, caps::SOURCE_LOCAL_SESSION_ID),
            Some(Identity::Unique(id)) => ("local.unique", id, caps::SOURCE_LOCAL_UNIQUE),
            None => return Err(LlbError::LocalWithoutSession { name: self.name }),
        };
        attrs.set_some(key, Some(id), Some(cap));
        let lists = [
            (
                "local.includepattern",
                &self.include,
                caps::SOURCE_LOCAL_INCLUDE_PATTERNS,
            ),
            (
                "local.followpaths",
                &self.follow_paths,
                caps::SOURCE_LOCAL_FOLLOW_PATHS,
            ),
            (
                "local.excludepatterns",
                &self.exclude,
                caps::SOURCE_LOCAL_EXCLUDE_PATTERNS,
            ),
        ];
        for (key, list, cap) in lists {
            attrs.set_some(key, json_list(list), Some(cap));
        }
        let hint = self.shared_key_hint;
        attrs.set_some(
            "local.sharedkeyhint",
            hint,
            Some(caps::SOURCE_LOCAL_SHARED_KEY_HINT),
        );
        if let Some((differ, required)) = self.differ {
            let value = match differ {
                Differ::None => "none",
                Differ::Metadata => "metadata",
            };
            attrs.set_some(
                "local.differ",
                Some(value),
                required.then_some(caps::SOURCE_LOCAL_DIFFER),
            );
        }
        if let Some(exceptions) = self.metadata_only {
            attrs.set("local.metadatatransfer", "true");
            attrs.set_some(
                "local.metadatatransferexclude",
                json_list(&exceptions),
                None,
            );
            attrs.require(caps::SOURCE_LOCAL_METADATA_TRANSFER);
        }
        Ok(attrs.into_output(format!("local://{}", self.name), None))
    }
}

impl Annotate for Local {
    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }
}

/// A list as the JSON text that Go would write, which also escapes what could end a script in HTML. An empty list
/// is no list.
fn json_list(list: &[String]) -> Option<String> {
    if list.is_empty() {
        return None;
    }
    let mut json = serde_json::Value::from(list).to_string();
    for (char, escape) in [
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u{2028}", "\\u2028"),
        ("\u{2029}", "\\u2029"),
    ] {
        json = json.replace(char, escape);
    }
    Some(json)
}
