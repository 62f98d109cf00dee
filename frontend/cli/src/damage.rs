//! What a full disk or a kill leaves in a daemon's store of snapshots, and how to be rid of it.
//!
//! BuildKit (seen with v0.32.2) keeps snapshots in folders and in two databases, and writes one after the other. Where
//! the second write fails, a record stands for a snapshot that is not there, and every build that takes it fails until
//! the daemon is started again, which looks, or the record is removed. Where it is killed in between, a folder is left
//! that the next snapshot stumbles on once: BuildKit removes it as it fails.

use std::time::Duration;

use layercake_solve::{CacheRecord, Client, Failure, PruneOptions};
use tokio::time::sleep;

/// How often a record is asked to go: builds that were given up may hold it for a moment more.
const TRIES: u32 = 10;

/// The time between.
const PAUSE: Duration = Duration::from_millis(300);

/// Damage that a build has met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The snapshot of a record is not there. These are its ids, where BuildKit tells them.
    Record(Vec<String>),
    /// This was left over.
    Folder(String),
}

impl Damage {
    /// The damage that a build failed on, if that is why.
    pub fn of(failure: &Failure) -> Option<Self> {
        let told = failure.message();
        if let Some((_, renamed)) = told.split_once("failed to rename: ") {
            let (left, _) = renamed.split_once(": file exists")?;
            let (_, folder) = left.rsplit_once(' ')?;
            return Some(Self::Folder(folder.to_owned()));
        }
        if !told.contains("snapshot") || !told.contains("does not exist") {
            return None;
        }
        let ids = between(told, "failed to commit ", " during finalize");
        let ids = ids.and_then(|ids| ids.split_once(" to "));
        Some(Self::Record(ids.map_or_else(Vec::new, |(from, to)| {
            vec![from.to_owned(), to.to_owned()]
        })))
    }

    /// Takes it away, so that the same build may go on. Gives what was said of what is gone, or nothing if it is still
    /// there.
    pub async fn mend(&self, client: &Client) -> Option<String> {
        match self {
            Self::Folder(_) => Some(
                "an earlier kill had left a folder in BuildKit's store, which is gone now"
                    .to_owned(),
            ),
            Self::Record(ids) => {
                let gone = remove(client, ids).await?;
                let of = Some(gone.description).filter(|name| !name.is_empty());
                let of = of.unwrap_or(gone.id);
                Some(format!(
                    "BuildKit had lost the snapshot of `{of}`, as on a disk that was full; its record is removed"
                ))
            }
        }
    }

    /// What to do about it where nothing of it could be taken away.
    pub fn way_out(&self) -> String {
        let restart = "start the daemon again, which drops what it has lost";
        match self {
            Self::Folder(_) => "BuildKit has removed what was in the way; build again".to_owned(),
            Self::Record(ids) => match ids.first() {
                Some(id) => format!(
                    "BuildKit has lost a snapshot, as on a disk that was full; remove its record by `docker buildx prune --all --filter id={id}`, or {restart}"
                ),
                None => {
                    format!("BuildKit has lost a snapshot, as on a disk that was full; {restart}")
                }
            },
        }
    }
}

/// Removes the first of these records that the daemon lets go of.
async fn remove(client: &Client, ids: &[String]) -> Option<CacheRecord> {
    let options = PruneOptions {
        all: true,
        ..PruneOptions::records(ids.iter().map(String::as_str))?
    };
    for _ in 0..TRIES {
        // A daemon that cannot, on a disk that is still full, leaves the failure as it was.
        let gone = client.prune(&options).await.ok()?;
        if let Some(record) = gone.into_iter().next() {
            return Some(record);
        }
        sleep(PAUSE).await;
    }
    None
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn damage(message: &str) -> Option<Damage> {
        Damage::of(&Failure::invalid(message))
    }

    #[test]
    fn what_buildkit_says_of_damage_is_read() {
        let ids = |ids: &[&str]| {
            Some(Damage::Record(
                ids.iter().map(|&id| id.to_owned()).collect(),
            ))
        };
        for (message, expected) in [
            (
                "failed to finalize upper parent during diff: failed to commit j5j5 to s9xf during finalize: failed to stat active key during commit: snapshot does not exist: not found",
                ids(&["j5j5", "s9xf"]),
            ),
            (
                "failed to commit j5j5 to s9xf during finalize: snapshot j5j5 does not exist: not found",
                ids(&["j5j5", "s9xf"]),
            ),
            (
                "failed to get active mount: snapshot does not exist: not found",
                ids(&[]),
            ),
            (
                "failed to prepare  as p3xd: failed to rename: rename /root/snapshots/new-21 /root/snapshots/35: file exists",
                Some(Damage::Folder("/root/snapshots/35".to_owned())),
            ),
            (
                "failed to commit j5j5 to s9xf during finalize: write /root/containerdmeta.db: no space left on device",
                None,
            ),
            (
                "process \"/bin/sh -c false\" did not complete successfully: exit code: 1",
                None,
            ),
        ] {
            assert_eq!(damage(message), expected, "{message}");
        }
    }

    #[test]
    fn a_way_out_names_the_record() {
        let named = Damage::Record(vec!["j5j5".to_owned(), "s9xf".to_owned()]);
        assert!(named.way_out().contains("--filter id=j5j5"));
        assert!(
            Damage::Record(Vec::new())
                .way_out()
                .contains("start the daemon again")
        );
    }
}
