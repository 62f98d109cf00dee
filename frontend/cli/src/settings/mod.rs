//! Arguments and environment, merged to what the commands work by. Nothing else reads the environment.

mod build;
mod fields;
mod lock;
mod platform;
mod template;

pub use build::{BuildSettings, CacheTemplate, OutputTemplate};
pub use lock::LockSettings;
pub use platform::{host_platform, parse_platform, to_llb, to_wire};
pub use template::fill;

use std::collections::BTreeMap;
use std::path::PathBuf;

use layercake_planner::facts::Platform;
use layercake_solve::{Address, AddressError, Tls};

use crate::args::{DaemonArgs, ProjectArgs};

/// A command line that cannot be followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

impl UsageError {
    /// An error with its way out.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// The environment.
pub trait Environment: Fn(&str) -> Option<String> {}
impl<F: Fn(&str) -> Option<String>> Environment for F {}

/// What to read, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSettings {
    /// The folder that is built.
    pub context: PathBuf,
    /// The file.
    pub file: PathBuf,
    /// Build arguments.
    pub build_args: BTreeMap<String, String>,
    /// Images in place of bases, by the base's name or its reference.
    pub bases: BTreeMap<String, String>,
    /// The platform, if one was asked for.
    pub platform: Option<Platform>,
}

impl ProjectSettings {
    /// Merges what concerns the project.
    pub fn new(args: ProjectArgs, environment: &impl Environment) -> Result<Self, UsageError> {
        let ProjectArgs {
            context,
            file,
            build_args,
            build_contexts,
            platform,
        } = args;
        let file = file.unwrap_or_else(|| context.join("layercake.yaml"));
        let given = build_args
            .iter()
            .filter_map(|argument| match argument.split_once('=') {
                Some((name, value)) => Some((name.to_owned(), value.to_owned())),
                None => environment(argument).map(|value| (argument.clone(), value)),
            });
        let build_args: BTreeMap<_, _> = given.collect();
        if build_args.contains_key("") {
            return Err(UsageError::new(
                "a build argument has no name; write --build-arg NAME=VALUE",
            ));
        }
        let bases = build_contexts.iter().map(|context| {
            let (name, target) = context.split_once('=').unwrap_or((context, ""));
            stand_in(name, target)
        });
        let bases = bases.collect::<Result<_, _>>()?;
        let platform = platform.as_deref().map(parse_platform).transpose()?;
        Ok(Self {
            context,
            file,
            build_args,
            bases,
            platform,
        })
    }
}

/// An image that stands in for the base `name`; nothing else can.
pub fn stand_in(name: &str, target: &str) -> Result<(String, String), UsageError> {
    match target.strip_prefix("docker-image://") {
        Some(reference) if !name.is_empty() && !reference.is_empty() => {
            Ok((name.to_owned(), reference.to_owned()))
        }
        _ => Err(UsageError::new(format!(
            "the build context `{name}` is `{target}`: only docker-image:// can stand in for a base; files belong \
             into the context"
        ))),
    }
}

/// The daemon's address: the argument, else what is found on this machine.
pub fn address(args: &DaemonArgs, environment: &impl Environment) -> Result<Address, AddressError> {
    let DaemonArgs {
        builder,
        tls_ca,
        tls_cert,
        tls_key,
        tls_server_name,
    } = args;
    let address = match builder.as_deref().filter(|address| !address.is_empty()) {
        Some(address) => Address::parse(address)?,
        None => Address::discover(environment)?,
    };
    let Some(ca) = tls_ca.clone() else {
        return Ok(address);
    };
    address.with_tls(Tls {
        ca,
        identity: tls_cert.clone().zip(tls_key.clone()),
        server_name: tls_server_name.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        (name == "SET").then(|| "from outside".to_owned())
    }

    #[test]
    fn build_arguments_without_a_value_come_from_the_environment() {
        let build_args = ["A=1=2", "SET", "UNSET", "EMPTY="]
            .map(str::to_owned)
            .to_vec();
        let settings = ProjectSettings::new(
            ProjectArgs {
                build_args,
                ..ProjectArgs::default()
            },
            &environment,
        )
        .unwrap();
        let pairs: Vec<_> = settings
            .build_args
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [("A", "1=2"), ("EMPTY", ""), ("SET", "from outside")]
        );
    }

    #[test]
    fn only_images_stand_in_for_bases() {
        let stand_in = |context: &str| {
            let build_contexts = vec![context.to_owned()];
            let args = ProjectArgs {
                build_contexts,
                ..ProjectArgs::default()
            };
            ProjectSettings::new(args, &environment).map(|settings| settings.bases)
        };
        assert_eq!(
            stand_in("python=docker-image://a:1").unwrap()["python"],
            "a:1"
        );
        assert!(stand_in("python=../folder").is_err());
        assert!(stand_in("python").is_err());
    }

    #[test]
    fn the_file_is_in_the_context_unless_it_is_named() {
        let args = |file: Option<&str>| ProjectArgs {
            context: "dir".into(),
            file: file.map(PathBuf::from),
            ..ProjectArgs::default()
        };
        let file = |args| ProjectSettings::new(args, &environment).unwrap().file;
        assert_eq!(file(args(None)), PathBuf::from("dir/layercake.yaml"));
        assert_eq!(file(args(Some("other.yaml"))), PathBuf::from("other.yaml"));
    }

    #[test]
    fn the_argument_goes_before_the_environment() {
        let args = DaemonArgs {
            builder: Some("tcp://h:1".into()),
            ..DaemonArgs::default()
        };
        assert_eq!(
            address(&args, &environment).unwrap().to_string(),
            "tcp://h:1"
        );
        let args = DaemonArgs {
            tls_ca: Some("ca.pem".into()),
            builder: Some("unix:///s".into()),
            ..DaemonArgs::default()
        };
        assert!(address(&args, &environment).is_err());
    }
}
