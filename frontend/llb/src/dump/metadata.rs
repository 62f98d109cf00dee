//! What a definition says about its operations, readable.

use buildkit_proto::pb;
use serde_json::{Value, json};

use super::{flag, list, map, number, object, text};

pub(super) fn op(metadata: &pb::OpMetadata) -> Value {
    let caps = metadata.caps.iter().map(|(cap, enabled)| {
        if *enabled {
            json!(cap)
        } else {
            json!(format!("!{cap}"))
        }
    });
    let group = metadata
        .progress_group
        .as_ref()
        .map_or(Value::Null, |group| {
            object([
                ("id", text(&group.id)),
                ("name", text(&group.name)),
                ("weak", flag(group.weak)),
            ])
        });
    object([
        ("description", map(&metadata.description)),
        ("ignore_cache", flag(metadata.ignore_cache)),
        (
            "export_cache",
            metadata
                .export_cache
                .as_ref()
                .map_or(Value::Null, |export| json!(export.value)),
        ),
        ("progress_group", group),
        ("caps", list(caps.collect())),
    ])
}

/// Where an operation comes from, as `file:line:character-line:character`.
pub(super) fn locations(locations: &pb::Locations, source: &pb::Source) -> Value {
    let located = locations.locations.iter().flat_map(|location| {
        let file = usize::try_from(location.source_index)
            .ok()
            .and_then(|index| source.infos.get(index));
        let file = file.map_or("?", |file| file.filename.as_str());
        let ranges = location.ranges.iter().map(move |range| {
            let (start, end) = (
                range.start.unwrap_or_default(),
                range.end.unwrap_or_default(),
            );
            format!(
                "{file}:{}:{}-{}:{}",
                start.line, start.character, end.line, end.character
            )
        });
        ranges.chain(location.ranges.is_empty().then(|| file.to_owned()))
    });
    list(located.map(Value::from).collect())
}

pub(super) fn file(info: &pb::SourceInfo) -> Value {
    object([
        ("filename", text(&info.filename)),
        ("language", text(&info.language)),
        (
            "bytes",
            number(i64::try_from(info.data.len()).unwrap_or(i64::MAX)),
        ),
        ("definition", flag(info.definition.is_some())),
    ])
}
