//! The fake's control API. A solve without a definition ends when its build returns; one with a definition hangs.

use super::{DaemonSession, Fake};
use buildkit_proto::moby::buildkit::v1 as wire;
use futures::StreamExt;
use futures::stream::BoxStream;
use tonic::{Code, Request, Response, Status, Streaming};
use wire::control_server::Control;

type Answer<T> = Result<Response<T>, Status>;
type Answers<T> = BoxStream<'static, Result<T, Status>>;

#[tonic::async_trait]
impl Control for Fake {
    type PruneStream = Answers<wire::UsageRecord>;
    type StatusStream = Answers<wire::StatusResponse>;
    type SessionStream = Answers<wire::BytesMessage>;
    type ListenBuildHistoryStream = Answers<wire::BuildHistoryEvent>;

    async fn info(&self, _: Request<wire::InfoRequest>) -> Answer<wire::InfoResponse> {
        Err(Status::unimplemented("as old as can be"))
    }

    async fn solve(&self, request: Request<wire::SolveRequest>) -> Answer<wire::SolveResponse> {
        if request.into_inner().definition.is_some() {
            return self.hang().await;
        }
        let mut returned = self.0.returned.subscribe();
        let returned = returned
            .wait_for(Option::is_some)
            .await
            .unwrap()
            .clone()
            .unwrap();
        if let Some(error) = returned.error {
            return Err(Status::new(Code::from(error.code), error.message));
        }
        let metadata = returned.result.unwrap_or_default().metadata;
        let exporter_response = metadata
            .into_iter()
            .map(|(key, value)| (key, String::from_utf8(value).unwrap()))
            .collect();
        Ok(Response::new(wire::SolveResponse { exporter_response }))
    }

    async fn status(&self, request: Request<wire::StatusRequest>) -> Answer<Self::StatusStream> {
        let vertex = wire::Vertex {
            digest: request.into_inner().r#ref,
            ..Default::default()
        };
        let update = wire::StatusResponse {
            vertexes: vec![vertex],
            ..Default::default()
        };
        let updates = [Ok(update), Err(Status::unavailable("going down"))];
        Ok(Response::new(futures::stream::iter(updates).boxed()))
    }

    async fn session(
        &self,
        request: Request<Streaming<wire::BytesMessage>>,
    ) -> Answer<Self::SessionStream> {
        let (session, outgoing) = DaemonSession::open(request);
        self.0.attached.send(session).await.unwrap();
        Ok(Response::new(outgoing))
    }

    async fn prune(&self, request: Request<wire::PruneRequest>) -> Answer<Self::PruneStream> {
        let removed = request.into_inner().filter.into_iter().map(|id| {
            Ok(wire::UsageRecord {
                id,
                ..Default::default()
            })
        });
        Ok(Response::new(
            futures::stream::iter(removed.collect::<Vec<_>>()).boxed(),
        ))
    }

    async fn list_workers(
        &self,
        _: Request<wire::ListWorkersRequest>,
    ) -> Answer<wire::ListWorkersResponse> {
        Err(Status::unimplemented("not in the fake"))
    }

    async fn disk_usage(
        &self,
        _: Request<wire::DiskUsageRequest>,
    ) -> Answer<wire::DiskUsageResponse> {
        Err(Status::unimplemented("not in the fake"))
    }

    async fn listen_build_history(
        &self,
        _: Request<wire::BuildHistoryRequest>,
    ) -> Answer<Self::ListenBuildHistoryStream> {
        Err(Status::unimplemented("not in the fake"))
    }

    async fn update_build_history(
        &self,
        _: Request<wire::UpdateBuildHistoryRequest>,
    ) -> Answer<wire::UpdateBuildHistoryResponse> {
        Err(Status::unimplemented("not in the fake"))
    }
}
