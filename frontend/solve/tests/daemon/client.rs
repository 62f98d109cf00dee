//! The control client and its session against a fake daemon.

use crate::fake::{Connection, DaemonSession, Fake};
use buildkit_proto::fsutil::types::Packet;
use buildkit_proto::fsutil::types::packet::PacketType;
use buildkit_proto::health::HealthCheckRequest;
use buildkit_proto::health::health_client::HealthClient;
use buildkit_proto::moby::buildkit::secrets::v1::GetSecretRequest;
use buildkit_proto::moby::buildkit::secrets::v1::secrets_client::SecretsClient;
use buildkit_proto::moby::filesync::packet::file_send_client::FileSendClient as TreeClient;
use buildkit_proto::moby::filesync::packet::file_sync_client::FileSyncClient;
use buildkit_proto::moby::filesync::v1::BytesMessage;
use buildkit_proto::moby::filesync::v1::file_send_client::FileSendClient as ArchiveClient;
use buildkit_proto::pb;
use futures::StreamExt;
use layercake_solve::{
    Attached, Client, DaemonInfo, Destination, Event, PruneOptions, Secret, Session, SessionError,
    SolveRequest,
};
use std::path::Path;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request};

fn client(fake: &Fake) -> (Client, Connection) {
    let (stream, connection) = fake.connect();
    (Client::over(stream), connection)
}

/// Attaches a session, and gives the daemon's side of it.
async fn attach(session: Session) -> (Attached, DaemonSession, Connection) {
    let fake = Fake::new();
    let (client, connection) = client(&fake);
    let (attached, daemon) = tokio::join!(client.attach(session), fake.next_session());
    (attached.unwrap(), daemon, connection)
}

#[tokio::test]
async fn an_old_daemon_has_no_version() {
    let fake = Fake::new();
    let (client, _connection) = client(&fake);
    assert_eq!(client.info().await.unwrap(), DaemonInfo::default());
}

#[tokio::test]
async fn events_come_until_the_stream_breaks() {
    let fake = Fake::new();
    let (client, _connection) = client(&fake);
    let events: Vec<_> = client.events("build-1").await.unwrap().collect().await;
    let [Ok(first), Err(failure)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert!(matches!(first.as_slice(), [Event::Vertex(vertex)] if vertex.digest == "build-1"));
    assert_eq!(failure.message(), "going down");
}

#[tokio::test]
async fn dropping_a_solve_cancels_it() {
    let fake = Fake::new();
    let (client, _connection) = client(&fake);
    let definition = Some(pb::Definition::default());
    let request = SolveRequest {
        definition,
        ..Default::default()
    };
    let solving = tokio::spawn(async move { client.solve(&request).await });
    fake.wait_until_begun().await;
    solving.abort();
    fake.wait_until_cancelled().await;
}

#[tokio::test]
async fn pruning_tells_what_went() {
    let fake = Fake::new();
    let (client, _connection) = client(&fake);
    let options = PruneOptions {
        filters: vec!["a".to_owned(), "b".to_owned()],
        ..Default::default()
    };
    let removed = client.prune(&options).await.unwrap();
    assert_eq!(
        removed
            .iter()
            .map(|record| record.id.as_str())
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
}

#[tokio::test]
async fn a_session_says_what_it_serves_and_is_healthy() {
    let session = Session::new("key").secret("token", Secret::Value(b"x".to_vec()));
    let (attached, daemon, _connection) = attach(session).await;
    assert_eq!(
        daemon.headers.get("x-docker-expose-session-uuid").unwrap(),
        attached.id()
    );
    assert_eq!(
        daemon
            .headers
            .get("x-docker-expose-session-sharedkey")
            .unwrap(),
        "key"
    );
    let methods = daemon.methods();
    assert!(methods.contains(&"/moby.buildkit.secrets.v1.Secrets/GetSecret".to_owned()));
    assert!(!methods.contains(&"/moby.filesync.v1.FileSync/DiffCopy".to_owned()));
    let health = HealthClient::new(daemon.channel.clone())
        .check(HealthCheckRequest::default())
        .await
        .unwrap();
    assert_eq!(health.into_inner().status, 1);
    let mut secrets = SecretsClient::new(daemon.channel.clone());
    let secret = |id: &str| GetSecretRequest {
        id: id.to_owned(),
        ..Default::default()
    };
    assert_eq!(
        secrets
            .get_secret(secret("token"))
            .await
            .unwrap()
            .into_inner()
            .data,
        b"x"
    );
    assert_eq!(
        secrets
            .get_secret(secret("other"))
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_dropped_session_is_gone_and_a_broken_one_is_noticed() {
    let (attached, daemon, _connection) = attach(Session::new("key")).await;
    drop(attached);
    assert!(
        HealthClient::new(daemon.channel)
            .check(HealthCheckRequest::default())
            .await
            .is_err()
    );
    let (mut attached, _daemon, connection) = attach(Session::new("key")).await;
    drop(connection);
    attached.ended().await;
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_an_error_before_the_build() {
    let fake = Fake::new();
    let (client, _connection) = client(&fake);
    let outcome = client
        .attach(Session::new("key").directory("context", "/not/here"))
        .await;
    assert!(matches!(outcome, Err(SessionError::Directory { name, .. }) if name == "context"));
}

/// Plays the daemon's part of a transfer: lists all, asks for every regular file, and ends it.
async fn receive(
    daemon: &DaemonSession,
    headers: &[(&'static str, &str)],
) -> Result<Vec<(String, Vec<u8>)>, String> {
    let (requests, to_send) = mpsc::channel(64);
    let mut request = Request::new(ReceiverStream::new(to_send));
    for (key, value) in headers {
        request.metadata_mut().append(*key, value.parse().unwrap());
    }
    let response = FileSyncClient::new(daemon.channel.clone())
        .diff_copy(request)
        .await;
    let mut packets = response
        .map_err(|status| status.message().to_owned())?
        .into_inner();
    let (mut files, mut missing, mut listed): (Vec<(String, Vec<u8>)>, usize, bool) =
        (Vec::new(), 0, false);
    let ask = |kind: PacketType, id| {
        requests.send(Packet {
            r#type: kind.into(),
            id,
            ..Default::default()
        })
    };
    while let Some(packet) = packets
        .message()
        .await
        .map_err(|status| status.message().to_owned())?
    {
        match (packet.r#type(), packet.stat) {
            (PacketType::PacketStat, Some(stat)) => {
                if stat.mode >> 19 == 0 {
                    ask(PacketType::PacketReq, u32::try_from(files.len()).unwrap())
                        .await
                        .unwrap();
                    missing += 1;
                }
                files.push((stat.path, Vec::new()));
            }
            (PacketType::PacketStat, None) => listed = true,
            (PacketType::PacketData, _) if packet.data.is_empty() => missing -= 1,
            (PacketType::PacketData, _) => files[packet.id as usize].1.extend(packet.data),
            (PacketType::PacketFin, _) => return Ok(files),
            (kind, _) => {
                return Err(format!(
                    "{kind:?}: {}",
                    String::from_utf8_lossy(&packet.data)
                ));
            }
        }
        if listed && missing == 0 {
            ask(PacketType::PacketFin, 0).await.unwrap();
        }
    }
    Err("the transfer ended early".to_owned())
}

fn tree() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("src")).unwrap();
    std::fs::write(root.path().join("src/main.py"), "print()").unwrap();
    std::fs::write(root.path().join("src/café.txt"), vec![1; 100_000]).unwrap();
    std::fs::write(root.path().join("notes.md"), "").unwrap();
    root
}

#[tokio::test]
async fn a_directory_is_sent_as_the_daemon_wants_it() {
    let root = tree();
    let (_attached, daemon, _connection) =
        attach(Session::new("key").directory("context", root.path())).await;
    let all = receive(&daemon, &[("dir-name", "context")]).await.unwrap();
    let paths: Vec<_> = all
        .iter()
        .map(|(path, data)| (path.as_str(), data.len()))
        .collect();
    assert_eq!(
        paths,
        [
            ("notes.md", 0),
            ("src", 0),
            ("src/café.txt", 100_000),
            ("src/main.py", 7)
        ]
    );
    let some = [
        ("dir-name", "context"),
        ("followpaths", "src%2Fcaf%C3%A9.txt"),
        ("followpaths", "src%2Fmain.py"),
        ("followpaths-encoded", "1"),
        ("exclude-patterns", "**/*.py"),
    ];
    let some = receive(&daemon, &some).await.unwrap();
    assert_eq!(
        some.iter()
            .map(|(path, _)| path.as_str())
            .collect::<Vec<_>>(),
        ["src", "src/café.txt"]
    );
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_a_reason() {
    let root = tree();
    let (_attached, daemon, _connection) =
        attach(Session::new("key").directory("context", root.path())).await;
    let error = receive(&daemon, &[("dir-name", "other")])
        .await
        .unwrap_err();
    assert!(error.contains("`other`"), "{error}");
    let error = receive(
        &daemon,
        &[("dir-name", "context"), ("include-patterns", "[a")],
    )
    .await
    .unwrap_err();
    assert!(error.contains("`[a`"), "{error}");
}

async fn send_archive(daemon: &DaemonSession, exporter: &str, chunks: &[&str]) -> Result<(), Code> {
    let messages: Vec<_> = chunks
        .iter()
        .map(|chunk| BytesMessage {
            data: chunk.as_bytes().to_vec(),
        })
        .collect();
    let mut request = Request::new(futures::stream::iter(messages));
    request
        .metadata_mut()
        .insert("buildkit-attachable-exporter-id", exporter.parse().unwrap());
    let response = ArchiveClient::new(daemon.channel.clone())
        .diff_copy(request)
        .await;
    let end = response
        .map_err(|status| status.code())?
        .into_inner()
        .message()
        .await;
    end.map(drop).map_err(|status| status.code())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn an_archive_appears_when_it_is_complete() {
    let root = tempfile::tempdir().unwrap();
    let archive = Destination::File(root.path().join("image.tar"));
    let (_attached, daemon, _connection) = attach(Session::new("key").output(1, archive)).await;
    assert_eq!(send_archive(&daemon, "0", &[]).await, Err(Code::NotFound));
    assert_eq!(
        send_archive(&daemon, "1", &["first ", "second"]).await,
        Ok(())
    );
    assert_eq!(names(root.path()), ["image.tar"]);
    assert_eq!(
        std::fs::read(root.path().join("image.tar")).unwrap(),
        b"first second"
    );
    assert_eq!(send_archive(&daemon, "1", &[]).await, Err(Code::NotFound));
}

#[tokio::test]
async fn a_tree_comes_through_the_same_method() {
    let root = tempfile::tempdir().unwrap();
    let tree = Destination::Directory(root.path().join("new"));
    let (_attached, daemon, _connection) = attach(Session::new("key").output(0, tree)).await;
    let packet = |kind: PacketType, data: &[u8]| Packet {
        r#type: kind.into(),
        data: data.to_vec(),
        ..Default::default()
    };
    let stat = buildkit_proto::fsutil::types::Stat {
        path: "file".to_owned(),
        mode: 0o644,
        ..Default::default()
    };
    let (packets, to_send) = mpsc::channel(8);
    let request = Request::new(ReceiverStream::new(to_send));
    let mut answers = TreeClient::new(daemon.channel.clone())
        .diff_copy(request)
        .await
        .unwrap()
        .into_inner();
    packets
        .send(Packet {
            stat: Some(stat),
            ..packet(PacketType::PacketStat, b"")
        })
        .await
        .unwrap();
    packets
        .send(packet(PacketType::PacketStat, b""))
        .await
        .unwrap();
    assert_eq!(
        answers.message().await.unwrap().unwrap().r#type(),
        PacketType::PacketReq
    );
    packets
        .send(packet(PacketType::PacketData, b"hello"))
        .await
        .unwrap();
    packets
        .send(packet(PacketType::PacketData, b""))
        .await
        .unwrap();
    assert_eq!(
        answers.message().await.unwrap().unwrap().r#type(),
        PacketType::PacketFin
    );
    packets
        .send(packet(PacketType::PacketFin, b""))
        .await
        .unwrap();
    assert!(answers.message().await.unwrap().is_none());
    assert_eq!(
        std::fs::read(root.path().join("new/file")).unwrap(),
        b"hello"
    );
}
