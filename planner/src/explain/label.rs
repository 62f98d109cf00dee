//! Records small enough for an image to bear: compressed JSON, as a label.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Records;
use crate::plan::InputKey;

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

#[derive(Serialize, Deserialize)]
struct Form {
    version: u32,
    #[serde(default)]
    records: Records,
}

/// The label's text. None if the records are too many, or if bytes of files are not known: they would differ from
/// what others know of the same files.
pub fn label(records: &Records) -> Option<String> {
    let mut inputs = records.0.values().flat_map(|key| &key.inputs);
    if !inputs.all(InputKey::is_known) {
        return None;
    }
    let form = Form {
        version: VERSION,
        records: records.clone(),
    };
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&serde_json::to_vec(&form).ok()?).ok()?;
    let text = STANDARD.encode(encoder.finish().ok()?);
    (text.len() <= LONGEST).then_some(text)
}

/// The records that a label holds.
///
/// # Errors
/// It is no label of records, or one of a newer form.
pub fn read_label(text: &str) -> Result<Records, LabelError> {
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
        _ => {
            let form: Form = serde_json::from_value(value).map_err(|error| broken(&error))?;
            Ok(form.records)
        }
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn what_was_written_is_read() {
        let records = records(Some("12"));
        assert_eq!(read_label(&label(&records).unwrap()).unwrap(), records);
        assert_eq!(label(&records), label(&records));
    }

    #[test]
    fn unknown_files_and_other_texts_are_no_label() {
        assert_eq!(label(&records(None)), None);
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
