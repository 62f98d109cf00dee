//! What decides whether a stage runs again, by name.
//!
//! A [`KeyRecord`] holds values, not only hashes, so that two of them can be compared and every difference
//! named. What is not in it by rule: time, commit, version, tags, labels, the context as a whole, build
//! arguments that the stage does not use, ids and contents of cache mounts, values of secrets, URLs whose
//! content has a checksum, and where in the file something stands.
//!
//! Names are in a record so that people know what it speaks of: of bases, of stages, of the folders that are
//! read. They are not in its digest, which is over what these names stand for.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Plan, Root, Stage, StageId};
use crate::facts::{FileFact, PathFact};
use crate::graph::Edge;
use crate::model::{Base, Input};

/// The key of one stage: its record with the digest of that, taken once. A copy costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "KeyRecord")]
pub struct Key(Arc<Keyed>);

#[derive(Debug, Default, PartialEq)]
struct Keyed {
    record: KeyRecord,
    digest: String,
}

impl Key {
    /// Of a record whose digest was taken before, and under which it is filed.
    pub fn filed(digest: String, record: KeyRecord) -> Self {
        Self(Arc::new(Keyed { record, digest }))
    }

    /// SHA-256 over what the record stands for, hexadecimal.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }
}

impl From<KeyRecord> for Key {
    fn from(record: KeyRecord) -> Self {
        Self::filed(record.digest(), record)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.record.serialize(serializer)
    }
}

impl Deref for Key {
    type Target = KeyRecord;

    fn deref(&self) -> &KeyRecord {
        &self.0.record
    }
}

/// What a key is taken of: a node of a Merkle tree whose leaves are named values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// The stage's kind.
    pub kind: String,
    /// The platform.
    pub platform: String,
    /// Its parameters, canonical.
    pub parameters: Value,
    /// The file of the context whose meaning is among the parameters. It is told, and does not decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The filesystem that it runs on.
    pub root: RootKey,
    /// Images that it uses besides, by name.
    pub images: BTreeMap<String, ImageKey>,
    /// What it reads of the context, as its parameters name it.
    pub inputs: Vec<InputKey>,
    /// The stages on its root, lowest first.
    pub needs: Vec<StageKey>,
    /// The stages whose results it reads, as its parameters name them.
    pub reads: Vec<StageKey>,
}

/// The filesystem that a stage runs on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootKey {
    /// None.
    #[default]
    Scratch,
    /// An image; stages on top of it are [`KeyRecord::needs`].
    Image(ImageKey),
}

/// An image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageKey {
    /// The reference. It is told, and decides only while the digest is unknown.
    pub reference: String,
    /// The manifest's digest, where the registry was asked.
    pub digest: Option<String>,
}

/// A file or folder of the context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputKey {
    /// Its path. It is told, and decides only while the digest of a file is unknown.
    pub path: String,
    /// Whether it is a folder.
    pub folder: bool,
    /// Its files that are read, by path relative to the folder; or the file by its name.
    pub files: BTreeMap<String, FileKey>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileKey {
    /// SHA-256 of its bytes, where they were read here.
    pub digest: Option<String>,
    /// Whether its owner may execute it; other bits of the mode are made one and the same.
    pub executable: bool,
    /// The target of a symbolic link.
    pub link: Option<String>,
}

/// A stage that another depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageKey {
    /// Its name in the plan. It is told, and does not decide.
    pub stage: String,
    /// The digest of its key.
    pub key: String,
}

/// What of a record is in its digest. It is taken apart whole, so that a field cannot be forgotten.
#[derive(Serialize)]
struct Hashed<'k> {
    kind: &'k str,
    platform: &'k str,
    parameters: &'k Value,
    root: Option<&'k str>,
    images: Vec<&'k str>,
    inputs: Vec<HashedInput<'k>>,
    needs: Vec<&'k str>,
    reads: Vec<&'k str>,
}

#[derive(PartialEq, Serialize)]
struct HashedInput<'k> {
    unknown: Option<&'k str>,
    folder: bool,
    files: &'k BTreeMap<String, FileKey>,
}

impl KeyRecord {
    /// SHA-256 over what the record stands for, hexadecimal.
    #[expect(
        clippy::missing_panics_doc,
        reason = "a hash takes all that is written to it"
    )]
    pub fn digest(&self) -> String {
        let Self {
            kind,
            platform,
            parameters,
            source: _,
            root,
            images,
            inputs,
            needs,
            reads,
        } = self;
        let hashed = Hashed {
            kind,
            platform,
            parameters,
            root: match root {
                RootKey::Scratch => None,
                RootKey::Image(image) => Some(image.identity()),
            },
            images: images.values().map(ImageKey::identity).collect(),
            inputs: inputs.iter().map(InputKey::hashed).collect(),
            needs: needs.iter().map(|stage| stage.key.as_str()).collect(),
            reads: reads.iter().map(|stage| stage.key.as_str()).collect(),
        };
        let mut hash = Sha256::new();
        serde_json::to_writer(&mut hash, &hashed)
            .expect("texts, numbers and maps of them are JSON");
        hex::encode(hash.finalize())
    }
}

impl KeyRecord {
    /// Whether nothing in it stands for something that was not looked at: an image that no registry was asked about, a
    /// file that was not read.
    pub fn is_whole(&self) -> bool {
        let root = match &self.root {
            RootKey::Scratch => None,
            RootKey::Image(image) => Some(image),
        };
        let mut images = self.images.values().chain(root);
        let mut inputs = self.inputs.iter();
        images.all(|image| image.digest.is_some()) && inputs.all(InputKey::is_known)
    }
}

impl ImageKey {
    fn of(base: &Base) -> Self {
        let digest = base.image.as_ref().map(|image| image.digest.clone());
        Self {
            reference: base.reference.clone(),
            digest,
        }
    }

    /// What counts of it.
    pub(crate) fn identity(&self) -> &str {
        self.digest.as_ref().unwrap_or(&self.reference)
    }
}

impl InputKey {
    fn of(input: &Input) -> Self {
        let path = &input.need.path;
        let name = path.rsplit('/').next().unwrap_or_default();
        let files = match input.fact.as_deref() {
            Some(PathFact::File(file)) => BTreeMap::from([(name.to_owned(), FileKey::of(file))]),
            Some(PathFact::Folder(files)) => files
                .iter()
                .map(|(name, file)| (name.clone(), FileKey::of(file)))
                .collect(),
            _ => BTreeMap::new(),
        };
        Self {
            path: path.clone(),
            folder: !input.is_file(),
            files,
        }
    }

    /// Whether both count as the same.
    pub(crate) fn counts_as(&self, other: &Self) -> bool {
        self.hashed() == other.hashed()
    }

    /// Whether the bytes of all its files were read.
    pub(crate) fn is_known(&self) -> bool {
        let mut files = self.files.values();
        files.all(|file| file.digest.is_some() || file.link.is_some())
    }

    fn hashed(&self) -> HashedInput<'_> {
        HashedInput {
            unknown: (!self.is_known()).then_some(self.path.as_str()),
            folder: self.folder,
            files: &self.files,
        }
    }
}

impl FileKey {
    fn of(file: &FileFact) -> Self {
        Self {
            digest: file.digest.clone(),
            executable: file.executable,
            link: file.link.clone(),
        }
    }
}

/// Gives every stage its key; stages come after what they depend on, so one pass does.
pub(super) fn record(plan: &mut Plan) {
    for id in plan.ids() {
        plan.stages[id.index()].key = record_of(plan, id).into();
    }
}

fn record_of(plan: &Plan, id: StageId) -> KeyRecord {
    let stage: &Stage = plan.stage(id);
    let root = match &stage.root {
        Root::Scratch => RootKey::Scratch,
        Root::Base { base, .. } => RootKey::Image(ImageKey::of(plan.base(*base))),
    };
    let images = stage.work.images().into_iter();
    let images = images.map(|image| plan.base(image));
    let before = plan.before(id);
    let by = |kind: Edge| {
        let before = before.iter().filter(move |(_, edge)| *edge == kind);
        let stages = before.map(|(id, _)| plan.stage(*id));
        let keys = stages.map(|stage| StageKey {
            stage: stage.id.clone(),
            key: stage.key.digest().to_owned(),
        });
        keys.collect()
    };
    KeyRecord {
        kind: stage.kind.to_owned(),
        platform: plan.platform.to_string(),
        parameters: serde_json::to_value(&stage.work).expect("parameters are JSON"),
        source: stage.work.source().map(str::to_owned),
        root,
        images: images
            .map(|base| (base.name.clone(), ImageKey::of(base)))
            .collect(),
        inputs: stage.work.inputs().into_iter().map(InputKey::of).collect(),
        needs: by(Edge::Needs),
        reads: by(Edge::Reads),
    }
}
