//! What BuildKit tells a frontend: its options and its environment.
//!
//! Every option is either read into a field, or kept in [`FrontendOptions::rest`], so that the frontend can refuse what
//! it can't honour instead of passing over it.

mod values;

pub use values::{NetworkMode, Ulimit};

use crate::bridge::ResolveMode;
use crate::control::CacheOption;
use std::collections::BTreeMap;

const VARIABLE_PREFIX: &str = "BUILDKIT_FRONTEND_OPT_";

/// The environment of a frontend.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Environment {
    /// The options.
    pub options: FrontendOptions,
    /// The session of the client.
    pub session_id: String,
}

/// The options of a frontend, as the clients of `dockerfile.v0` send them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrontendOptions {
    /// What to build, as in `--target`.
    pub target: Option<String>,
    /// For which platforms, as in `--platform`; the daemon's own if empty.
    pub platforms: Vec<String>,
    /// Whether the result must have a list of platforms even if it is one.
    pub multi_platform: bool,
    /// `None`: use the cache. `Some` and empty: run everything again. Otherwise run these stages again.
    pub no_cache: Option<Vec<String>>,
    /// `--build-arg`.
    pub build_args: BTreeMap<String, String>,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// Named contexts by name, which may end in `::<platform>`: `docker-image://…`, `local:…`, `input:…` and so on.
    pub contexts: BTreeMap<String, String>,
    /// Metadata of inputs, JSON by name.
    pub input_metadata: BTreeMap<String, String>,
    /// The name of the file that holds the build's definition.
    pub filename: Option<String>,
    /// The main context, if it is a URL and not a local directory.
    pub context: Option<String>,
    /// The name of the local directory that is the main context; `context` if not said.
    pub context_key: Option<String>,
    /// The name of the local directory that holds the file; `dockerfile` if not said.
    pub dockerfile_key: Option<String>,
    /// The directory in a remote context that counts as its root.
    pub context_subdirectory: Option<String>,
    /// Where cache comes from; to be passed on in every solve.
    pub cache_imports: Vec<CacheOption>,
    /// How images are looked up.
    pub image_resolve_mode: ResolveMode,
    /// The subrequest to answer instead of building, such as `frontend.outline`.
    pub request: Option<String>,
    /// Capabilities that the client wants the frontend to have; a trailing `+forward` is gone.
    pub capabilities: Vec<String>,
    /// Sessions of local directories other than the client's own, by the directory's name.
    pub local_sessions: BTreeMap<String, String>,
    /// Keys for the incremental transfer of local directories, by the directory's name.
    pub shared_keys: BTreeMap<String, String>,
    /// Further entries for /etc/hosts: name and IP.
    pub add_hosts: Vec<(String, std::net::IpAddr)>,
    /// The network of the build's commands.
    pub network: NetworkMode,
    /// The host name in the build's commands.
    pub hostname: Option<String>,
    /// Bytes of /dev/shm in the build's commands.
    pub shm_size: Option<u64>,
    /// Limits of the build's commands.
    pub ulimits: Vec<Ulimit>,
    /// The parent of the cgroups of the build's commands.
    pub cgroup_parent: Option<String>,
    /// Attestations by kind, `sbom` or `provenance`, with their parameters.
    pub attestations: BTreeMap<String, String>,
    /// The image that this frontend was started from.
    pub source: Option<String>,
    /// The frontend's command line, as the file's first line gives it.
    pub command_line: Option<String>,
    /// Everything else.
    pub rest: BTreeMap<String, String>,
}

/// An option whose value can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the option `{name}` can't be `{value}`: {problem}")]
pub struct OptionError {
    /// The option.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What is wrong, and the way out.
    pub problem: &'static str,
}

impl Environment {
    /// Reads the environment that BuildKit gives a frontend. The order of the variables doesn't matter.
    pub fn parse(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, OptionError> {
        let mut session_id = String::new();
        let mut pairs = Vec::new();
        for (name, value) in variables {
            if name == "BUILDKIT_SESSION_ID" {
                session_id = value;
            } else if name.starts_with(VARIABLE_PREFIX) {
                let (key, value) = value.split_once('=').unwrap_or((&value, ""));
                pairs.push((key.to_owned(), value.to_owned()));
            }
        }
        Ok(Self {
            options: FrontendOptions::parse(pairs)?,
            session_id,
        })
    }
}

impl FrontendOptions {
    /// Reads options by their names on the wire.
    pub fn parse(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, OptionError> {
        let mut options = Self::default();
        let mut legacy_imports = None;
        let mut imports = None;
        for (name, value) in pairs {
            if name == "cache-from" {
                legacy_imports = Some(value);
            } else if name == "cache-imports" {
                imports = Some(value);
            } else {
                options.set(name, value).map_err(|error| *error)?;
            }
        }
        let none = |list: &String| list.is_empty();
        options.cache_imports = match (
            imports.filter(|list| !none(list)),
            legacy_imports.filter(|list| !none(list)),
        ) {
            (Some(json), _) => values::cache_imports(&json)?,
            (None, Some(list)) => values::registry_imports(&list),
            (None, None) => Vec::new(),
        };
        Ok(options)
    }

    fn set(&mut self, name: String, value: String) -> Result<(), Box<OptionError>> {
        let wrong = |problem| OptionError {
            name: name.clone(),
            value: value.clone(),
            problem,
        };
        if let Some((list, key)) = self.keyed(&name) {
            list.insert(key, value);
            return Ok(());
        }
        match name.as_str() {
            "target" => self.target = some(value),
            "platform" => self.platforms = values::list(&value),
            "multi-platform" => self.multi_platform = values::boolean(&value).map_err(wrong)?,
            "no-cache" => self.no_cache = Some(values::list(&value)),
            "filename" => self.filename = some(value),
            "context" => self.context = some(value),
            "contextkey" => self.context_key = some(value),
            "dockerfilekey" => self.dockerfile_key = some(value),
            "contextsubdir" => self.context_subdirectory = some(value),
            "image-resolve-mode" => {
                self.image_resolve_mode = values::resolve_mode(&value).map_err(wrong)?;
            }
            "requestid" => self.request = some(value),
            "frontend.caps" => self.capabilities = values::capabilities(&value),
            "add-hosts" => self.add_hosts = values::hosts(&value).map_err(wrong)?,
            "force-network-mode" => self.network = values::network(&value).map_err(wrong)?,
            "hostname" => self.hostname = some(value),
            "shm-size" => self.shm_size = values::size(&value).map_err(wrong)?,
            "ulimit" => self.ulimits = values::ulimits(&value).map_err(wrong)?,
            "cgroup-parent" => self.cgroup_parent = some(value),
            "source" => self.source = some(value),
            "cmdline" => self.command_line = some(value),
            _ => {
                self.rest.insert(name, value);
            }
        }
        Ok(())
    }

    /// The map that a name with a key belongs to, such as `build-arg:A`, and the key.
    fn keyed(&mut self, name: &str) -> Option<(&mut BTreeMap<String, String>, String)> {
        let (kind, key) = name.split_once(':')?;
        let map = match kind {
            "build-arg" => &mut self.build_args,
            "label" => &mut self.labels,
            "context" => &mut self.contexts,
            "input-metadata" => &mut self.input_metadata,
            "local-sessionid" => &mut self.local_sessions,
            "attest" => &mut self.attestations,
            "sharedkey" => {
                let key = key.strip_prefix("localdir:")?.to_owned();
                return Some((&mut self.shared_keys, key));
            }
            _ => return None,
        };
        Some((map, key.to_owned()))
    }
}

fn some(value: String) -> Option<String> {
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::{Environment, FrontendOptions, NetworkMode};
    use crate::bridge::ResolveMode;

    fn parse(pairs: &[(&str, &str)]) -> FrontendOptions {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        FrontendOptions::parse(pairs).expect("the options parse")
    }

    #[track_caller]
    fn check_error(name: &str, value: &str, says: &str) {
        let error = FrontendOptions::parse([(name.to_owned(), value.to_owned())])
            .expect_err(name)
            .to_string();
        assert!(error.contains(name) && error.contains(says), "{error}");
    }

    #[test]
    fn the_environment_is_read_in_any_order() {
        let variables = [
            ("BUILDKIT_FRONTEND_OPT_1", "build-arg:A=b=c"),
            ("PATH", "/bin"),
            ("BUILDKIT_SESSION_ID", "s"),
            ("BUILDKIT_FRONTEND_OPT_0", "target=web"),
            ("BUILDKIT_FRONTEND_OPT_2", "no-cache"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let environment = Environment::parse(variables.map(owned)).expect("the environment parses");
        assert_eq!(environment.session_id, "s");
        assert_eq!(environment.options.build_args["A"], "b=c");
        assert_eq!(environment.options.target.as_deref(), Some("web"));
        assert_eq!(environment.options.no_cache, Some(Vec::new()));
        assert!(environment.options.rest.is_empty());
    }

    #[test]
    fn options_with_keys_go_to_their_maps() {
        let options = parse(&[
            ("label:org.example", "x"),
            ("context:base", "docker-image://b@sha256:1"),
            ("context:base::linux/arm64", "local:b"),
            ("input-metadata:b", "{}"),
            ("local-sessionid:context", "s1"),
            ("sharedkey:localdir:context", "k1"),
            ("attest:sbom", "generator=g"),
        ]);
        assert_eq!(options.labels["org.example"], "x");
        assert_eq!(options.contexts["base::linux/arm64"], "local:b");
        assert_eq!(options.shared_keys["context"], "k1");
        assert_eq!(options.local_sessions["context"], "s1");
        assert_eq!(options.attestations["sbom"], "generator=g");
        assert!(options.rest.is_empty());
    }

    #[test]
    fn values_are_typed() {
        let options = parse(&[
            ("platform", "linux/amd64,linux/arm64"),
            ("no-cache", "a,b"),
            ("image-resolve-mode", "pull"),
            ("force-network-mode", "none"),
            ("add-hosts", "DB=10.0.0.1,v6=::1"),
            ("shm-size", "1048576"),
            ("ulimit", "nofile=1024:2048,core=0"),
            (
                "frontend.caps",
                "moby.buildkit.frontend.subrequests+forward",
            ),
            ("multi-platform", "true"),
        ]);
        assert_eq!(options.platforms, ["linux/amd64", "linux/arm64"]);
        assert_eq!(
            options.no_cache.as_deref(),
            Some(["a".to_owned(), "b".to_owned()].as_slice())
        );
        assert_eq!(
            (options.image_resolve_mode, options.network),
            (ResolveMode::Pull, NetworkMode::None)
        );
        assert_eq!(options.add_hosts[0].0, "db");
        assert!(options.add_hosts[1].1.is_ipv6());
        assert_eq!(options.shm_size, Some(1_048_576));
        assert_eq!(
            (
                options.ulimits[0].soft,
                options.ulimits[0].hard,
                options.ulimits[1].hard
            ),
            (1024, 2048, 0)
        );
        assert_eq!(options.capabilities, ["moby.buildkit.frontend.subrequests"]);
        assert!(options.multi_platform);
    }

    #[test]
    fn cache_imports_come_in_two_spellings() {
        let json = r#"[{"Type":"registry","Attrs":{"ref":"r/c"}},{"Type":"gha","Attrs":null}]"#;
        let options = parse(&[("cache-from", "old"), ("cache-imports", json)]);
        let kinds: Vec<_> = options
            .cache_imports
            .iter()
            .map(|import| import.kind.as_str())
            .collect();
        assert_eq!(kinds, ["registry", "gha"]);
        let options = parse(&[("cache-from", "a,b")]);
        assert_eq!(options.cache_imports[1].attributes["ref"], "b");
        assert!(parse(&[("cache-from", "")]).cache_imports.is_empty());
        check_error("cache-imports", "[", "JSON");
    }

    #[test]
    fn what_is_not_known_is_kept() {
        assert_eq!(parse(&[("memory", "1g"), ("x:y", "z")]).rest.len(), 2);
    }

    #[test]
    fn wrong_values_are_errors() {
        check_error("image-resolve-mode", "sometimes", "default, pull or local");
        check_error("force-network-mode", "bridge", "sandbox, host or none");
        check_error("add-hosts", "db", "name=IP");
        check_error("add-hosts", "db=nowhere", "name=IP");
        check_error("shm-size", "64m", "bytes");
        check_error("ulimit", "nofile", "name=soft");
        check_error("ulimit", "nofile=2:1", "name=soft");
        check_error("multi-platform", "maybe", "true or false");
    }
}
