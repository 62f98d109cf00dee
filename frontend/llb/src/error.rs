//! Everything that can be wrong with an operation, found when it is built.

/// Why an operation could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LlbError {
    /// An image reference does not follow the registry's grammar.
    #[error(
        "image reference `{reference}` is invalid: {cause}; write it as `registry/name:tag` or `registry/name@sha256:...`"
    )]
    InvalidReference {
        /// The reference as given.
        reference: String,
        /// What is wrong with it.
        cause: &'static str,
    },
    /// A platform is not of the form `os/architecture[/variant]`.
    #[error(
        "platform `{platform}` is invalid; write it as `os/architecture[/variant]`, for example `linux/arm64`"
    )]
    InvalidPlatform {
        /// The platform as given.
        platform: String,
    },
    /// A git remote is of no known form.
    #[error(
        "git remote `{remote}` is invalid: {cause}; write it as `https://host/path`, `ssh://user@host/path` or `user@host:path`"
    )]
    InvalidRemote {
        /// The remote as given.
        remote: String,
        /// What is wrong with it.
        cause: &'static str,
    },
    /// An HTTP source is not addressed by an http or https URL.
    #[error("`{url}` is not an http source; its URL must begin with `http://` or `https://`")]
    InvalidUrl {
        /// The URL as given.
        url: String,
    },
    /// A source has no name, reference or digest where one is required.
    #[error("{what} is empty; give it a value or leave it out")]
    Empty {
        /// What is empty.
        what: &'static str,
    },
    /// A local source names neither the session that serves it nor a unique id.
    #[error(
        "local source `{name}` has neither a session nor a unique id; set `session_id` or `unique_id`"
    )]
    LocalWithoutSession {
        /// The name of the local source.
        name: String,
    },
    /// A command has no arguments.
    #[error("the command has no arguments; give at least the program to run")]
    NoArguments,
    /// A path inside the container is relative.
    #[error("{what} `{path}` is relative; write it from `/`")]
    RelativePath {
        /// What the path is for.
        what: &'static str,
        /// The path as given.
        path: String,
    },
    /// Two mounts of one command share a destination.
    #[error(
        "two mounts share the destination `{dest}`; give each its own (`/` belongs to the root)"
    )]
    DuplicateMount {
        /// The destination.
        dest: String,
    },
    /// A mount was asked for an output that it does not have.
    #[error("the mount at `{dest}` has no output: {cause}")]
    NoOutput {
        /// The destination asked for.
        dest: String,
        /// Why there is none.
        cause: &'static str,
    },
    /// A file operation has no actions.
    #[error(
        "the file operation has no actions; add at least one of mkdir, mkfile, copy, rm, symlink"
    )]
    NoActions,
    /// A read-only root was asked for, but there is nothing to read in an empty one.
    #[error("an empty root cannot be read-only; give it an output or leave it writable")]
    EmptyReadOnlyRoot,
    /// Permission bits lie outside of what the operation can set.
    #[error(
        "mode {mode:#o} for `{path}` is out of range; only the bits of {allowed:#o} can be set here"
    )]
    ModeOutOfRange {
        /// The path that should get the mode.
        path: String,
        /// The mode as given.
        mode: u32,
        /// All bits that can be set.
        allowed: u32,
    },
    /// A definition of another client cannot be taken over.
    #[error("the definition is invalid: {cause}; it must come whole from a BuildKit client")]
    InvalidDefinition {
        /// What is wrong with it.
        cause: String,
    },
    /// Required paths were given to a copy without include patterns.
    #[error(
        "the copy of `{src}` names required paths but no include patterns, without which BuildKit ignores them; add `include_patterns`"
    )]
    RequiredWithoutInclude {
        /// The path copied from.
        src: String,
    },
}
