//! What the client asks of the frontend, checked: an option that cannot be honoured is an error, never passed over.

use std::collections::BTreeMap;

use layercake_lower::NoCache;
use layercake_planner::facts::Platform;
use layercake_solve::{CacheOption, Environment, FrontendOptions, NetworkMode, ResolveMode};

use crate::no_cache;
use crate::pipeline::Given;
use crate::settings::{UsageError, parse_platform, stand_in};
use crate::transfer::LocalFolder;

/// The name of the file, if the client gives none.
const FILE: &str = "layercake.yaml";

/// Options that tell BuildKit of the client and mean nothing to a frontend.
const FOR_PROVENANCE: &str = "vcs:";

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The service.
    pub target: Option<String>,
    /// The platform, if one was asked for.
    pub platform: Option<Platform>,
    /// Whether the result must be a list of platforms.
    pub multi_platform: bool,
    /// What planning is told; its platform is settled when the daemon has been asked.
    pub given: Given,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// What runs though its result is known.
    pub no_cache: NoCache,
    /// Where cache comes from.
    pub cache_imports: Vec<CacheOption>,
    /// How images are looked up.
    pub resolve_mode: ResolveMode,
    /// The image that this frontend was started from, where BuildKit says so.
    pub own: Option<String>,
    /// A question to answer instead of building.
    pub subrequest: Option<String>,
    /// Where the file is.
    pub place: Place,
}

/// Where the file and the context are.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file's name.
    pub filename: String,
    /// The URL of the context, if it is not a folder of the client.
    pub remote: Option<String>,
    /// The folder in the context that counts as its root.
    pub subdir: String,
    /// The client's folder that is the context.
    pub context: LocalFolder,
    /// The client's folder that has the file, if that was said or the context is not remote.
    pub dockerfile: LocalFolder,
    /// Whether the file is in a folder of the client though the context is not.
    pub forced: bool,
}

impl Request {
    /// Reads the options.
    pub fn new(environment: Environment) -> Result<Self, UsageError> {
        let Environment {
            options,
            session_id,
        } = environment;
        refuse(&options)?;
        let place = place(&options, &session_id);
        let platform = options
            .platforms
            .first()
            .map(|platform| parse_platform(platform))
            .transpose()?;
        let bases = bases(&options.contexts, platform.as_ref())?;
        Ok(Self {
            target: options.target,
            platform,
            multi_platform: options.multi_platform,
            given: Given {
                platform: Platform::default(),
                build_args: options.build_args,
                bases,
                lock: None,
            },
            labels: options.labels,
            no_cache: no_cache::of(options.no_cache.as_deref()),
            cache_imports: options.cache_imports,
            resolve_mode: options.image_resolve_mode,
            own: options.source,
            subrequest: options.request,
            place,
        })
    }
}

fn refuse(options: &FrontendOptions) -> Result<(), UsageError> {
    let refused = [
        (
            options.platforms.len() > 1,
            "several platforms are asked for, and one is built at a time; build once for each",
        ),
        (
            !options.add_hosts.is_empty(),
            "--add-host is not supported: what a stage may reach must not depend on the caller",
        ),
        (
            options.network != NetworkMode::default(),
            "--network is not supported; write `network: none` or `host` at the stage",
        ),
        (
            options.hostname.is_some(),
            "a host name for commands is not supported",
        ),
        (options.shm_size.is_some(), "--shm-size is not supported"),
        (!options.ulimits.is_empty(), "--ulimit is not supported"),
        (
            options.cgroup_parent.is_some(),
            "--cgroup-parent is not supported",
        ),
    ];
    if let Some((_, problem)) = refused.into_iter().find(|(asked, _)| *asked) {
        return Err(UsageError::new(format!("{problem} (leave the option out)")));
    }
    match options
        .rest
        .keys()
        .find(|name| !name.starts_with(FOR_PROVENANCE))
    {
        Some(name) => Err(UsageError::new(format!(
            "the option `{name}` is not supported; leave it out"
        ))),
        None => Ok(()),
    }
}

fn place(options: &FrontendOptions, session_id: &str) -> Place {
    let folder = |name: &Option<String>, usual: &str| {
        let name = name.clone().unwrap_or_else(|| usual.to_owned());
        LocalFolder {
            session: options
                .local_sessions
                .get(&name)
                .map_or(session_id, String::as_str)
                .to_owned(),
            shared_key_hint: options.shared_keys.get(&name).unwrap_or(&name).clone(),
            name,
        }
    };
    Place {
        filename: options.filename.clone().unwrap_or_else(|| FILE.to_owned()),
        remote: options.context.clone(),
        subdir: options.context_subdirectory.clone().unwrap_or_default(),
        context: folder(&options.context_key, "context"),
        dockerfile: folder(&options.dockerfile_key, "dockerfile"),
        forced: options.dockerfile_key.is_some(),
    }
}

/// Images that stand in for bases: `--build-context python=docker-image://python:3.12-slim`.
fn bases(
    contexts: &BTreeMap<String, String>,
    platform: Option<&Platform>,
) -> Result<BTreeMap<String, String>, UsageError> {
    let mut bases = BTreeMap::new();
    for (name, target) in contexts {
        let name = match name.split_once("::") {
            None => name,
            Some((name, of)) if platform.is_some_and(|platform| platform.to_string() == of) => name,
            Some(_) => continue, // It is meant for a platform that is not built.
        };
        bases.extend([stand_in(name, target)?]);
    }
    Ok(bases)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(options: &[(&str, &str)]) -> Result<Request, String> {
        let pairs = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let options = FrontendOptions::parse(pairs).unwrap();
        let environment = Environment {
            options,
            session_id: "s".into(),
        };
        Request::new(environment).map_err(|error| error.to_string())
    }

    #[test]
    fn folders_have_the_usual_names_and_the_clients_session() {
        let place = request(&[]).unwrap().place;
        assert_eq!(
            (place.filename.as_str(), place.dockerfile.name.as_str()),
            ("layercake.yaml", "dockerfile")
        );
        assert_eq!(
            (place.context.name.as_str(), place.context.session.as_str()),
            ("context", "s")
        );
        let place = request(&[
            ("local-sessionid:context", "t"),
            ("filename", "x.yaml"),
            ("dockerfilekey", "d"),
        ])
        .unwrap()
        .place;
        assert_eq!(
            (place.context.session.as_str(), place.filename.as_str()),
            ("t", "x.yaml")
        );
        assert!(place.forced && place.dockerfile.name == "d");
    }

    #[test]
    fn images_stand_in_for_bases() {
        let asked = [
            ("platform", "linux/arm64"),
            ("context:python", "docker-image://python:3.12@sha256:1"),
            ("context:tool::linux/arm64", "docker-image://arm"),
            ("context:tool::linux/amd64", "docker-image://amd"),
        ];
        let bases = request(&asked).unwrap().given.bases;
        assert_eq!(bases["python"], "python:3.12@sha256:1");
        assert_eq!(bases["tool"], "arm");
        assert!(
            request(&[("context:x", "local:y")])
                .unwrap_err()
                .contains("docker-image://")
        );
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for (name, value, says) in [
            (
                "platform",
                "linux/amd64,linux/arm64",
                "one is built at a time",
            ),
            ("platform", "windows/amd64", "Linux"),
            ("add-hosts", "a=1.2.3.4", "--add-host"),
            ("force-network-mode", "host", "--network"),
            ("shm-size", "1", "--shm-size"),
            ("ulimit", "nofile=1:1", "--ulimit"),
            ("cgroup-parent", "x", "--cgroup-parent"),
            ("hostname", "x", "host name"),
            ("memory", "1g", "`memory`"),
        ] {
            let error = request(&[(name, value)]).unwrap_err();
            assert!(error.contains(says), "{name}: {error}");
        }
        assert!(request(&[("vcs:revision", "abc"), ("attest:provenance", "mode=min")]).is_ok());
    }
}
