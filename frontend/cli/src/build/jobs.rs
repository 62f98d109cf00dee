//! From lowered images to jobs: where each image goes, where cache comes from and goes to.

use layercake_lower::{Lowered, LoweredImage};
use layercake_planner::plan::Plan;
use layercake_solve::{Attached, CacheOption, Destination, SolveRequest, new_id};

use super::Build;
use super::job::Job;
use super::lend::lend_outputs;
use super::outputs::{Named, exports};
use crate::cache::attributes;
use crate::settings::{CacheTemplate, UsageError};

/// Places on this side, by the index of the exporter that writes to them.
type Places = Vec<(usize, Destination)>;

impl Build<'_> {
    /// The jobs, and the sessions that hold their outputs. Timestamps of images are clamped to `epoch`.
    pub(super) async fn jobs(
        &self,
        lowered: Lowered,
        plan: &Plan,
        session: &Attached,
        epoch: Option<String>,
    ) -> anyhow::Result<(Vec<Job>, Vec<Attached>)> {
        let (mut jobs, mut sessions) = (Vec::new(), Vec::new());
        let of = lowered.images.len();
        for image in lowered.images {
            let (mut request, places) = self.request(&image, plan, of)?;
            session.id().clone_into(&mut request.session);
            if let Some(epoch) = &epoch {
                for exporter in &mut request.exporters {
                    let attribute = exporter.attributes.entry("source-date-epoch".to_owned());
                    attribute.or_insert_with(|| epoch.clone());
                }
            }
            if !places.is_empty() {
                let own = lend_outputs(self.settings, places);
                let own = self.daemon.client.attach(own).await?;
                own.id().clone_into(&mut request.session);
                sessions.push(own);
            }
            jobs.push(Job { image, request });
        }
        Ok((jobs, sessions))
    }

    fn request(
        &self,
        image: &LoweredImage,
        plan: &Plan,
        of: usize,
    ) -> Result<(SolveRequest, Places), UsageError> {
        let version = plan.version.as_deref();
        let named = Named {
            service: &image.name,
            version,
            tags: &image.tags,
            of,
        };
        let (mut exporters, mut places) = (Vec::new(), Vec::new());
        for (exporter, place) in exports(self.settings, &self.daemon.address, named)? {
            places.extend(place.map(|place| (exporters.len(), place)));
            exporters.push(exporter);
        }
        let request = SolveRequest {
            reference: new_id(),
            frontend_attributes: attributes(&image.name),
            exporters,
            cache_imports: filled(&self.settings.cache_from, named)?,
            cache_exports: self.caches_to(named)?,
            ..SolveRequest::default()
        };
        Ok((request, places))
    }

    fn caches_to(&self, named: Named<'_>) -> Result<Vec<CacheOption>, UsageError> {
        if named.of > 1 && self.settings.cache_to.iter().any(CacheTemplate::collides) {
            return Err(UsageError::new(format!(
                "--cache-to: {} services would overwrite each other's cache; put {{service}} in its ref",
                named.of
            )));
        }
        filled(&self.settings.cache_to, named)
    }
}

fn filled(caches: &[CacheTemplate], named: Named<'_>) -> Result<Vec<CacheOption>, UsageError> {
    caches
        .iter()
        .map(|cache| cache.fill(named.service, named.version))
        .collect()
}
