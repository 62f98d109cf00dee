//! The gateway against a fake daemon: what comes back, what fails, what is cancelled.

use crate::fake::{Connection, Fake};
use buildkit_proto::pb;
use layercake_solve::{
    Bridge, CacheOption, Client, Failure, GatewayResult, ImageRequest, ResolveMode, SolveRequest,
    Solver,
};
use tonic::Code;

fn definition(first: &str) -> pb::Definition {
    pb::Definition {
        def: vec![first.as_bytes().to_vec()],
        ..Default::default()
    }
}

fn frontend(fake: &Fake) -> (Bridge, Connection) {
    let (stream, connection) = fake.connect();
    (Bridge::over(stream), connection)
}

fn client(fake: &Fake) -> (Client, Connection) {
    let (stream, connection) = fake.connect();
    (Client::over(stream), connection)
}

fn build() -> SolveRequest {
    SolveRequest {
        reference: "build-1".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_frontend_asks_solves_and_returns() {
    let fake = Fake::new();
    let (bridge, _connection) = frontend(&fake);
    assert!(bridge.ping().await.unwrap().has_llb("mergeop"));
    let request = ImageRequest {
        reference: "docker.io/library/python:3".to_owned(),
        mode: ResolveMode::Pull,
        log_name: "[internal] python".to_owned(),
        ..Default::default()
    };
    let image = bridge.resolve_image(&request).await.unwrap();
    assert_eq!(
        (image.digest.as_str(), image.reference.as_str()),
        ("sha256:bb", "docker.io/library/python:3")
    );
    assert_eq!(image.config, b"[internal] python@pull");
    let cache = CacheOption {
        kind: "registry".to_owned(),
        ..Default::default()
    };
    let solved = bridge
        .solve(definition("fine"), &[cache], false)
        .await
        .unwrap();
    assert_eq!(solved.id, "with-cache");
    bridge
        .finish(Ok(GatewayResult::of(solved).with_metadata("key", "value")))
        .await
        .unwrap();
    let returned = fake.returned().unwrap().result.unwrap();
    assert_eq!(returned.metadata["key"], b"value");
    assert!(fake.build_ids().is_empty());
}

#[tokio::test]
async fn files_may_be_larger_than_grpc_expects() {
    let fake = Fake::new();
    let (bridge, _connection) = frontend(&fake);
    let solved = bridge.solve(definition("fine"), &[], false).await.unwrap();
    assert_eq!(
        bridge
            .read_file(&solved, "/large", None)
            .await
            .unwrap()
            .len(),
        10 << 20
    );
    assert_eq!(
        bridge
            .read_file(&solved, "/large", Some(5..9))
            .await
            .unwrap()
            .len(),
        4
    );
    assert_eq!(
        bridge.read_dir(&solved, "/", Some("*.yaml")).await.unwrap()[0].path,
        "*.yaml"
    );
}

#[tokio::test]
async fn a_failure_points_at_the_source() {
    let fake = Fake::new();
    let (bridge, _connection) = frontend(&fake);
    let failure = bridge
        .solve(definition("fail"), &[], true)
        .await
        .unwrap_err();
    assert_eq!(
        (failure.message(), failure.vertex().as_deref()),
        ("exit code: 1", Some("sha256:aa"))
    );
    let sources = failure.sources();
    assert_eq!(sources[0].filename, "layercake.yaml");
    assert_eq!(sources[0].ranges[0].start.as_ref().unwrap().line, 7);
    let missing = ImageRequest {
        reference: "missing".to_owned(),
        ..Default::default()
    };
    assert_eq!(
        bridge.resolve_image(&missing).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_failure_is_passed_on_with_all_its_details() {
    let fake = Fake::new();
    let (bridge, _connection) = frontend(&fake);
    let failure = bridge
        .solve(definition("fail"), &[], true)
        .await
        .unwrap_err();
    bridge.finish(Err(failure)).await.unwrap();
    let error = fake.returned().unwrap().error.unwrap();
    let types: Vec<_> = error
        .details
        .iter()
        .map(|any| any.type_url.rsplit('.').next().unwrap())
        .collect();
    assert_eq!(
        (error.message.as_str(), types),
        ("exit code: 1", vec!["Vertex+json", "Source+json"])
    );
}

#[tokio::test]
async fn dropping_a_solve_cancels_it() {
    let fake = Fake::new();
    let (bridge, _connection) = frontend(&fake);
    let solving = tokio::spawn(async move { bridge.solve(definition("hang"), &[], true).await });
    fake.wait_until_begun().await;
    solving.abort();
    fake.wait_until_cancelled().await;
}

#[tokio::test]
async fn a_lost_connection_says_so() {
    let fake = Fake::new();
    let (bridge, connection) = frontend(&fake);
    let solving = tokio::spawn(async move { bridge.solve(definition("hang"), &[], true).await });
    fake.wait_until_begun().await;
    drop(connection);
    let failure = solving.await.unwrap().unwrap_err();
    assert!(failure.is_disconnect(), "{failure:?}");
    assert!(
        failure.message().contains("lost the connection"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_client_drives_its_own_build() {
    let fake = Fake::new();
    let (client, _connection) = client(&fake);
    let response = client
        .gateway(&build(), |bridge| async move {
            bridge.ping().await?;
            let solved = bridge.solve(definition("fine"), &[], false).await?;
            Ok(GatewayResult::of(solved).with_metadata("frontend.plan", "p"))
        })
        .await
        .unwrap();
    assert_eq!(response.values["frontend.plan"], "p");
    assert_eq!(fake.build_ids(), ["build-1"]);
}

#[tokio::test]
async fn a_build_that_fails_says_why_itself() {
    let fake = Fake::new();
    let (client, _connection) = client(&fake);
    let failing = |bridge: Bridge| async move {
        bridge.solve(definition("fail"), &[], true).await?;
        Err(Failure::invalid("not reached"))
    };
    let failure = client.gateway(&build(), failing).await.unwrap_err();
    assert_eq!(
        (failure.message(), failure.sources().len()),
        ("exit code: 1", 1)
    );
    assert_eq!(
        fake.returned().unwrap().error.unwrap().message,
        "exit code: 1"
    );
}

#[tokio::test]
async fn dropping_a_build_cancels_it() {
    let fake = Fake::new();
    let (client, _connection) = client(&fake);
    let building = tokio::spawn(async move {
        let hanging = |bridge: Bridge| async move {
            let solved = bridge.solve(definition("hang"), &[], true).await?;
            Ok(GatewayResult::of(solved))
        };
        client.gateway(&build(), hanging).await
    });
    fake.wait_until_begun().await;
    building.abort();
    fake.wait_until_cancelled().await;
    assert!(fake.returned().is_none());
}
