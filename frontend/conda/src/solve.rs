//! A request to exact packages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use layercake_planner::facts::Platform;
use layercake_planner::lock::{Environment, Package};
use rattler_conda_types::{MatchSpec, ParseStrictness, RepoDataRecord, Subdir};
use rattler_repodata_gateway::{Gateway, RepoData};
use rattler_solve::{ChannelPriority, SolveError, SolverImpl as _, SolverTask, resolvo};
use reqwest_middleware::ClientWithMiddleware;

use crate::channels::channels;
use crate::error::Unsolvable;
use crate::files::{Archives, Clobber};
use crate::record::{package, record};
use crate::virtual_packages::{assumed, generic};
use crate::{Access, CondaError, Request};

/// Solves conda environments; channels are read once, however many environments they serve.
pub struct Conda {
    access: Access,
    client: ClientWithMiddleware,
    gateway: Gateway,
}

/// Which packages may leave the versions that are locked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Update {
    /// None, but for what the request forces.
    #[default]
    Nothing,
    /// These, and what they force.
    Packages(BTreeSet<String>),
    /// All.
    Everything,
}

/// A solved environment.
#[derive(Clone, Debug)]
pub struct Solved {
    /// The packages, by name. Their layers are not chosen.
    pub packages: Vec<Package>,
    /// The files that several of them have; none told again of an environment that was locked before.
    pub clobbers: Vec<Clobber>,
    /// The virtual packages that were assumed, without the underscores.
    pub virtual_packages: BTreeMap<String, String>,
}

impl Conda {
    /// Sets up how channels are asked; asks none yet.
    pub fn new(access: Access) -> Result<Self, CondaError> {
        let client = access.client()?;
        let gateway = access.gateway(&client);
        Ok(Self {
            access,
            client,
            gateway,
        })
    }

    /// The client by which packages are downloaded, with the user's credentials and mirrors.
    pub fn client(&self) -> &ClientWithMiddleware {
        &self.client
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Solves `request` for `platform`. Packages that are `locked` already stay, unless `update` or the request says
    /// otherwise.
    pub async fn solve(
        &self,
        request: &Request,
        platform: &Platform,
        locked: Option<&Environment>,
        update: &Update,
    ) -> Result<Solved, CondaError> {
        let subdir = subdir(platform)?;
        let specs = specs(&request.packages)?;
        let channels = channels(&request.channels, &self.access)?;
        let virtual_packages = assumed(&platform.architecture, &request.virtual_packages);
        let assumptions = generic(&virtual_packages)?;
        let available = self
            .gateway
            .query(channels, [subdir, Subdir::NoArch], specs.clone())
            .recursive(true)
            .await
            .map_err(|error| CondaError::Repodata(chain(&error)))?;
        let preferred = preferred(&available.repodata, locked, update);
        let task = SolverTask {
            specs,
            locked_packages: preferred.iter().map(AsRef::as_ref).collect(),
            virtual_packages: assumptions,
            channel_priority: ChannelPriority::Strict,
            ..SolverTask::from_iter(&available.repodata)
        };
        let solved = resolvo::Solver
            .solve(task)
            .map_err(|error| explained(error, &request.packages))?;
        let (packages, clobbers) = self.described(solved.records, locked).await?;
        Ok(Solved {
            packages,
            clobbers,
            virtual_packages,
        })
    }

    /// The records as the lock has them, and the files that several of them have. An environment that is locked
    /// already is taken from there: an archive never changes.
    pub(crate) async fn described(
        &self,
        records: Vec<RepoDataRecord>,
        locked: Option<&Environment>,
    ) -> Result<(Vec<Package>, Vec<Clobber>), CondaError> {
        let described = records
            .into_iter()
            .map(|record| Ok((package(&record)?, record)));
        let described = described.collect::<Result<Vec<_>, CondaError>>()?;
        let archives = |packages: &[&Package]| -> BTreeSet<(String, String)> {
            let named = packages.iter();
            named
                .map(|one| (one.sha256.clone(), one.url.clone()))
                .collect()
        };
        if let Some(locked) = locked {
            let before: Vec<_> = locked.packages.iter().collect();
            let now: Vec<_> = described.iter().map(|(package, _)| package).collect();
            if archives(&before) == archives(&now) {
                return Ok((locked.packages.clone(), Vec::new()));
            }
        }
        let archives = Archives {
            client: &self.client,
            cache: self.access.cache.join("paths"),
        };
        archives.complete(described).await
    }
}

/// The folder of channels that holds packages for a platform.
pub(crate) fn subdir(platform: &Platform) -> Result<Subdir, CondaError> {
    Ok(
        match (platform.os.as_str(), platform.architecture.as_str()) {
            ("linux", "amd64") => Subdir::Linux64,
            ("linux", "arm64") => Subdir::LinuxAarch64,
            ("linux", "ppc64le") => Subdir::LinuxPpc64le,
            ("linux", "riscv64") => Subdir::LinuxRiscv64,
            ("linux", "s390x") => Subdir::LinuxS390X,
            _ => return Err(CondaError::Platform(platform.to_string())),
        },
    )
}

fn specs(texts: &[String]) -> Result<Vec<MatchSpec>, CondaError> {
    let specs = texts.iter().map(|text| {
        MatchSpec::from_str(text, ParseStrictness::Lenient).map_err(|error| CondaError::Spec {
            spec: text.clone(),
            problem: error.to_string(),
        })
    });
    specs.collect()
}

/// What is locked and is to stay. A channel's own record is taken where it has the package still: it knows more.
fn preferred(
    available: &[RepoData],
    locked: Option<&Environment>,
    update: &Update,
) -> Vec<Arc<RepoDataRecord>> {
    let Some(locked) = locked else {
        return Vec::new();
    };
    let moving = |name: &str| match update {
        Update::Nothing => false,
        Update::Packages(names) => names.contains(name),
        Update::Everything => true,
    };
    let mut kept: BTreeMap<&str, Option<Arc<RepoDataRecord>>> = locked
        .packages
        .iter()
        .filter(|package| !moving(&package.name))
        .map(|package| (package.sha256.as_str(), record(package).map(Arc::new)))
        .collect();
    for record in available.iter().flat_map(RepoData::iter_arc) {
        let digest = record.package_record.sha256.map(hex::encode);
        if let Some(kept) = digest.and_then(|digest| kept.get_mut(digest.as_str())) {
            *kept = Some(record.clone());
        }
    }
    kept.into_values().flatten().collect()
}

fn explained(error: SolveError, asked: &[String]) -> CondaError {
    let explanation = match error {
        SolveError::Unsolvable(reasons) => reasons.join("\n"),
        other => other.to_string(),
    };
    let named = |spec: &&String| {
        let end = spec.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'));
        let name = spec[..end.unwrap_or(spec.len())].to_lowercase();
        let mut words =
            explanation.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'));
        words.any(|word| word == name)
    };
    let specs = asked.iter().filter(named).cloned().collect();
    CondaError::Unsolvable(Unsolvable { explanation, specs })
}

/// An error with its causes, which carry what matters.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        if !text.contains(&next_text) {
            text = format!("{text}: {next_text}");
        }
        cause = next.source();
    }
    text
}
