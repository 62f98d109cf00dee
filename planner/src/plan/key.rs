//! What decides whether a stage runs again, by name.
//!
//! A [`KeyRecord`] holds values, not only hashes, so that two of them can be compared and every difference
//! named. What is not in it by rule: time, commit, version, tags, labels, the context as a whole, build
//! arguments that the stage does not use, ids and contents of cache mounts, values of secrets, URLs whose
//! content has a checksum, and where in the file something stands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Plan, Root, Stage, StageId};
use crate::facts::{FileFact, PathFact};
use crate::model::{Base, Input};

/// The key of one stage: a node of a Merkle tree whose leaves are named values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// The stage's kind.
    pub kind: String,
    /// The platform.
    pub platform: String,
    /// Its parameters, canonical.
    pub parameters: Value,
    /// The filesystem that it runs on.
    pub root: RootKey,
    /// Images that it uses besides, by name.
    pub images: BTreeMap<String, ImageKey>,
    /// Files that it reads, by path.
    pub files: BTreeMap<String, FileKey>,
    /// Stages that it runs on or reads, by name in the plan, by digest of their keys.
    pub stages: BTreeMap<String, String>,
}

/// The filesystem that a stage runs on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RootKey {
    /// None.
    #[default]
    Scratch,
    /// An image; stages on top of it are among [`KeyRecord::stages`].
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

impl KeyRecord {
    /// SHA-256 over the record, hexadecimal. An image with a known digest counts by it alone.
    pub fn digest(&self) -> String {
        let mut canonical = self.clone();
        if let RootKey::Image(image) = &mut canonical.root {
            image.forget_name();
        }
        let images = std::mem::take(&mut canonical.images);
        let mut hash = Sha256::new();
        hash.update(serde_json::to_vec(&canonical).unwrap_or_default());
        for mut image in images.into_values() {
            image.forget_name();
            hash.update(serde_json::to_vec(&image).unwrap_or_default());
        }
        hex::encode(hash.finalize())
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

    fn forget_name(&mut self) {
        if self.digest.is_some() {
            self.reference.clear();
        }
    }
}

/// Gives every stage its key; stages come after what they depend on, so one pass does.
pub(super) fn record(plan: &mut Plan) {
    let mut digests: Vec<String> = Vec::with_capacity(plan.stages.len());
    for id in plan.ids() {
        let key = key_of(plan, id, &digests);
        digests.push(key.digest());
        plan.stages[id.index()].key = key;
    }
}

fn key_of(plan: &Plan, id: StageId, digests: &[String]) -> KeyRecord {
    let stage: &Stage = plan.stage(id);
    let root = match &stage.root {
        Root::Scratch => RootKey::Scratch,
        Root::Base { base, .. } => RootKey::Image(ImageKey::of(plan.base(*base))),
    };
    let images = stage
        .work
        .images()
        .into_iter()
        .map(|image| plan.base(image));
    let before = plan.before(id).into_iter().map(|(id, _)| id);
    KeyRecord {
        kind: stage.kind.to_owned(),
        platform: plan.platform.to_string(),
        parameters: serde_json::to_value(&stage.work).unwrap_or_default(),
        root,
        images: images
            .map(|base| (base.name.clone(), ImageKey::of(base)))
            .collect(),
        files: stage.work.inputs().into_iter().flat_map(files).collect(),
        stages: before
            .map(|id| (plan.stage(id).id.clone(), digests[id.index()].clone()))
            .collect(),
    }
}

fn files(input: &Input) -> Vec<(String, FileKey)> {
    let path = &input.need.path;
    match &input.fact {
        Some(PathFact::File(file)) => vec![(path.clone(), FileKey::of(file))],
        Some(PathFact::Folder(files)) => {
            let below = |name: &String| {
                if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}/{name}")
                }
            };
            files
                .iter()
                .map(|(name, file)| (below(name), FileKey::of(file)))
                .collect()
        }
        _ => Vec::new(),
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
