//! The fake's gateway. A definition's first bytes say what is to happen: `fail`, `hang` or anything else.

use super::Fake;
use buildkit_proto::fsutil::types::Stat;
use buildkit_proto::google::protobuf::Any;
use buildkit_proto::google::rpc;
use buildkit_proto::moby::buildkit::v1::apicaps::ApiCap;
use buildkit_proto::moby::buildkit::v1::frontend as wire;
use futures::stream::BoxStream;
use prost::Message;
use tonic::{Code, Request, Response, Status, Streaming};
use wire::llb_bridge_server::LlbBridge;

type Answer<T> = Result<Response<T>, Status>;

/// What buildkitd says when a command fails.
fn failed() -> Status {
    let any = |name: &str, json: &str| Any {
        type_url: format!("github.com/moby/buildkit/errdefs.{name}+json"),
        value: json.as_bytes().to_vec(),
    };
    let source = r#"{"info":{"filename":"layercake.yaml","data":"YQ=="},"ranges":[{"start":{"line":7},"end":{"line":7}}]}"#;
    let details = rpc::Status {
        code: 2,
        message: "exit code: 1".to_owned(),
        details: vec![
            any("Vertex", r#"{"digest":"sha256:aa"}"#),
            any("Source", source),
        ],
    };
    Status::with_details(
        Code::Unknown,
        "exit code: 1",
        details.encode_to_vec().into(),
    )
}

#[tonic::async_trait]
impl LlbBridge for Fake {
    type ExecProcessStream = BoxStream<'static, Result<wire::ExecMessage, Status>>;

    async fn ping(&self, request: Request<wire::PingRequest>) -> Answer<wire::PongResponse> {
        if let Some(id) = request.metadata().get("buildkit-controlapi-buildid") {
            self.0
                .build_ids
                .lock()
                .unwrap()
                .push(id.to_str().unwrap().to_owned());
        }
        let mergeop = ApiCap {
            id: "mergeop".to_owned(),
            enabled: true,
            ..Default::default()
        };
        Ok(Response::new(wire::PongResponse {
            llb_caps: vec![mergeop],
            ..Default::default()
        }))
    }

    async fn resolve_image_config(
        &self,
        request: Request<wire::ResolveImageConfigRequest>,
    ) -> Answer<wire::ResolveImageConfigResponse> {
        let request = request.into_inner();
        if request.r#ref.contains("missing") {
            return Err(Status::not_found(format!("{}: not found", request.r#ref)));
        }
        let config = format!("{}@{}", request.log_name, request.resolve_mode).into_bytes();
        let digest = "sha256:bb".to_owned();
        Ok(Response::new(wire::ResolveImageConfigResponse {
            digest,
            config,
            r#ref: String::new(),
        }))
    }

    async fn solve(&self, request: Request<wire::SolveRequest>) -> Answer<wire::SolveResponse> {
        let request = request.into_inner();
        assert!(request.allow_result_return && request.allow_result_array_ref);
        let first = request
            .definition
            .and_then(|definition| definition.def.into_iter().next())
            .unwrap_or_default();
        match first.as_slice() {
            b"fail" => return Err(failed()),
            b"hang" => self.hang().await,
            _ => {}
        }
        let id = request
            .cache_imports
            .first()
            .map_or("plain", |_| "with-cache")
            .to_owned();
        let solved = wire::result::Result::Ref(wire::Ref { id, def: None });
        let result = wire::Result {
            result: Some(solved),
            ..Default::default()
        };
        Ok(Response::new(wire::SolveResponse {
            result: Some(result),
            ..Default::default()
        }))
    }

    async fn read_file(
        &self,
        request: Request<wire::ReadFileRequest>,
    ) -> Answer<wire::ReadFileResponse> {
        let request = request.into_inner();
        let data = match (request.file_path.as_str(), request.range) {
            ("/large", None) => vec![7; 10 << 20],
            ("/large", Some(range)) => vec![7; usize::try_from(range.length).unwrap()],
            (path, _) => {
                return Err(Status::not_found(format!(
                    "open {path}: no such file or directory"
                )));
            }
        };
        Ok(Response::new(wire::ReadFileResponse { data }))
    }

    async fn read_dir(
        &self,
        request: Request<wire::ReadDirRequest>,
    ) -> Answer<wire::ReadDirResponse> {
        let path = request.into_inner().include_pattern;
        Ok(Response::new(wire::ReadDirResponse {
            entries: vec![Stat {
                path,
                ..Default::default()
            }],
        }))
    }

    async fn r#return(
        &self,
        request: Request<wire::ReturnRequest>,
    ) -> Answer<wire::ReturnResponse> {
        self.0.returned.send_replace(Some(request.into_inner()));
        Ok(Response::new(wire::ReturnResponse {}))
    }

    async fn evaluate(&self, _: Request<wire::EvaluateRequest>) -> Answer<wire::EvaluateResponse> {
        Err(failed())
    }

    async fn warn(&self, _: Request<wire::WarnRequest>) -> Answer<wire::WarnResponse> {
        Ok(Response::new(wire::WarnResponse {}))
    }

    async fn inputs(&self, _: Request<wire::InputsRequest>) -> Answer<wire::InputsResponse> {
        Ok(Response::new(wire::InputsResponse::default()))
    }

    async fn resolve_source_meta(
        &self,
        _: Request<wire::ResolveSourceMetaRequest>,
    ) -> Answer<wire::ResolveSourceMetaResponse> {
        Err(Status::unimplemented("not in the fake"))
    }

    async fn stat_file(&self, _: Request<wire::StatFileRequest>) -> Answer<wire::StatFileResponse> {
        Err(Status::unimplemented("not in the fake"))
    }

    async fn new_container(
        &self,
        _: Request<wire::NewContainerRequest>,
    ) -> Answer<wire::NewContainerResponse> {
        Err(Status::unimplemented("not in the fake"))
    }

    async fn release_container(
        &self,
        _: Request<wire::ReleaseContainerRequest>,
    ) -> Answer<wire::ReleaseContainerResponse> {
        Err(Status::unimplemented("not in the fake"))
    }

    async fn exec_process(
        &self,
        _: Request<Streaming<wire::ExecMessage>>,
    ) -> Answer<Self::ExecProcessStream> {
        Err(Status::unimplemented("not in the fake"))
    }

    async fn read_file_container(
        &self,
        _: Request<wire::ReadFileRequest>,
    ) -> Answer<wire::ReadFileResponse> {
        Err(Status::unimplemented("not in the fake"))
    }

    async fn read_dir_container(
        &self,
        _: Request<wire::ReadDirRequest>,
    ) -> Answer<wire::ReadDirResponse> {
        Err(Status::unimplemented("not in the fake"))
    }

    async fn stat_file_container(
        &self,
        _: Request<wire::StatFileRequest>,
    ) -> Answer<wire::StatFileResponse> {
        Err(Status::unimplemented("not in the fake"))
    }
}
