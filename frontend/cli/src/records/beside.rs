//! Records beside a registry cache: an image without content whose label has them, under the tag of the cache with
//! `-records` after it. A cache tells nobody what it was made of; this does, to whoever imports it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use buildkit_llb::{Annotate as _, Definition, FileOps, Mkfile, normalize_reference};
use futures::future::join_all;
use layercake_lower::bare_config;
use layercake_planner::explain::{LABEL, Labelled, Records};
use layercake_planner::facts::Platform;
use layercake_planner::plan::Plan;
use layercake_solve::{
    CacheOption, Exporter, Failure, GatewayResult, ResolveMode, SolveRequest, Solver, new_id,
};

use crate::daemon::Daemon;
use crate::explain::Earlier;
use crate::images::labelled;
use crate::printer::Printer;
use crate::settings::CacheTemplate;

/// What the tag has after that of the cache.
const SUFFIX: &str = "-records";

/// The attributes of a cache that say how its registry is pushed to, as image exporters know them too.
const PUSHED_ALIKE: [&str; 2] = ["registry.insecure", "oci-mediatypes"];

/// What the only file of the image says. Some registries take no image without a layer.
const README: &str =
    "The label dev.layercake.records has what the stages in the cache were made of.\n";

/// The image with the records beside a cache of this reference; none where it has no tag, or is none.
pub fn beside(cache: &str) -> Option<String> {
    let normal = normalize_reference(cache).ok()?;
    let tagged = normal.split('@').next().unwrap_or_default();
    let has_tag = tagged.rsplit('/').next()?.contains(':');
    has_tag.then(|| format!("{tagged}{SUFFIX}"))
}

fn beside_cache(cache: &CacheOption) -> Option<String> {
    let reference = cache.attributes.get("ref");
    beside(reference.filter(|_| cache.kind == "registry")?)
}

/// What a plan is compared with by the caches that it imports: of each service the records beside the first cache that
/// has some. None where there are none, and what keeps them from being read is told.
pub async fn imported(
    daemon: &Daemon,
    session: &str,
    plan: &Plan,
    imports: &[CacheTemplate],
    printer: &Printer,
) -> anyhow::Result<Option<Earlier>> {
    let mut caches: Vec<(&str, String)> = Vec::new();
    for service in &plan.services {
        for import in imports {
            let cache = import.fill(&service.name, plan.version.as_deref())?;
            caches.extend(beside_cache(&cache).map(|image| (service.name.as_str(), image)));
        }
    }
    if caches.is_empty() {
        return Ok(None);
    }
    let images: BTreeSet<&String> = caches.iter().map(|(_, image)| image).collect();
    let found = daemon
        .ask(session, async |bridge| {
            let asked = images.iter().map(async |image| {
                let found = find(bridge, image, &plan.platform).await;
                let told = found.unwrap_or_else(|error| {
                    printer.note(&format!(
                        "note: nothing is compared with {image}: {error:#}"
                    ));
                    None
                });
                Some((image.as_str(), told?))
            });
            let found = join_all(asked).await;
            Ok(found.into_iter().flatten().collect::<BTreeMap<_, _>>())
        })
        .await?;
    let mut earlier = BTreeMap::new();
    for (service, image) in &caches {
        if let Some(there) = found.get(image.as_str()).filter(|there| there.has(service)) {
            let first = || (image.as_str(), there.of_service(service));
            earlier.entry(*service).or_insert_with(first);
        }
    }
    let against: BTreeSet<&str> = earlier.values().map(|(image, _)| *image).collect();
    let against = against.into_iter().collect::<Vec<_>>().join(", ");
    let records = earlier.into_values().flat_map(|(_, records)| records.0);
    let records = Records(records.collect());
    Ok((!against.is_empty()).then_some(Earlier { against, records }))
}

/// What an image says of services; none if it is not there.
async fn find(
    solver: &impl Solver,
    image: &str,
    platform: &Platform,
) -> anyhow::Result<Option<Labelled>> {
    match labelled(solver, image, platform, ResolveMode::Default).await {
        Ok(there) => Ok(Some(there)),
        Err(error) => match error.downcast_ref() {
            Some(failure) if Failure::is_not_found(failure) => Ok(None),
            _ => Err(error),
        },
    }
}

/// The records of what was built, by the image that they go into.
#[derive(Debug)]
pub struct Beside<'c> {
    image: String,
    cache: &'c CacheOption,
    records: Vec<(&'c str, Records)>,
}

impl<'c> Beside<'c> {
    /// Sorts the records of services by where their caches are exported to.
    pub fn of(
        built: impl IntoIterator<Item = (&'c str, &'c [CacheOption], Records)>,
    ) -> impl Iterator<Item = Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for (service, exports, records) in built {
            for cache in exports {
                let Some(image) = beside_cache(cache) else {
                    continue;
                };
                let new = |image: &String| Self {
                    image: image.clone(),
                    cache,
                    records: Vec::new(),
                };
                let there = all.entry(image).or_insert_with_key(new);
                there.records.push((service, records.clone()));
            }
        }
        all.into_values()
    }

    /// Pushes them, beside those of other services that are there already. The images and caches were made without
    /// them, so what goes wrong is told and fails nothing.
    pub async fn push(self, daemon: &Daemon, session: &str, plan: &Plan, printer: &Printer) {
        let image = self.image.clone();
        match self.try_push(daemon, session, plan).await {
            Ok(left_out) if left_out.is_empty() => {}
            Ok(left_out) => printer.note(&format!(
                "note: {image} has no room for the records of {} any more",
                left_out.join(", ")
            )),
            Err(error) => printer.note(&format!(
                "warning: the build succeeded, but nobody will be told what its cache was made of; {image} cannot be written: {error:#}"
            )),
        }
    }

    async fn try_push(
        self,
        daemon: &Daemon,
        session: &str,
        plan: &Plan,
    ) -> anyhow::Result<Vec<String>> {
        let Self {
            image,
            cache,
            records,
        } = self;
        let there = daemon
            .ask(session, async |bridge| {
                find(bridge, &image, &plan.platform).await
            })
            .await?;
        if there.as_ref().is_some_and(Labelled::is_of_image) {
            bail!("it is an image that was built; give the cache another tag");
        }
        let mut labelled = there.unwrap_or_default();
        for (service, records) in records {
            labelled.put(service, records);
        }
        let (label, left_out) = labelled.label();
        let label = label.context("the records of one service are too many for a label")?;
        let config = bare_config(&plan.platform, &[(LABEL.to_owned(), label)].into());
        let files = FileOps::on(None).mkfile("/README", README, Mkfile::default());
        let files = files.named("[internal] what records are").build()?;
        let mut attributes = cache.attributes.clone();
        attributes.retain(|name, _| PUSHED_ALIKE.contains(&name.as_str()));
        attributes.extend([
            ("name".to_owned(), image),
            ("push".to_owned(), "true".to_owned()),
        ]);
        let request = SolveRequest {
            reference: new_id(),
            session: session.to_owned(),
            exporters: vec![Exporter {
                kind: "image".into(),
                attributes,
            }],
            internal: true, // It is no build of the user's, so it is no entry of the daemon's history.
            ..SolveRequest::default()
        };
        daemon
            .client
            .gateway(&request, async |bridge| {
                let definition = Definition::of(&files).into_pb();
                let solved = bridge.solve(definition, &[], false).await?;
                Ok(GatewayResult::of(solved).with_metadata("containerimage.config", config))
            })
            .await?;
        Ok(left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_has_the_tag_of_the_cache() {
        for (cache, expect) in [
            ("r.io/a/b:cache", Some("r.io/a/b:cache-records")),
            ("localhost:5000/a", Some("localhost:5000/a:latest-records")),
            ("a", Some("docker.io/library/a:latest-records")),
            ("not a reference", None),
        ] {
            assert_eq!(beside(cache).as_deref(), expect, "{cache}");
        }
        let digest = format!("sha256:{}", "0".repeat(64));
        assert_eq!(beside(&format!("localhost:5000/a@{digest}")), None);
        let tagged = beside(&format!("localhost:5000/a:1@{digest}"));
        assert_eq!(tagged.as_deref(), Some("localhost:5000/a:1-records"));
    }

    #[test]
    fn services_of_one_cache_share_an_image() {
        let cache = |reference: &str| CacheOption {
            kind: "registry".into(),
            attributes: [("ref".to_owned(), reference.to_owned())].into(),
        };
        let (own, other) = ([cache("r.io/a")], [cache("r.io/a:latest"), cache("r.io/b")]);
        let inline = [CacheOption {
            kind: "inline".into(),
            ..cache("r.io/c")
        }];
        let all = [
            ("web", &own[..], Records::default()),
            ("api", &other[..], Records::default()),
            ("job", &inline[..], Records::default()),
        ];
        let shown: Vec<_> = Beside::of(all)
            .map(|beside| {
                let services: Vec<_> = beside.records.iter().map(|(name, _)| *name).collect();
                (beside.image, services)
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("r.io/a:latest-records".to_owned(), vec!["web", "api"]),
                ("r.io/b:latest-records".to_owned(), vec!["api"]),
            ]
        );
    }
}
