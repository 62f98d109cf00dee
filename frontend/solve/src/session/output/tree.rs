//! A directory tree: the receiver's side of fsutil's protocol.
//!
//! Files are announced in order, parents first, and asked for by their number as they come. Nothing is written outside
//! the directory: a path that climbs out, or whose parent wasn't announced as a directory, is refused.

use crate::session::sync::go_mode;
use buildkit_proto::fsutil::types::packet::PacketType;
use buildkit_proto::fsutil::types::{Packet, Stat};
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use prost::Message;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{self, File, FileTimes, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// How many files are asked for, and open, at a time.
const OPEN_FILES: usize = 32;

/// Receives a tree into a directory, which is made if it isn't there.
pub(super) fn receive(
    mut received: Streaming<Bytes>,
    root: PathBuf,
) -> BoxStream<'static, Result<Bytes, Status>> {
    let (answers, outgoing) = mpsc::channel(OPEN_FILES * 2);
    let (packets, mut incoming) = mpsc::channel::<Packet>(64);
    let failures = answers.clone();
    tokio::spawn(async move {
        while let Some(message) = received.message().await.transpose() {
            let packet = message.and_then(|bytes| {
                Packet::decode(bytes).map_err(|error| Status::invalid_argument(error.to_string()))
            });
            let heard = match packet {
                Ok(packet) => packets.send(packet).await.is_ok(),
                Err(_) => false,
            };
            if !heard {
                break;
            }
        }
    });
    tokio::task::spawn_blocking(move || {
        let outcome = Tree::open(root).and_then(|mut tree| {
            while let Some(packet) = incoming.blocking_recv() {
                if packet.r#type() == PacketType::PacketFin {
                    return Ok(());
                }
                for answer in tree.handle(packet)? {
                    if answers
                        .blocking_send(Ok(answer.encode_to_vec().into()))
                        .is_err()
                    {
                        return Ok(());
                    }
                }
            }
            Ok(())
        });
        if let Err(error) = outcome {
            // If the daemon has gone, nobody is left to tell.
            let _ = failures.blocking_send(Err(Status::failed_precondition(error.to_string())));
        }
    });
    ReceiverStream::new(outgoing).boxed()
}

/// Why a tree can't be received.
#[derive(Debug, thiserror::Error)]
enum TreeError {
    #[error("`{path}` can't be written: {cause}")]
    Unwritable { path: String, cause: io::Error },
    #[error("the daemon sent the path `{0}`, which leads out of the directory")]
    Outside(String),
    #[error(
        "`{0}` is a device or a pipe, which can't be exported to a directory; export a tar instead"
    )]
    Special(String),
    #[error("the daemon broke the protocol: {0}")]
    Protocol(&'static str),
    #[error("the daemon gave up: {0}")]
    Sender(String),
}

struct Tree {
    root: PathBuf,
    /// The number of the next file.
    next: u32,
    directories: HashSet<String>,
    /// What permissions and times directories get in the end, when nothing is written into them any more.
    finish: Vec<Stat>,
    waiting: VecDeque<(u32, Stat)>,
    open: HashMap<u32, (File, Stat)>,
    listed: bool,
}

impl Tree {
    fn open(root: PathBuf) -> Result<Self, TreeError> {
        fs::create_dir_all(&root).map_err(|cause| TreeError::Unwritable {
            path: root.display().to_string(),
            cause,
        })?;
        Ok(Self {
            root,
            next: 0,
            directories: HashSet::from([String::new()]),
            finish: Vec::new(),
            waiting: VecDeque::new(),
            open: HashMap::new(),
            listed: false,
        })
    }

    /// Takes a packet and says what to answer.
    fn handle(&mut self, packet: Packet) -> Result<Vec<Packet>, TreeError> {
        match (packet.r#type(), packet.stat) {
            (PacketType::PacketStat, Some(stat)) => {
                let number = self.next;
                self.next += 1;
                self.place(number, stat)?;
            }
            (PacketType::PacketStat, None) => self.listed = true,
            (PacketType::PacketData, _) => self.data(packet.id, &packet.data)?,
            (PacketType::PacketErr, _) => {
                return Err(TreeError::Sender(
                    String::from_utf8_lossy(&packet.data).into_owned(),
                ));
            }
            (PacketType::PacketReq | PacketType::PacketFin, _) => {
                return Err(TreeError::Protocol(
                    "it asked for a file that it was to send",
                ));
            }
        }
        let mut answers = self.ask()?;
        if self.listed && self.open.is_empty() && self.waiting.is_empty() {
            self.finish()?;
            answers.push(packet_of(PacketType::PacketFin));
        }
        Ok(answers)
    }

    /// Makes what has no contents, and queues what has.
    fn place(&mut self, number: u32, stat: Stat) -> Result<(), TreeError> {
        let path = self.checked(&stat.path)?;
        let unwritable = |cause| TreeError::Unwritable {
            path: stat.path.clone(),
            cause,
        };
        let kind = stat.mode & go_mode::TYPE;
        make_room(&path, kind == go_mode::DIRECTORY).map_err(unwritable)?;
        match kind {
            go_mode::DIRECTORY => {
                make_directory(&path).map_err(unwritable)?;
                self.directories.insert(stat.path.clone());
                self.finish.push(stat);
            }
            go_mode::LINK => symlink(&stat.linkname, &path).map_err(unwritable)?,
            0 if !stat.linkname.is_empty() => {
                let first = self.checked(&stat.linkname)?;
                fs::hard_link(first, &path).map_err(unwritable)?;
            }
            0 => {
                // Now, so that a hard link finds it; its contents come later.
                File::create_new(&path).map_err(unwritable)?;
                self.waiting.push_back((number, stat));
            }
            _ => return Err(TreeError::Special(stat.path)),
        }
        Ok(())
    }

    fn checked(&self, path: &str) -> Result<PathBuf, TreeError> {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !plain || !self.directories.contains(parent) {
            return Err(TreeError::Outside(path.to_owned()));
        }
        Ok(self.root.join(path))
    }

    /// Opens waiting files and asks for them, as many as may be open.
    fn ask(&mut self) -> Result<Vec<Packet>, TreeError> {
        let mut requests = Vec::new();
        while self.open.len() < OPEN_FILES {
            let Some((number, stat)) = self.waiting.pop_front() else {
                break;
            };
            let file = File::options()
                .write(true)
                .open(self.root.join(&stat.path))
                .map_err(|cause| TreeError::Unwritable {
                    path: stat.path.clone(),
                    cause,
                })?;
            self.open.insert(number, (file, stat));
            requests.push(Packet {
                id: number,
                ..packet_of(PacketType::PacketReq)
            });
        }
        Ok(requests)
    }

    fn data(&mut self, number: u32, data: &[u8]) -> Result<(), TreeError> {
        let (file, stat) = self
            .open
            .get_mut(&number)
            .ok_or(TreeError::Protocol("it sent what wasn't asked for"))?;
        let outcome = if data.is_empty() {
            settle(file, stat)
        } else {
            file.write_all(data)
        };
        outcome.map_err(|cause| TreeError::Unwritable {
            path: stat.path.clone(),
            cause,
        })?;
        if data.is_empty() {
            self.open.remove(&number);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), TreeError> {
        for stat in std::mem::take(&mut self.finish).into_iter().rev() {
            let settled = File::open(self.root.join(&stat.path))
                .and_then(|directory| settle(&directory, &stat));
            settled.map_err(|cause| TreeError::Unwritable {
                path: stat.path,
                cause,
            })?;
        }
        Ok(())
    }
}

fn packet_of(kind: PacketType) -> Packet {
    Packet {
        r#type: kind.into(),
        ..Packet::default()
    }
}

/// Removes what is in the way; a directory stays for a directory.
fn make_room(path: &Path, for_directory: bool) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() && for_directory => Ok(()),
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        // Until the end it has to be writable, whatever it will be then.
        _ => fs::set_permissions(path, Permissions::from_mode(0o700)),
    }
}

/// Sets permissions and times.
fn settle(file: &File, stat: &Stat) -> io::Result<()> {
    let nanoseconds = Duration::from_nanos(stat.mod_time.unsigned_abs());
    let time: SystemTime = if stat.mod_time < 0 {
        UNIX_EPOCH - nanoseconds
    } else {
        UNIX_EPOCH + nanoseconds
    };
    file.set_times(FileTimes::new().set_modified(time).set_accessed(time))?;
    let flag = |go: u32, bit: u32| if stat.mode & go == 0 { 0 } else { bit };
    let mode = (stat.mode & 0o777)
        | flag(go_mode::SETUID, 0o4000)
        | flag(go_mode::SETGID, 0o2000)
        | flag(go_mode::STICKY, 0o1000);
    file.set_permissions(Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::{Packet, PacketType, Stat, Tree, TreeError, go_mode, packet_of};
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::path::Path;

    fn stat(path: &str, mode: u32, linkname: &str) -> Packet {
        let stat = Stat {
            path: path.to_owned(),
            mode,
            linkname: linkname.to_owned(),
            mod_time: 1_000_000_000,
            ..Stat::default()
        };
        Packet {
            stat: Some(stat),
            ..packet_of(PacketType::PacketStat)
        }
    }

    fn data(id: u32, data: &[u8]) -> Packet {
        Packet {
            id,
            data: data.to_vec(),
            ..packet_of(PacketType::PacketData)
        }
    }

    fn receive(root: &Path, packets: Vec<Packet>) -> Result<Vec<(PacketType, u32)>, TreeError> {
        let mut tree = Tree::open(root.to_owned())?;
        let mut answers = Vec::new();
        for packet in packets {
            answers.extend(
                tree.handle(packet)?
                    .into_iter()
                    .map(|answer| (answer.r#type(), answer.id)),
            );
        }
        Ok(answers)
    }

    #[test]
    fn a_tree_is_written_with_its_modes_and_times() {
        let root = tempfile::tempdir().expect("a directory");
        let packets = vec![
            stat("dir", go_mode::DIRECTORY | 0o555, ""),
            stat("dir/file", 0o640, ""),
            stat("dir/hard", 0o640, "dir/file"),
            stat("link", go_mode::LINK | 0o777, "dir/file"),
            packet_of(PacketType::PacketStat),
            data(1, b"he"),
            data(1, b"llo"),
            data(1, b""),
        ];
        let answers = receive(root.path(), packets).expect("a tree");
        assert_eq!(
            answers,
            [(PacketType::PacketReq, 1), (PacketType::PacketFin, 0)]
        );
        assert_eq!(
            std::fs::read(root.path().join("link")).expect("contents"),
            b"hello"
        );
        let file = std::fs::metadata(root.path().join("dir/hard")).expect("a file");
        assert_eq!(
            (file.mode() & 0o7777, file.mtime(), file.nlink()),
            (0o640, 1, 2)
        );
        let directory = std::fs::metadata(root.path().join("dir")).expect("a directory");
        assert_eq!((directory.mode() & 0o7777, directory.mtime()), (0o555, 1));
    }

    #[test]
    fn nothing_is_written_outside() {
        for path in ["../x", "/x", "a/../../x", "", "a//b", "missing/x"] {
            let root = tempfile::tempdir().expect("a directory");
            let outcome = receive(root.path(), vec![stat(path, 0o644, "")]);
            assert!(
                matches!(outcome, Err(TreeError::Outside(_))),
                "{path:?}: {outcome:?}"
            );
        }
        let root = tempfile::tempdir().expect("a directory");
        let through = vec![
            stat("link", go_mode::LINK, "/tmp"),
            stat("link/x", 0o644, ""),
        ];
        assert!(matches!(
            receive(root.path(), through),
            Err(TreeError::Outside(_))
        ));
    }

    #[test]
    fn what_is_in_the_way_is_replaced_and_links_are_not_followed() {
        let root = tempfile::tempdir().expect("a directory");
        let elsewhere = tempfile::tempdir().expect("another directory");
        symlink(elsewhere.path(), root.path().join("dir")).expect("a link");
        std::fs::write(root.path().join("stays"), "").expect("a file");
        let packets = vec![
            stat("dir", go_mode::DIRECTORY | 0o755, ""),
            stat("dir/file", 0o644, ""),
            packet_of(PacketType::PacketStat),
            data(1, b""),
        ];
        receive(root.path(), packets).expect("a tree");
        assert!(root.path().join("dir/file").is_file());
        assert!(root.path().join("stays").is_file());
        assert_eq!(
            std::fs::read_dir(elsewhere.path())
                .expect("a directory")
                .count(),
            0
        );
    }

    #[test]
    fn devices_and_broken_protocol_are_refused() {
        let root = tempfile::tempdir().expect("a directory");
        let device = vec![stat("null", go_mode::DEVICE | go_mode::CHARACTER, "")];
        assert!(matches!(
            receive(root.path(), device),
            Err(TreeError::Special(_))
        ));
        assert!(matches!(
            receive(root.path(), vec![data(3, b"x")]),
            Err(TreeError::Protocol(_))
        ));
        let error = Packet {
            data: b"disk full".to_vec(),
            ..packet_of(PacketType::PacketErr)
        };
        assert!(
            matches!(receive(root.path(), vec![error]), Err(TreeError::Sender(text)) if text == "disk full")
        );
    }
}
