//! Definitions as a reviewer reads them: operations by number, without what is the same in all.

use std::collections::HashMap;
use std::fmt::Write;

use buildkit_llb::{Definition, dump};
use serde_json::Value;

/// An operation in a paragraph: its number and name, what it stands on, what it does.
pub fn shown(definition: &Definition) -> String {
    let json = dump::to_json(definition.pb()).expect("a definition");
    let mut numbers = HashMap::new();
    let mut text = String::new();
    for (at, op) in json["ops"].as_array().into_iter().flatten().enumerate() {
        let digest = op["digest"].as_str().unwrap_or_default();
        numbers.insert(digest.to_owned(), format!("#{at}"));
        let name = op["about"]["description"]["llb.customname"].as_str();
        let inputs = op["inputs"].as_array().into_iter().flatten();
        let inputs: Vec<_> = inputs.map(|input| numbered(input, &numbers)).collect();
        let on = if inputs.is_empty() {
            String::new()
        } else {
            format!(" on {}", inputs.join(", "))
        };
        writeln!(text, "#{at} {}{on}", name.unwrap_or("?")).expect("a text takes all");
        for kind in ["source", "exec", "file", "merge", "diff"] {
            write_value(&mut text, kind, &op[kind], 1);
        }
    }
    let output = numbered(&json["output"]["from"], &numbers);
    writeln!(text, "= {output}").expect("a text takes all");
    text
}

/// An input by the number of its operation, and behind `.` the number of its output unless it is the first.
fn numbered(input: &Value, numbers: &HashMap<String, String>) -> String {
    let input = input.as_str().unwrap_or_default();
    match input.split_once('#') {
        Some((digest, output)) => format!("{}.{output}", numbers[digest]),
        None => numbers[input].clone(),
    }
}

/// Mappings and lists of mappings as indented lines, everything else in a line.
fn write_value(text: &mut String, key: &str, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            writeln!(text, "{indent}{key}:").expect("a text takes all");
            for (key, value) in fields {
                write_value(text, key, value, depth + 1);
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || is_long(item)) => {
            writeln!(text, "{indent}{key}:").expect("a text takes all");
            for item in items {
                match item {
                    Value::String(item) => {
                        let item = item.replace('\n', &format!("\n{indent}    "));
                        writeln!(text, "{indent}  - {item}").expect("a text takes all");
                    }
                    item => writeln!(text, "{indent}  - {item}").expect("a text takes all"),
                }
            }
        }
        value => writeln!(text, "{indent}{key}: {value}").expect("a text takes all"),
    }
}

fn is_long(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains('\n'))
}
