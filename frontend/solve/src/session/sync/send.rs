//! The sender's side of fsutil's protocol.
//!
//! Every file is announced with a STAT, numbered in order; an empty STAT ends the list. Meanwhile the daemon asks for
//! contents by number and gets them as DATA, an empty one at the end. Its FIN is answered with ours. A file that
//! changes while it is sent ends the transfer with an error: half of the old and half of the new is worth nothing.

use super::filter::Filter;
use super::walk::{self, WalkError, go_mode};
use buildkit_proto::fsutil::types::packet::PacketType;
use buildkit_proto::fsutil::types::{Packet, Stat};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc as sync_mpsc};
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

const CHUNK: usize = 32 << 10;
const READERS: usize = 4;
const QUEUED_PACKETS: usize = 128;

type Packets = mpsc::Sender<Result<Packet, Status>>;
type Announced = Arc<Mutex<HashMap<u32, Stat>>>;

/// Starts a transfer; what comes out is what goes to the daemon.
pub(super) fn send(
    root: PathBuf,
    filter: Filter,
    asked: Streaming<Packet>,
) -> mpsc::Receiver<Result<Packet, Status>> {
    let (packets, outgoing) = mpsc::channel(QUEUED_PACKETS);
    let announced = Announced::default();
    let (jobs, queue) = sync_mpsc::channel();
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..READERS {
        let (root, queue, packets) = (root.clone(), queue.clone(), packets.clone());
        tokio::task::spawn_blocking(move || serve(&root, &queue, &packets));
    }
    let (list, sink) = (announced.clone(), packets.clone());
    tokio::task::spawn_blocking(move || announce(&root, &filter, &list, &sink));
    tokio::spawn(listen(asked, announced, jobs, packets));
    outgoing
}

fn packet(kind: PacketType) -> Packet {
    Packet {
        r#type: kind.into(),
        ..Packet::default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells both the protocol and gRPC what went wrong; the daemon shows whichever it sees first.
fn fail(packets: &Packets, error: &str) {
    let told = packets.blocking_send(Ok(Packet {
        data: error.as_bytes().to_vec(),
        ..packet(PacketType::PacketErr)
    }));
    if told.is_ok() {
        // If the daemon has gone, nobody is left to tell.
        let _ = packets.blocking_send(Err(Status::failed_precondition(error)));
    }
}

fn announce(root: &Path, filter: &Filter, announced: &Announced, packets: &Packets) {
    let mut number = 0;
    let outcome = walk::walk(root, filter, &mut |stat| {
        if stat.mode & go_mode::TYPE == 0 {
            lock(announced).insert(number, stat.clone());
        }
        number += 1;
        packets
            .blocking_send(Ok(Packet {
                stat: Some(stat),
                ..packet(PacketType::PacketStat)
            }))
            .is_ok()
    });
    match outcome {
        // If the daemon has gone, nobody is left to tell.
        Ok(()) => drop(packets.blocking_send(Ok(packet(PacketType::PacketStat)))),
        Err(WalkError::Unheard) => {}
        Err(error) => fail(packets, &error.to_string()),
    }
}

/// Reads what the daemon asks for, until it has all it wants.
async fn listen(
    mut asked: Streaming<Packet>,
    announced: Announced,
    jobs: sync_mpsc::Sender<(u32, Stat)>,
    packets: Packets,
) {
    while let Ok(Some(request)) = asked.message().await {
        let answer = match request.r#type() {
            PacketType::PacketReq => {
                let stat = lock(&announced).remove(&request.id);
                if stat.is_some_and(|stat| jobs.send((request.id, stat)).is_ok()) {
                    continue;
                }
                Err(Status::invalid_argument(format!(
                    "no file has the number {}",
                    request.id
                )))
            }
            PacketType::PacketFin => Ok(packet(PacketType::PacketFin)),
            PacketType::PacketErr => Err(Status::aborted(format!(
                "the daemon gave up: {}",
                String::from_utf8_lossy(&request.data)
            ))),
            PacketType::PacketStat | PacketType::PacketData => Err(Status::invalid_argument(
                "the daemon sent files instead of asking for them",
            )),
        };
        // The last packet, whichever it is; if the daemon has gone, nobody is left to tell.
        let _ = packets.send(answer).await;
        return;
    }
}

fn serve(root: &Path, queue: &Mutex<sync_mpsc::Receiver<(u32, Stat)>>, packets: &Packets) {
    loop {
        let job = lock(queue).recv();
        let Ok((number, stat)) = job else { return };
        match contents(&root.join(&stat.path), number, &stat, packets) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                return fail(
                    packets,
                    &format!(
                        "`{}` {error}; build again when nothing changes it",
                        stat.path
                    ),
                );
            }
        }
    }
}

/// Sends a file, and says whether the daemon is still there.
fn contents(path: &Path, number: u32, stat: &Stat, packets: &Packets) -> Result<bool, io::Error> {
    let unreadable =
        |error: io::Error| io::Error::other(format!("can't be read any more: {error}"));
    let mut file = File::open(path).map_err(unreadable)?;
    let mut sent = 0;
    loop {
        let mut data = vec![0; CHUNK];
        let count = file.read(&mut data).map_err(unreadable)?;
        data.truncate(count);
        sent += count as u64;
        if count == 0 {
            let now = file.metadata().map_err(unreadable)?;
            if u64::try_from(stat.size) != Ok(sent) || walk::modified(&now) != stat.mod_time {
                return Err(io::Error::other("changed while it was sent"));
            }
        }
        let chunk = Packet {
            id: number,
            data,
            ..packet(PacketType::PacketData)
        };
        if packets.blocking_send(Ok(chunk)).is_err() || count == 0 {
            return Ok(!packets.is_closed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Packet, PacketType, contents};
    use crate::session::sync::filter::Filter;
    use crate::session::sync::walk;
    use buildkit_proto::fsutil::types::Stat;
    use std::path::Path;
    use tokio::sync::mpsc;

    fn stat(root: &Path) -> Stat {
        let mut found = Vec::new();
        walk::walk(root, &Filter::default(), &mut |stat| {
            found.push(stat);
            true
        })
        .expect("a walk");
        found.remove(0)
    }

    fn send(root: &Path, stat: &Stat) -> Result<Vec<Packet>, String> {
        let (packets, mut outgoing) = mpsc::channel(64);
        contents(&root.join(&stat.path), 7, stat, &packets).map_err(|error| error.to_string())?;
        drop(packets);
        Ok(std::iter::from_fn(|| outgoing.try_recv().ok())
            .map(|packet| packet.expect("data"))
            .collect())
    }

    #[test]
    fn contents_come_in_chunks_with_an_empty_one_at_the_end() {
        let root = tempfile::tempdir().expect("a directory");
        std::fs::write(root.path().join("file"), vec![1; CHUNK + 5]).expect("a file");
        let packets = send(root.path(), &stat(root.path())).expect("contents");
        let sizes: Vec<_> = packets.iter().map(|packet| packet.data.len()).collect();
        assert_eq!(sizes, [CHUNK, 5, 0]);
        assert!(
            packets
                .iter()
                .all(|packet| packet.id == 7 && packet.r#type() == PacketType::PacketData)
        );
    }

    #[test]
    fn a_file_that_changes_or_vanishes_is_an_error() {
        let root = tempfile::tempdir().expect("a directory");
        let file = root.path().join("file");
        std::fs::write(&file, "before").expect("a file");
        let before = stat(root.path());
        std::fs::write(&file, "afterwards").expect("a file");
        assert_eq!(
            send(root.path(), &before).expect_err("a change"),
            "changed while it was sent"
        );
        std::fs::remove_file(&file).expect("a file to remove");
        assert!(
            send(root.path(), &before)
                .expect_err("no file")
                .contains("can't be read any more")
        );
    }
}
