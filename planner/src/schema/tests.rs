//! The schema agrees with what is read.

use std::collections::BTreeMap;

use super::*;
use crate::decode::accepted_keys;

/// The keys of a mapping in the schema, those of its alternatives included; none if it is no mapping.
fn keys(schema: &Value) -> Vec<String> {
    let own = schema["properties"].as_object().into_iter().flatten();
    let mut keys: Vec<String> = own.map(|(key, _)| key.clone()).collect();
    for alternatives in ["oneOf", "anyOf"] {
        let alternatives = schema[alternatives].as_array().into_iter().flatten();
        keys.extend(alternatives.flat_map(self::keys));
    }
    keys.sort();
    keys
}

#[test]
fn every_mapping_of_the_schema_has_the_keys_that_are_read() {
    let schema = schema();
    let mut described: BTreeMap<String, Vec<String>> = schema["$defs"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, definition)| (name.clone(), keys(definition)))
        .filter(|(_, keys)| !keys.is_empty())
        .collect();
    described.insert("Spec".into(), keys(&schema));
    let read: BTreeMap<String, Vec<String>> = accepted_keys()
        .into_iter()
        .map(|(name, mut keys)| {
            keys.sort_unstable();
            (name.into(), keys.into_iter().map(str::to_owned).collect())
        })
        .collect();
    assert_eq!(described, read);
}

#[test]
fn every_mapping_of_the_schema_is_closed() {
    fn visit(path: &str, schema: &Value) {
        if let Some(object) = schema.as_object() {
            if object.contains_key("properties") && !path.contains("oneOf") {
                let closed = ["additionalProperties", "unevaluatedProperties"];
                assert!(closed.iter().any(|key| schema[*key] == false), "{path}");
            }
            for (key, value) in object {
                visit(&format!("{path}/{key}"), value);
            }
        }
        for (index, value) in schema.as_array().into_iter().flatten().enumerate() {
            visit(&format!("{path}/{index}"), value);
        }
    }
    visit("", &schema());
}

#[test]
fn null_is_no_value() {
    assert!(!schema().to_string().contains("\"null\""));
}

#[test]
fn the_patterns_of_names_are_those_that_are_read() {
    use crate::parse::parse;
    use crate::source::Source;
    let patterns = [
        ("bases", NAME, ["a", "A", "a.b_c-1", "-a", "", "1", "a b"]),
        ("args", VARIABLE, ["A", "_a", "1", "a-b", "", "Ab_1", "é"]),
    ];
    for (key, pattern, names) in patterns {
        let pattern = regex::Regex::new(pattern).unwrap();
        for name in names {
            let text = format!("{key}: {{ \"{name}\": python:3.12 }}");
            let (_, found) = parse(&Source {
                name: String::new(),
                text,
            });
            assert_eq!(found.is_empty(), pattern.is_match(name), "{key} {name:?}");
        }
    }
}
