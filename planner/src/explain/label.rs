//! Records small enough for an image to bear: compressed JSON, as a label.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Records;
use crate::plan::{InputKey, Plan};

/// The name of the label.
pub const LABEL: &str = "dev.layercake.records";

/// The version of the form.
const VERSION: u32 = 1;

/// Labels longer than this, in bytes, are not written: an image's configuration is read by every puller.
const LONGEST: usize = 256 << 10;

/// Records larger than this, in bytes, are not read.
const LARGEST: u64 = 256 << 20;

/// Why a label cannot be read.
#[derive(Debug, Error)]
pub enum LabelError {
    /// It is no label of records.
    #[error("it holds no records: {0}")]
    Broken(String),
    /// A newer layercake wrote it.
    #[error("it was written by a newer layercake (form {0}, and this one reads form {VERSION})")]
    Newer(u32),
}

/// What a label holds: the records of an image, or those of several services. A stage that services share is in it
/// once, as it was built last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    #[serde(default)]
    records: Records,
    /// The stages of each service, the one that was built last at the end; empty where it is an image's.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    services: IndexMap<String, Vec<String>>,
}

#[derive(Serialize)]
struct Form<'l> {
    version: u32,
    #[serde(flatten)]
    labelled: &'l Labelled,
}

impl Labelled {
    /// Puts the records of a service in place of those that it had.
    pub fn put(&mut self, service: &str, records: Records) {
        let stages = records.0.keys().cloned().collect();
        self.services.shift_remove(service);
        self.services.insert(service.to_owned(), stages);
        self.records.0.extend(records.0);
        self.forget_unnamed();
    }

    /// Whether it is the label of an image that was built, which says of no service what is whose.
    pub fn is_of_image(&self) -> bool {
        self.services.is_empty()
    }

    /// Whether it has the records of a service.
    pub fn has(&self, service: &str) -> bool {
        self.services.contains_key(service)
    }

    /// The records of a service; none if it is not among those that are here.
    pub fn of_service(&self, service: &str) -> Records {
        let stages = self.services.get(service).into_iter().flatten();
        let own = stages.filter_map(|stage| self.records.0.get_key_value(stage));
        Records(own.map(|(id, key)| (id.clone(), key.clone())).collect())
    }

    /// The records to compare a plan with: those of its services, or all that an image bears.
    pub fn for_plan(self, plan: &Plan) -> Records {
        if self.services.is_empty() {
            return self.records;
        }
        let services = plan.services.iter();
        let records = services.flat_map(|service| self.of_service(&service.name).0);
        Records(records.collect())
    }

    /// The label's text, and the services that were left out of it as there is no room for all: those that were not
    /// built for longest.
    pub fn label(mut self) -> (Option<String>, Vec<String>) {
        let mut left_out = Vec::new();
        loop {
            let text = self.encode();
            if text.is_some() || self.services.len() < 2 {
                return (text, left_out);
            }
            left_out.extend(self.services.shift_remove_index(0).map(|(name, _)| name));
            self.forget_unnamed();
        }
    }

    fn forget_unnamed(&mut self) {
        let named: BTreeSet<&String> = self.services.values().flatten().collect();
        self.records.0.retain(|id, _| named.contains(id));
    }

    /// Sorted by name, as the order of a plan's stages depends on what else is planned.
    fn encode(&mut self) -> Option<String> {
        self.records.0.sort_unstable_keys();
        let mut inputs = self.records.0.values().flat_map(|key| &key.inputs);
        if !inputs.all(InputKey::is_known) {
            return None;
        }
        let form = Form {
            version: VERSION,
            labelled: self,
        };
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&serde_json::to_vec(&form).ok()?).ok()?;
        let text = STANDARD.encode(encoder.finish().ok()?);
        (text.len() <= LONGEST).then_some(text)
    }
}

/// The text of an image's label. None if the records are too many, or if bytes of files are not known: they
/// would differ from what others know of the same files.
pub fn label(records: Records) -> Option<String> {
    let mut labelled = Labelled {
        records,
        ..Labelled::default()
    };
    labelled.encode()
}

/// What a label holds.
///
/// # Errors
/// It is no label of records, or one of a newer form.
pub fn read_label(text: &str) -> Result<Labelled, LabelError> {
    let broken = |problem: &dyn std::fmt::Display| LabelError::Broken(problem.to_string());
    let bytes = STANDARD.decode(text).map_err(|error| broken(&error))?;
    let mut json = Vec::new();
    let mut decoder = ZlibDecoder::new(bytes.as_slice()).take(LARGEST);
    decoder
        .read_to_end(&mut json)
        .map_err(|error| broken(&error))?;
    let value: serde_json::Value = serde_json::from_slice(&json).map_err(|error| broken(&error))?;
    let version = value["version"]
        .as_u64()
        .and_then(|version| u32::try_from(version).ok());
    match version {
        Some(version) if version > VERSION => Err(LabelError::Newer(version)),
        Some(_) => serde_json::from_value(value).map_err(|error| broken(&error)),
        None => Err(broken(&"it has no version")),
    }
}

#[cfg(test)]
mod tests {
    use sha2::Digest as _;

    use super::*;
    use crate::plan::{FileKey, KeyRecord};

    fn records(digest: Option<&str>) -> Records {
        let file = FileKey {
            digest: digest.map(str::to_owned),
            executable: false,
            link: None,
        };
        let input = InputKey {
            path: "a".into(),
            folder: false,
            files: [("a".to_owned(), file)].into(),
        };
        let record = KeyRecord {
            inputs: vec![input],
            ..KeyRecord::default()
        };
        Records([("web".to_owned(), record.into())].into_iter().collect())
    }

    fn read(text: &str) -> Records {
        read_label(text).unwrap().records
    }

    #[test]
    fn what_was_written_is_read() {
        let records = records(Some("12"));
        let text = label(records.clone()).unwrap();
        assert_eq!(read(&text), records);
        assert!(read_label(&text).unwrap().is_of_image());
        assert_eq!(label(records.clone()), label(records));
        let (one, other) = (stages(&["a", "b"], "1"), stages(&["b", "a"], "1"));
        assert_eq!(label(one), label(other));
    }

    /// Records of stages of which each has a file with this digest.
    fn stages(names: &[&str], digest: &str) -> Records {
        let Records(one) = records(Some(digest));
        let key = &one["web"];
        let all = names.iter().map(|name| ((*name).to_owned(), key.clone()));
        Records(all.collect())
    }

    #[test]
    fn services_are_kept_by_name() {
        let mut labelled = Labelled::default();
        labelled.put("web", stages(&["common", "old", "web"], "1"));
        labelled.put("api", stages(&["common", "api"], "2"));
        labelled.put("web", stages(&["common", "web"], "3"));
        let (text, left_out) = labelled.clone().label();
        let read = read_label(&text.unwrap()).unwrap();
        assert_eq!((&read, left_out), (&labelled, Vec::new()));
        assert_eq!(read.of_service("web"), stages(&["common", "web"], "3"));
        assert_eq!(read.of_service("api").0.len(), 2);
        assert!(!read.records.0.contains_key("old"), "nobody has it");
        assert!(read.has("api") && !read.has("else") && !read.is_of_image());
    }

    #[test]
    fn what_was_not_built_for_longest_is_left_out() {
        let mut labelled = Labelled::default();
        for service in ["old", "newer", "newest"] {
            let digests = (0..3000).map(|at| {
                let id = format!("{service}{at}");
                let digest = hex::encode(sha2::Sha256::digest(&id));
                (id, records(Some(&digest)).0["web"].clone())
            });
            labelled.put(service, Records(digests.collect()));
        }
        let (text, left_out) = labelled.label();
        let read = read_label(&text.unwrap()).unwrap();
        assert_eq!(left_out, ["old", "newer"]);
        assert!(read.has("newest") && !read.has("old"));
    }

    #[test]
    fn unknown_files_and_other_texts_are_no_label() {
        assert_eq!(label(records(None)), None);
        for text in ["", "?", "AAAA", "e30="] {
            assert!(
                matches!(read_label(text), Err(LabelError::Broken(_))),
                "{text}"
            );
        }
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder
            .write_all(b"{\"version\": 7, \"other\": []}")
            .unwrap();
        let newer = STANDARD.encode(encoder.finish().unwrap());
        assert!(matches!(read_label(&newer), Err(LabelError::Newer(7))));
    }
}
