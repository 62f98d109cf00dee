//! What a replay is about, from its arguments.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context as _;
use layercake_planner::source::Source;
use layercake_replay::Cache;
use layercake_solve::{Report, StageState};

use crate::args::{CachedBuilds, ReplayArgs};
use crate::pipeline::{Given, Rejected};
use crate::settings::{Environment, ProjectSettings, UsageError, host_platform};

/// What a replay is about.
#[derive(Debug)]
pub struct ReplaySettings {
    /// The folder that is built, in the checkout.
    pub context: std::path::PathBuf,
    /// The file that stands for that of every commit, if one was named.
    pub file: Option<Source>,
    /// What builds are told from outside.
    pub given: Given,
    /// The services; all if none is named.
    pub services: Vec<String>,
    /// The commit to begin with.
    pub since: Option<String>,
    /// The commit to end with.
    pub until: String,
    /// The most commits.
    pub limit: usize,
    /// The Dockerfiles that were named, by service.
    pub dockerfiles: BTreeMap<String, DockerfileSettings>,
    /// What runs cost.
    pub costs: Costs,
    /// What a build finds of earlier ones.
    pub cache: Cache,
}

/// A Dockerfile and its build arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DockerfileSettings {
    /// Where it is in the context.
    pub path: String,
    /// Its build arguments.
    pub arguments: BTreeMap<String, String>,
}

/// What runs cost, in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Costs {
    stages: BTreeMap<String, f64>,
    steps: Vec<(String, f64)>,
}

impl ReplaySettings {
    /// Reads the arguments, and the files that they name.
    pub fn new(args: ReplayArgs, environment: &impl Environment) -> anyhow::Result<Self> {
        let named = args.project.file.is_some();
        let project = ProjectSettings::new(args.project, environment)?;
        let given = Given {
            platform: project.platform.unwrap_or_else(host_platform),
            build_args: project.build_args,
            bases: project.bases,
            lock: None, // That of each commit.
        };
        let file = if named {
            Some(source(&project.file)?)
        } else {
            None
        };
        let mut costs = match &args.costs_from {
            Some(path) => Costs::of_report(path)?,
            None => Costs::default(),
        };
        for cost in &args.costs {
            let (stage, seconds) = seconds("cost", "STAGE", cost)?;
            costs.stages.insert(stage, seconds);
        }
        for cost in &args.step_costs {
            costs.steps.push(seconds("step-cost", "TEXT", cost)?);
        }
        let dockerfiles = args
            .dockerfiles
            .iter()
            .map(|text| dockerfile(text, &given.build_args));
        Ok(Self {
            context: project.context,
            file,
            services: args.services,
            since: args.since,
            until: args.until,
            limit: args.limit.unwrap_or(usize::MAX),
            dockerfiles: dockerfiles.collect::<Result<_, _>>()?,
            given,
            costs,
            cache: match args.cached {
                CachedBuilds::All => Cache::All,
                CachedBuilds::Last => Cache::Last,
            },
        })
    }
}

impl Costs {
    /// Reads the seconds of the stages that ran from what `layercake build --report` wrote.
    pub fn of_report(path: &std::path::Path) -> anyhow::Result<Self> {
        let name = || format!("{} is no report of a build", path.display());
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let report: Report = serde_json::from_str(&text).with_context(name)?;
        let ran = report
            .stages
            .into_iter()
            .filter(|stage| stage.state == StageState::Ran);
        Ok(Self {
            stages: ran.map(|stage| (stage.id, stage.seconds)).collect(),
            steps: Vec::new(),
        })
    }

    /// The seconds that a run of a stage takes, if they are known. A stage of the file stands for all its instances.
    pub fn of_stage(&self, id: &str) -> Option<f64> {
        let own = self.stages.get(id);
        own.or_else(|| self.stages.get(id.split('@').next()?))
            .copied()
    }

    /// The seconds that a step of a Dockerfile takes, if they are known.
    pub fn of_step(&self, text: &str) -> Option<f64> {
        self.steps
            .iter()
            .find(|(part, _)| text.contains(part))
            .map(|(_, seconds)| *seconds)
    }

    /// Whether anything is known.
    pub fn is_empty(&self) -> bool {
        self.stages.is_empty() && self.steps.is_empty()
    }
}

fn source(path: &std::path::Path) -> anyhow::Result<Source> {
    let bytes = fs::read(path)
        .map_err(|error| UsageError::new(format!("cannot read {}: {error}", path.display())))?;
    let source = Source::from_bytes(path.to_string_lossy(), bytes).map_err(|found| Rejected {
        source: found.source,
        diagnostics: vec![found.diagnostic],
    })?;
    Ok(source)
}

fn seconds(option: &str, what: &str, text: &str) -> Result<(String, f64), UsageError> {
    let read = |(name, seconds): (&str, &str)| {
        let seconds: f64 = seconds.parse().ok().filter(|seconds| *seconds >= 0.0)?;
        (!name.is_empty() && seconds.is_finite()).then(|| (name.to_owned(), seconds))
    };
    text.rsplit_once('=').and_then(read).ok_or_else(|| {
        UsageError::new(format!(
            "`--{option} {text}` says no seconds; write --{option} {what}=SECONDS"
        ))
    })
}

fn dockerfile(
    text: &str,
    build_args: &BTreeMap<String, String>,
) -> Result<(String, DockerfileSettings), UsageError> {
    let wrong = || {
        UsageError::new(format!(
            "`--dockerfile {text}` names no Dockerfile; write --dockerfile SERVICE=PATH[,NAME=VALUE...]"
        ))
    };
    let (service, rest) = text.split_once('=').ok_or_else(wrong)?;
    let mut parts = rest.split(',');
    let path = parts.next().unwrap_or_default().trim_start_matches("./");
    if service.is_empty() || path.is_empty() {
        return Err(wrong());
    }
    let mut arguments = build_args.clone();
    for part in parts {
        let (name, value) = part.split_once('=').ok_or_else(wrong)?;
        arguments.insert(name.to_owned(), value.to_owned());
    }
    Ok((
        service.to_owned(),
        DockerfileSettings {
            path: path.to_owned(),
            arguments,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_numbers_of_seconds() {
        assert_eq!(
            seconds("cost", "STAGE", "a=b=1.5").unwrap(),
            ("a=b".to_owned(), 1.5)
        );
        for wrong in ["a", "a=", "=1", "a=-1", "a=inf", "a=NaN", "a=b"] {
            assert!(seconds("cost", "STAGE", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_stage_of_the_file_stands_for_its_instances() {
        let costs = Costs {
            stages: [("a".to_owned(), 1.0), ("a@x".to_owned(), 2.0)].into(),
            steps: vec![("apt-get".to_owned(), 3.0)],
        };
        assert_eq!(costs.of_stage("a@y"), Some(1.0));
        assert_eq!(costs.of_stage("a@x"), Some(2.0));
        assert_eq!(costs.of_stage("b"), None);
        assert_eq!(costs.of_step("RUN apt-get update"), Some(3.0));
    }

    #[test]
    fn dockerfiles_have_arguments() {
        let (service, found) =
            dockerfile("web=./a/Dockerfile,X=1", &[("Y".into(), "2".into())].into()).unwrap();
        assert_eq!(
            (service.as_str(), found.path.as_str()),
            ("web", "a/Dockerfile")
        );
        assert_eq!(found.arguments.len(), 2);
        for wrong in ["web", "web=", "=a", "web=a,b"] {
            assert!(dockerfile(wrong, &BTreeMap::new()).is_err(), "{wrong}");
        }
    }
}
