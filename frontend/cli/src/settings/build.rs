//! What `layercake build` works by.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use layercake_lower::NoCache;
use layercake_solve::{CacheOption, Secret};

use super::fields::Fields;
use super::template::fill;
use super::{Environment, UsageError};
use crate::args::{BuildArgs, Expensive, ProgressMode};
use crate::no_cache;

/// What to build, where the images go, and how it is shown.
#[derive(Debug)]
pub struct BuildSettings {
    /// The services; all if empty.
    pub services: Vec<String>,
    /// Whether images are pushed by their tags.
    pub push: bool,
    /// Whether images are loaded into the Docker engine.
    pub load: bool,
    /// Templates of tags, besides the file's.
    pub tags: Vec<String>,
    /// Where images go.
    pub outputs: Vec<OutputTemplate>,
    /// Where cache comes from.
    pub cache_from: Vec<CacheTemplate>,
    /// Where cache goes.
    pub cache_to: Vec<CacheTemplate>,
    /// What runs though its result is known.
    pub no_cache: NoCache,
    /// Whether expensive stages may run.
    pub expensive: Expensive,
    /// Labels of all images.
    pub labels: BTreeMap<String, String>,
    /// Secrets by id.
    pub secrets: BTreeMap<String, Secret>,
    /// Sockets of SSH agents by id.
    pub agents: BTreeMap<String, PathBuf>,
    /// How progress is shown.
    pub progress: ProgressMode,
    /// Where the report goes.
    pub report: Option<PathBuf>,
    /// Where the exporters' answers go.
    pub metadata_file: Option<PathBuf>,
}

/// Where images go; `{service}` and `{version}` are open yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputTemplate {
    /// `image`, `oci`, `docker`, `tar` or `local`.
    pub kind: String,
    /// The file or folder, for all but `image`; `-` is stdout.
    pub dest: Option<String>,
    /// Everything else.
    pub attributes: BTreeMap<String, String>,
}

/// Where cache comes from or goes to; `{service}` and `{version}` are open yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheTemplate {
    kind: String,
    attributes: BTreeMap<String, String>,
}

impl BuildSettings {
    /// Merges what concerns the build.
    pub fn new(args: &BuildArgs, environment: &impl Environment) -> Result<Self, UsageError> {
        Ok(Self {
            services: args.services.clone(),
            push: args.push,
            load: args.load,
            tags: args.tags.clone(),
            outputs: args
                .outputs
                .iter()
                .map(|text| OutputTemplate::parse(text))
                .collect::<Result<_, _>>()?,
            cache_from: CacheTemplate::all("--cache-from", &args.cache_from, environment)?,
            cache_to: CacheTemplate::all("--cache-to", &args.cache_to, environment)?,
            no_cache: no_cache::of(args.no_cache.as_deref()),
            expensive: expensive(args.expensive, environment)?,
            labels: args
                .labels
                .iter()
                .map(|text| label(text))
                .collect::<Result<_, _>>()?,
            secrets: args
                .secrets
                .iter()
                .map(|text| secret(text, environment))
                .collect::<Result<_, _>>()?,
            agents: args
                .ssh
                .iter()
                .map(|text| agent(text, environment))
                .collect::<Result<_, _>>()?,
            progress: args.progress,
            report: args.report.clone(),
            metadata_file: args.metadata_file.clone(),
        })
    }
}

/// What is said, here or in the environment; a CI job must say that it may run what is expensive.
fn expensive(
    said: Option<Expensive>,
    environment: &impl Environment,
) -> Result<Expensive, UsageError> {
    if let Some(said) = said {
        return Ok(said);
    }
    match environment("LAYERCAKE_EXPENSIVE").as_deref() {
        None | Some("") => {}
        Some(text) => {
            return Expensive::from_str(text, false).map_err(|_| {
                UsageError::new(format!(
                    "LAYERCAKE_EXPENSIVE is `{text}`; write allow, ask or deny"
                ))
            });
        }
    }
    Ok(match environment("CI").as_deref() {
        None | Some("" | "0" | "false") => Expensive::Allow,
        Some(_) => Expensive::Deny,
    })
}

impl OutputTemplate {
    /// Reads the argument of `--output`.
    pub fn parse(text: &str) -> Result<Self, UsageError> {
        let mut fields = Fields::parse("--output", text, "dest")?;
        let dest = fields.take("dest");
        let kind = match (fields.take("type"), dest.as_deref()) {
            (Some(kind), _) => kind,
            (None, Some("-")) => "tar".to_owned(),
            (None, Some(_)) if !text.contains('=') => "local".to_owned(),
            (None, _) => {
                return Err(
                    fields.error("it has no type; write type=image, oci, docker, tar or local")
                );
            }
        };
        let problem = match (kind.as_str(), dest.as_deref()) {
            ("image" | "registry", Some(_)) => Some("images take no dest; they have tags"),
            ("local", Some("-")) => Some("a folder cannot go to stdout; use type=tar"),
            ("image" | "registry", None) | ("oci" | "docker" | "tar" | "local", Some(_)) => None,
            ("docker", None) => {
                Some("name a file by dest=, or use --load to load the image into Docker")
            }
            ("oci" | "tar" | "local", None) => Some("name where it goes by dest="),
            _ => Some("the type is not known; image, registry, oci, docker, tar and local are"),
        };
        if let Some(problem) = problem {
            return Err(fields.error(problem));
        }
        if fields.take("tar").is_some_and(|tar| tar != "true") {
            return Err(fields.error("images are written as one archive; leave out tar="));
        }
        let mut attributes = fields.rest();
        if kind == "registry" {
            attributes.insert("push".into(), "true".into());
            return Ok(Self {
                kind: "image".into(),
                dest,
                attributes,
            });
        }
        Ok(Self {
            kind,
            dest,
            attributes,
        })
    }
}

impl CacheTemplate {
    /// Reads all arguments of an option.
    pub fn all(
        option: &'static str,
        texts: &[String],
        environment: &impl Environment,
    ) -> Result<Vec<Self>, UsageError> {
        let read = |text: &String| Self::parse(option, text, environment);
        texts.iter().map(read).collect()
    }

    fn parse(
        option: &'static str,
        text: &str,
        environment: &impl Environment,
    ) -> Result<Self, UsageError> {
        let mut fields = Fields::parse(option, text, "ref")?;
        let kind = fields.take("type").unwrap_or_else(|| "registry".to_owned());
        match kind.as_str() {
            "registry" | "inline" | "s3" | "azblob" | "gha" => {}
            "local" => {
                return Err(
                    fields.error("caches in local folders are not supported; use a registry")
                );
            }
            _ => {
                return Err(
                    fields.error("the type is not known; registry, inline, gha, s3 and azblob are")
                );
            }
        }
        let mut attributes = fields.rest();
        if kind == "registry" && !attributes.contains_key("ref") {
            return Err(UsageError::new(format!(
                "{option} {text}: it has no ref; write ref=REGISTRY/NAME:TAG"
            )));
        }
        if kind == "gha" {
            let known = [
                ("token", "ACTIONS_RUNTIME_TOKEN"),
                ("url", "ACTIONS_CACHE_URL"),
                ("url_v2", "ACTIONS_RESULTS_URL"),
            ];
            for (key, variable) in known {
                if let Some(value) = environment(variable) {
                    attributes.entry(key.to_owned()).or_insert(value);
                }
            }
        }
        Ok(Self { kind, attributes })
    }

    /// The cache of one service.
    pub fn fill(&self, service: &str, version: Option<&str>) -> Result<CacheOption, UsageError> {
        let filled = self.attributes.iter().map(|(key, value)| {
            let value = fill(value, service, version)
                .map_err(|error| UsageError::new(error.to_string()))?;
            Ok((key.clone(), value))
        });
        Ok(CacheOption {
            kind: self.kind.clone(),
            attributes: filled.collect::<Result<_, UsageError>>()?,
        })
    }

    /// Whether several services would write to one place.
    pub fn collides(&self) -> bool {
        self.kind != "inline"
            && !self
                .attributes
                .values()
                .any(|value| value.contains("{service}"))
    }
}

fn label(text: &str) -> Result<(String, String), UsageError> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    if name.is_empty() {
        return Err(UsageError::new(format!(
            "--label {text}: it has no name; write NAME=VALUE"
        )));
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn secret(text: &str, environment: &impl Environment) -> Result<(String, Secret), UsageError> {
    let mut fields = Fields::parse("--secret", text, "id")?;
    let kind = fields.take("type");
    let id = fields
        .take("id")
        .ok_or_else(|| fields.error("it has no id; write id=NAME"))?;
    let source = fields.take("src").or_else(|| fields.take("source"));
    let variable = fields.take("env");
    let secret = match (kind.as_deref(), source, variable) {
        (None | Some("file"), Some(path), None) => Secret::File(path.into()),
        (None | Some("env"), None, Some(variable)) | (Some("env"), Some(variable), None) => {
            Secret::Environment(variable)
        }
        (None, None, None) if environment(&id).is_some() => Secret::Environment(id.clone()),
        (None | Some("file"), None, None) => Secret::File(id.clone().into()),
        (Some("env"), None, None) => Secret::Environment(id.clone()),
        (None | Some(_), _, _) => {
            return Err(fields.error("give it either src=FILE or env=VARIABLE"));
        }
    };
    fields.finish("id, src, env and type")?;
    Ok((id, secret))
}

fn agent(text: &str, environment: &impl Environment) -> Result<(String, PathBuf), UsageError> {
    let (id, socket) = text.split_once('=').unwrap_or((text, ""));
    if !socket.is_empty() {
        return Ok((id.to_owned(), socket.into()));
    }
    let socket = environment("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty()).ok_or_else(|| {
        UsageError::new(format!("--ssh {text}: no agent runs, SSH_AUTH_SOCK is not set; start one, or write {id}=SOCKET"))
    })?;
    Ok((id.to_owned(), socket.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        (name == "TOKEN").then(|| "t".to_owned())
    }

    #[track_caller]
    fn check_output(text: &str, kind: &str, dest: Option<&str>) {
        let output = OutputTemplate::parse(text).unwrap();
        assert_eq!(
            (output.kind.as_str(), output.dest.as_deref()),
            (kind, dest),
            "{text}"
        );
    }

    #[test]
    fn outputs_are_read_as_buildx_reads_them() {
        check_output("type=oci,dest=x.tar", "oci", Some("x.tar"));
        check_output("out", "local", Some("out"));
        check_output("-", "tar", Some("-"));
        check_output("type=image,name=a", "image", None);
        let pushed = OutputTemplate::parse("type=registry").unwrap();
        assert_eq!(
            (pushed.kind.as_str(), pushed.attributes["push"].as_str()),
            ("image", "true")
        );
        for (text, says) in [
            ("type=oci", "dest="),
            ("type=docker", "--load"),
            ("type=local,dest=-", "type=tar"),
            ("type=zip,dest=x", "not known"),
            ("type=image,dest=x", "tags"),
            ("dest=x", "no type"),
            ("type=oci,dest=x,tar=false", "one archive"),
        ] {
            let error = OutputTemplate::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn caches_are_filled_for_each_service() {
        let parse = |text| CacheTemplate::parse("--cache-to", text, &environment);
        let cache = parse("type=registry,ref=r/{service}:c,mode=max").unwrap();
        assert!(!cache.collides());
        let filled = cache.fill("web", None).unwrap();
        assert_eq!(
            (filled.kind.as_str(), filled.attributes["ref"].as_str()),
            ("registry", "r/web:c")
        );
        assert_eq!(
            parse("r/x").unwrap().fill("web", None).unwrap().attributes["ref"],
            "r/x"
        );
        assert!(parse("r/x").unwrap().collides());
        assert!(!parse("type=inline").unwrap().collides());
        for (text, says) in [
            ("type=local,dest=x", "not supported"),
            ("type=registry,mode=max", "no ref"),
            ("type=x", "not known"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn secrets_come_from_files_and_the_environment() {
        let read =
            |text| secret(text, &environment).map(|(id, secret)| (id, format!("{secret:?}")));
        let is = |id: &str, secret: &str| Ok((id.to_owned(), secret.to_owned()));
        assert_eq!(read("id=a,src=f"), is("a", "File(f)"));
        assert_eq!(read("id=a,env=V"), is("a", "Environment(V)"));
        assert_eq!(read("id=TOKEN"), is("TOKEN", "Environment(TOKEN)"));
        assert_eq!(read("id=f"), is("f", "File(f)"));
        assert!(read("id=a,src=f,env=V").is_err());
        assert!(read("src=f").is_err());
        assert!(
            read("id=a,x=y")
                .unwrap_err()
                .to_string()
                .contains("`x` is not known")
        );
    }

    #[test]
    fn agents_need_a_socket() {
        assert_eq!(
            agent("work=/run/agent", &environment),
            Ok(("work".into(), "/run/agent".into()))
        );
        assert!(
            agent("default", &environment)
                .unwrap_err()
                .to_string()
                .contains("SSH_AUTH_SOCK")
        );
    }
}
