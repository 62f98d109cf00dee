//! The file, the ignore file and the context, wherever the client has them.

use buildkit_llb::Output;
use layercake_planner::diagnostic::{Diagnostic, Severity};
use layercake_planner::facts::Facts;
use layercake_planner::lock::lock_path;
use layercake_planner::parse::parse;
use layercake_planner::source::Source;
use layercake_solve::events::Warning;
use layercake_solve::{Failure, Solver};

use super::failure::{range, source_info};
use super::git::Remote;
use super::request::{Place, Request};
use super::tree::{GatewayTree, Origin};
use crate::facts::Context;
use crate::facts::ignore_file::IgnoreFile;
use crate::pipeline::{self, Given, Planned, Rejected, Scope};

/// What the client has.
pub struct Opened<'s, S> {
    /// The file.
    pub source: Source,
    /// The lock beside it, if there is one.
    pub lock: Option<Source>,
    /// The files around it.
    pub context: Context<GatewayTree<'s, S>>,
}

/// Reads the file and the ignore file.
pub async fn open<'s, S: Solver>(
    solver: &'s S,
    request: &'s Request,
) -> anyhow::Result<Opened<'s, S>> {
    let place = &request.place;
    let (file_origin, context_origin) = origins(solver, place).await?;
    let tree = |origin, exclude| GatewayTree::new(solver, origin, exclude, &request.cache_imports);
    let [own, common] = IgnoreFile::names(&place.filename);
    let mut beside = tree(file_origin, Vec::new());
    let lock_name = lock_path(&place.filename);
    beside.follow([own.clone(), lock_name.clone()]);
    let mut plain = tree(context_origin.clone().for_one(&common), Vec::new());
    let (file, ignored) = futures::future::try_join(
        async {
            let file = beside.find_text(&place.filename).await?;
            let own = beside.find_text(&own).await?;
            Ok::<_, anyhow::Error>((file, own, beside.find_text(&lock_name).await?))
        },
        plain.find_text(&common),
    )
    .await?;
    let (file, own_ignored, lock) = file;
    let file = file.ok_or_else(|| missing(&place.filename))?;
    let source = text(&place.filename, file)?;
    let lock = lock.map(|lock| text(&lock_name, lock)).transpose()?;
    let ignore = match (own_ignored, ignored) {
        (Some(text), _) => IgnoreFile::parse(&own, &String::from_utf8_lossy(&text))?,
        (None, Some(text)) => IgnoreFile::parse(&common, &String::from_utf8_lossy(&text))?,
        (None, None) => IgnoreFile::default(),
    };
    let context_origin = match &request.target {
        Some(target) => context_origin.for_one(target),
        None => context_origin,
    };
    let tree = tree(context_origin, ignore.lines().to_vec());
    Ok(Opened {
        source,
        lock,
        context: Context { tree, ignore },
    })
}

fn text(name: &str, bytes: Vec<u8>) -> Result<Source, Rejected> {
    Source::from_bytes(name, bytes).map_err(|found| Rejected {
        source: found.source,
        diagnostics: vec![found.diagnostic],
    })
}

fn missing(filename: &str) -> Failure {
    Failure::invalid(format!(
        "the file {filename} is not there; name it by --file"
    ))
}

/// Where the file is, and where the context is.
async fn origins(solver: &impl Solver, place: &Place) -> anyhow::Result<(Origin, Origin)> {
    let file = Origin::Client(place.dockerfile.clone());
    if let Some(url) = &place.remote {
        let made = Origin::Made(
            Remote::parse(url)?.output()?,
            place.subdir.trim_matches('/').to_owned(),
        );
        return Ok((if place.forced { file } else { made.clone() }, made));
    }
    // A client may give the results of other builds in place of its folders.
    let mut inputs = solver.inputs().await?;
    let mut given = |name: &str| -> anyhow::Result<Option<Origin>> {
        let Some(definition) = inputs.remove(name) else {
            return Ok(None);
        };
        Ok(Output::import(&definition)?.map(|output| Origin::Made(output, place.subdir.clone())))
    };
    let context =
        given(&place.context.name)?.unwrap_or_else(|| Origin::Client(place.context.clone()));
    Ok((given(&place.dockerfile.name)?.unwrap_or(file), context))
}

impl<S: Solver> Opened<'_, S> {
    /// What the build is told from outside, the lock with it.
    pub fn given(&self, request: &Request) -> Given {
        Given {
            lock: self.lock.clone(),
            ..request.given.clone()
        }
    }

    /// Plans again with what was learnt, and with the digests of files, which the image `own` of this frontend hashes.
    pub async fn plan_again(
        &mut self,
        request: &Request,
        scope: &Scope,
        facts: Facts,
        own: &str,
    ) -> anyhow::Result<Planned> {
        self.context.tree.hash_files(own).await?;
        let bases = &request.given.bases;
        pipeline::plan_again(&self.source, scope, bases, facts, &mut self.context).await
    }

    /// The names of the services, in the file's order.
    pub fn services(&self) -> Vec<String> {
        parse(&self.source)
            .0
            .services
            .names()
            .map(str::to_owned)
            .collect()
    }

    /// Shows warnings to the user.
    pub async fn warn(&self, solver: &impl Solver, found: &[Diagnostic]) -> Result<(), Failure> {
        let Some(vertex) = self.context.tree.vertex() else {
            return Ok(());
        };
        for warning in found
            .iter()
            .filter(|found| found.severity == Severity::Warning)
        {
            let place = warning
                .primary
                .as_ref()
                .map(|label| range(&self.source, label.span));
            let warning = Warning {
                vertex: vertex.clone(),
                level: 1,
                short: format!("{} [{}]", warning.message, warning.code),
                detail: warning.help.clone(),
                url: String::new(),
                source: Some(source_info(&self.source)),
                ranges: place.into_iter().collect(),
            };
            solver.warn(&warning).await?;
        }
        Ok(())
    }
}
