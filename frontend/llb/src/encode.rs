//! Wire bytes equal to those that Go writes for the same message.
//!
//! A vertex is named by the digest of its bytes, and the daemon computes that digest anew from its own encoding, so
//! an encoder that differs in one byte loses source locations and the match between progress and graph. Two things
//! differ between Go and prost: Go writes the members of a oneof after all other fields where prost orders them by
//! tag, and Go writes key and value of every map entry where prost leaves out defaults. The messages that have
//! either are written here by hand, in Go's order; all others go through prost.

use std::collections::BTreeMap;

use buildkit_proto::pb;
use prost::Message;
use prost::encoding::{self, WireType};

use crate::Digest;

/// The bytes of an operation, whose digest names its vertex.
pub fn op(op: &pb::Op) -> Vec<u8> {
    let mut buf = Vec::new();
    for input in &op.inputs {
        message(1, input, &mut buf);
    }
    if let Some(platform) = &op.platform {
        message(10, platform, &mut buf);
    }
    if let Some(constraints) = &op.constraints {
        message(11, constraints, &mut buf);
    }
    match &op.op {
        Some(pb::op::Op::Exec(exec)) => message(2, exec, &mut buf),
        Some(pb::op::Op::Source(source)) => nested(3, &source_op(source), &mut buf),
        Some(pb::op::Op::File(file)) => message(4, file, &mut buf),
        Some(pb::op::Op::Build(build)) => nested(5, &build_op(build), &mut buf),
        Some(pb::op::Op::Merge(merge)) => message(6, merge, &mut buf),
        Some(pb::op::Op::Diff(diff)) => message(7, diff, &mut buf),
        None => {}
    }
    buf
}

/// The bytes of a whole definition, with maps in the order of their keys.
pub fn definition(definition: &pb::Definition) -> Vec<u8> {
    let mut buf = Vec::new();
    for op in &definition.def {
        nested(1, op, &mut buf);
    }
    for (digest, metadata) in &definition.metadata {
        entry(2, digest, &mut buf, |buf| {
            nested(2, &op_metadata(metadata), buf);
        });
    }
    if let Some(source) = &definition.source {
        let mut source = source.clone();
        // Go writes an entry for every operation, whether it has a location or not.
        for op in definition.def.split_last().map_or(&[][..], |(_, ops)| ops) {
            source.locations.entry(Digest::of(op).into()).or_default();
        }
        nested(3, &self::source(&source), &mut buf);
    }
    buf
}

/// The bytes of an operation's metadata.
pub fn op_metadata(metadata: &pb::OpMetadata) -> Vec<u8> {
    let mut buf = Vec::new();
    if metadata.ignore_cache {
        encoding::bool::encode(1, &true, &mut buf);
    }
    strings(2, &metadata.description, &mut buf);
    if let Some(export_cache) = &metadata.export_cache {
        message(4, export_cache, &mut buf);
    }
    for (cap, enabled) in &metadata.caps {
        entry(5, cap, &mut buf, |buf| {
            encoding::bool::encode(2, enabled, buf);
        });
    }
    if let Some(progress_group) = &metadata.progress_group {
        message(6, progress_group, &mut buf);
    }
    buf
}

/// The bytes of a definition's source maps and locations.
pub fn source(source: &pb::Source) -> Vec<u8> {
    let mut buf = Vec::new();
    for (digest, locations) in &source.locations {
        entry(1, digest, &mut buf, |buf| message(2, locations, buf));
    }
    for info in &source.infos {
        nested(2, &source_info(info), &mut buf);
    }
    buf
}

fn source_info(info: &pb::SourceInfo) -> Vec<u8> {
    let mut buf = Vec::new();
    string(1, &info.filename, &mut buf);
    if !info.data.is_empty() {
        nested(2, &info.data, &mut buf);
    }
    if let Some(definition) = &info.definition {
        nested(3, &self::definition(definition), &mut buf);
    }
    string(4, &info.language, &mut buf);
    buf
}

fn source_op(source: &pb::SourceOp) -> Vec<u8> {
    let mut buf = Vec::new();
    string(1, &source.identifier, &mut buf);
    strings(2, &source.attrs, &mut buf);
    buf
}

fn build_op(build: &pb::BuildOp) -> Vec<u8> {
    let mut buf = Vec::new();
    if build.builder != 0 {
        encoding::int64::encode(1, &build.builder, &mut buf);
    }
    for (name, input) in &build.inputs {
        entry(2, name, &mut buf, |buf| message(2, input, buf));
    }
    if let Some(definition) = &build.def {
        nested(3, &self::definition(definition), &mut buf);
    }
    strings(4, &build.attrs, &mut buf);
    buf
}

/// A map of strings, each entry with its key and its value.
fn strings(tag: u32, map: &BTreeMap<String, String>, buf: &mut Vec<u8>) {
    for (key, value) in map {
        entry(tag, key, buf, |buf| nested(2, value.as_bytes(), buf));
    }
}

/// One map entry; `value` writes its field 2.
fn entry(tag: u32, key: &str, buf: &mut Vec<u8>, value: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    nested(1, key.as_bytes(), &mut body);
    value(&mut body);
    nested(tag, &body, buf);
}

/// A string field, left out when empty.
fn string(tag: u32, value: &str, buf: &mut Vec<u8>) {
    if !value.is_empty() {
        nested(tag, value.as_bytes(), buf);
    }
}

/// A message whose prost encoding equals Go's.
fn message(tag: u32, value: &impl Message, buf: &mut Vec<u8>) {
    encoding::message::encode(tag, value, buf);
}

/// A field of `bytes`, length first.
fn nested(tag: u32, bytes: &[u8], buf: &mut Vec<u8>) {
    encoding::encode_key(tag, WireType::LengthDelimited, buf);
    encoding::encode_varint(bytes.len() as u64, buf);
    buf.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_stands_last() {
        let bytes = op(&pb::Op {
            platform: Some(pb::Platform::default()),
            constraints: Some(pb::WorkerConstraints::default()),
            op: Some(pb::op::Op::Merge(pb::MergeOp::default())),
            ..pb::Op::default()
        });
        assert_eq!(hex::encode(bytes), "52005a003200");
    }

    #[test]
    fn map_entries_keep_their_defaults() {
        let bytes = op_metadata(&pb::OpMetadata {
            description: [("k".to_owned(), String::new())].into(),
            caps: [("c".to_owned(), false)].into(),
            ..pb::OpMetadata::default()
        });
        assert_eq!(hex::encode(bytes), "12050a016b12002a050a01631000");
    }
}
