//! Definitions made readable: JSON in which every operation says what it does. What has its default is left out.
//!
//! Reads any definition that a client may send, not only those built here.

use buildkit_proto::pb;
use prost::Message;
use serde_json::{Map, Value, json};

use crate::Digest;

mod exec;
mod file;
mod metadata;

/// A definition as JSON: its operations, inputs before their users, and the output that it stands for.
///
/// ```
/// use buildkit_llb::{Definition, FileOps, Mkdir, dump};
///
/// let files = FileOps::on(None).mkdir("/a", Mkdir::default()).build()?;
/// let json = dump::to_json(Definition::of(&files).pb())?;
/// assert_eq!(json["ops"][0]["file"][0]["mkdir"]["path"], "/a");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_json(definition: &pb::Definition) -> Result<Value, prost::DecodeError> {
    let mut ops = Vec::with_capacity(definition.def.len());
    let mut output = Value::Null;
    for bytes in &definition.def {
        let op = pb::Op::decode(bytes.as_slice())?;
        let digest = Digest::of(bytes);
        let about = about(digest.as_str(), definition);
        match (&op.op, op.inputs.as_slice()) {
            (None, [input]) => output = object([("from", input_json(input)), ("about", about)]),
            _ => ops.push(op_json(&digest, &op, about)),
        }
    }
    let files = definition
        .source
        .iter()
        .flat_map(|source| &source.infos)
        .map(metadata::file)
        .collect();
    Ok(object([
        ("ops", Value::Array(ops)),
        ("output", output),
        ("files", list(files)),
    ]))
}

fn op_json(digest: &Digest, op: &pb::Op, about: Value) -> Value {
    let filters = op
        .constraints
        .iter()
        .flat_map(|constraints| &constraints.filter);
    let (kind, body) = match &op.op {
        Some(pb::op::Op::Exec(exec)) => ("exec", exec::exec(exec)),
        Some(pb::op::Op::Source(source)) => (
            "source",
            object([
                ("identifier", text(&source.identifier)),
                ("attrs", map(&source.attrs)),
            ]),
        ),
        Some(pb::op::Op::File(file)) => (
            "file",
            Value::Array(file.actions.iter().map(file::action).collect()),
        ),
        Some(pb::op::Op::Build(build)) => ("build", object([("attrs", map(&build.attrs))])),
        Some(pb::op::Op::Merge(merge)) => (
            "merge",
            Value::Array(
                merge
                    .inputs
                    .iter()
                    .map(|merged| position(merged.input))
                    .collect(),
            ),
        ),
        Some(pb::op::Op::Diff(diff)) => (
            "diff",
            object([
                (
                    "lower",
                    diff.lower
                        .as_ref()
                        .map_or(Value::Null, |lower| position(lower.input)),
                ),
                (
                    "upper",
                    diff.upper
                        .as_ref()
                        .map_or(Value::Null, |upper| position(upper.input)),
                ),
            ]),
        ),
        None => ("unknown", Value::Object(Map::new())),
    };
    object([
        ("digest", text(digest.as_str())),
        ("inputs", list(op.inputs.iter().map(input_json).collect())),
        (
            "platform",
            op.platform.as_ref().map_or(Value::Null, platform),
        ),
        (
            "worker_filters",
            list(filters.map(|filter| json!(filter)).collect()),
        ),
        (kind, body),
        ("about", about),
    ])
}

/// What the definition says about an operation without its being part of the operation.
fn about(digest: &str, definition: &pb::Definition) -> Value {
    let metadata = definition
        .metadata
        .get(digest)
        .map_or(Value::Null, metadata::op);
    let Some(source) = &definition.source else {
        return metadata;
    };
    let locations = source
        .locations
        .get(digest)
        .map_or(Value::Null, |locations| {
            metadata::locations(locations, source)
        });
    match (metadata, locations) {
        (metadata, Value::Null) => metadata,
        (Value::Object(mut fields), locations) => {
            fields.insert("locations".to_owned(), locations);
            Value::Object(fields)
        }
        (_, locations) => object([("locations", locations)]),
    }
}

/// An input by its digest, and behind `#` the number of its output unless it is the first.
fn input_json(input: &pb::Input) -> Value {
    match input.index {
        0 => json!(input.digest),
        index => json!(format!("{}#{index}", input.digest)),
    }
}

fn platform(platform: &pb::Platform) -> Value {
    let mut name = format!("{}/{}", platform.os, platform.architecture);
    for part in [&platform.variant]
        .into_iter()
        .filter(|part| !part.is_empty())
    {
        name.push('/');
        name.push_str(part);
    }
    for detail in [&platform.os_version]
        .into_iter()
        .chain(&platform.os_features)
        .filter(|detail| !detail.is_empty())
    {
        name.push('+');
        name.push_str(detail);
    }
    json!(name)
}

/// The number of an input or output, or what stands for having none.
fn position(number: i64) -> Value {
    match number {
        -1 => json!("none"),
        number => json!(number),
    }
}

/// An object of all fields that say something.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn text(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        json!(text)
    }
}

fn flag(set: bool) -> Value {
    if set { json!(true) } else { Value::Null }
}

fn number(number: impl Into<i64>) -> Value {
    match number.into() {
        0 => Value::Null,
        number => json!(number),
    }
}

fn list(values: Vec<Value>) -> Value {
    if values.is_empty() {
        Value::Null
    } else {
        Value::Array(values)
    }
}

fn strings(values: &[String]) -> Value {
    list(values.iter().map(|value| json!(value)).collect())
}

fn map(values: &std::collections::BTreeMap<String, String>) -> Value {
    if values.is_empty() {
        Value::Null
    } else {
        json!(values)
    }
}
