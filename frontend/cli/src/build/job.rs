//! One image on its way through the daemon.

use std::future::Future;
use std::time::Duration;

use futures::StreamExt;
use layercake_lower::LoweredImage;
use layercake_planner::plan::StageId;
use layercake_solve::events::Event;
use layercake_solve::{
    Client, Failure, GatewayResult, SolveRequest, SolveResponse, Solver, Timeline,
};
use tokio::time::timeout;

use crate::damage::Damage;
use crate::mismatch::Mismatch;

/// How long events may still come after a build has ended.
const LAST_EVENTS: Duration = Duration::from_secs(5);

/// An image to build.
#[derive(Debug)]
pub struct Job {
    /// What is built: a service, or a stage as an image of its own.
    pub image: LoweredImage,
    /// Where its image goes and where cache comes from.
    pub request: SolveRequest,
}

/// What became of a job.
#[derive(Debug)]
pub struct Outcome {
    /// The image's name.
    pub name: String,
    /// The stages that it is made of.
    pub stages: Vec<StageId>,
    /// All that was reported.
    pub timeline: Timeline,
    /// What was reported of the same job before the daemon was mended and it ran again.
    pub earlier: Vec<Timeline>,
    /// What the exporters said, or why the build failed; none if it was given up because of another.
    pub result: Option<Result<SolveResponse, Failure>>,
    /// The download that it failed on, if that was not what its checksum says.
    pub mismatch: Option<Mismatch>,
}

impl Outcome {
    /// Whether the image was built and is where it was to go.
    pub fn is_done(&self) -> bool {
        matches!(self.result, Some(Ok(_)))
    }

    /// Keeps what was reported of the same job before it ran again.
    pub fn follow(&mut self, before: Self) {
        self.earlier = before.earlier;
        self.earlier.push(before.timeline);
    }

    /// The damage of the daemon that it failed on, if that is why.
    pub fn damage(&self) -> Option<Damage> {
        Damage::of(self.result.as_ref()?.as_ref().err()?)
    }
}

impl Job {
    /// Builds and exports the image, and hands its events on as they come. `give_up` ends it early.
    ///
    /// The build is driven through the gateway and not sent as a definition, because a result that is returned may
    /// bear its image's configuration for every exporter, as a frontend's does; a definition's can only be smuggled
    /// in among the attributes of the exporters that happen to pass them through.
    pub async fn run(
        &self,
        client: &Client,
        show: impl Fn(&[Event]),
        give_up: impl Future<Output = ()>,
    ) -> Outcome {
        let mut timeline = Timeline::default();
        let mut result = None;
        {
            let solve = self.solve(client);
            let follow = follow(client, &self.request.reference, |events| {
                for event in events {
                    timeline.apply(event);
                }
                show(events);
            });
            tokio::pin!(solve, follow, give_up);
            let mut following = true;
            while result.is_none() {
                tokio::select! {
                    solved = &mut solve => result = Some(solved),
                    () = &mut follow, if following => following = false,
                    () = &mut give_up => break,
                }
            }
            if following && result.is_some() {
                let _ = timeout(LAST_EVENTS, follow).await; // Events that come later than this tell nothing new.
            }
        }
        let failure = result.as_ref().and_then(|result| result.as_ref().err());
        Outcome {
            name: self.image.name.clone(),
            stages: self.image.stages.clone(),
            timeline,
            earlier: Vec::new(),
            mismatch: failure.and_then(|failure| Mismatch::of(failure, self.image.definition.pb())),
            result,
        }
    }

    async fn solve(&self, client: &Client) -> Result<SolveResponse, Failure> {
        let Self { image, request } = self;
        client
            .gateway(request, async |bridge| {
                let definition = image.definition.pb().clone();
                let solved = bridge
                    .solve(definition, &request.cache_imports, false)
                    .await?;
                let mut result = GatewayResult::of(solved)
                    .with_metadata("containerimage.config", image.config.clone());
                for (name, value) in &image.annotations {
                    result = result.with_metadata(format!("annotation.{name}"), value.as_bytes());
                }
                Ok(match &image.base_config {
                    Some(base) => result.with_metadata("containerimage.base.config", base.clone()),
                    None => result,
                })
            })
            .await
    }
}

/// Hands events on until the build ends. A stream that breaks tells less than the solve that it belongs to.
async fn follow(client: &Client, reference: &str, mut show: impl FnMut(&[Event])) {
    let Ok(events) = client.events(reference).await else {
        return;
    };
    tokio::pin!(events);
    while let Some(Ok(some)) = events.next().await {
        show(&some);
    }
}
