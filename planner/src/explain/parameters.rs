//! Parameters of stages, compared: packages and texts by what they mean, everything else by its name.

use serde_json::{Map, Value, json};
use similar::TextDiff;

use super::align::{Difference, align};
use super::{Cause, packages};
use crate::plan::KeyRecord;

/// Texts longer than this, in bytes, are said to differ and no more.
const LONGEST: usize = 64 << 10;

/// How many lines around a difference are shown.
const CONTEXT: usize = 1;

/// Fields that tell the items of a list apart, the first that all of them have.
const NAMES: [&str; 4] = ["name", "path", "to", "id"];

/// What differs between the parameters of two records of one kind.
pub(super) fn differences(before: &KeyRecord, after: &KeyRecord) -> Vec<Cause> {
    if written(&before.parameters) == written(&after.parameters) {
        return Vec::new();
    }
    let source = after.source.as_ref().or(before.source.as_ref());
    let mut walk = Walk {
        list: source.unwrap_or(&after.kind),
        kind: &after.kind,
        found: Vec::new(),
    };
    let (from, to) = (&before.parameters, &after.parameters);
    match (only(from), only(to)) {
        (Some((kind, from)), Some((same, to))) if kind == same => walk.value("", from, to),
        _ => walk.parameter("parameters", Some(from), Some(to)),
    }
    walk.found
}

/// As it is in the key: there the order of fields counts.
fn written(value: &Value) -> String {
    value.to_string()
}

/// The only field of an object: parameters are told apart by what they are of.
fn only(value: &Value) -> Option<(&String, &Value)> {
    let fields = value.as_object()?;
    fields.iter().next().filter(|_| fields.len() == 1)
}

struct Walk<'r> {
    /// What packages are listed in.
    list: &'r str,
    kind: &'r str,
    found: Vec<Cause>,
}

impl Walk<'_> {
    fn value(&mut self, name: &str, from: &Value, to: &Value) {
        if written(from) == written(to) {
            return;
        }
        let field = name.rsplit(' ').next().unwrap_or(name);
        match (field, from, to) {
            ("environment", Value::String(a), Value::String(b)) => {
                match packages::environment(self.list, a, b) {
                    Some(found) => self.found.extend(found),
                    None => self.text(name, a, b),
                }
            }
            ("requirements", Value::String(a), Value::String(b)) => {
                self.found.extend(packages::lines(self.list, a, b));
            }
            ("script", Value::String(a), Value::String(b)) => self.text("command", a, b),
            ("content", Value::String(a), Value::String(b)) => {
                let path = name.strip_suffix(" content").unwrap_or(name);
                self.text(path, a, b);
            }
            ("env", Value::Object(a), Value::Object(b)) => self.variables(a, b),
            (_, Value::Object(a), Value::Object(b)) => self.object(name, a, b),
            (_, Value::Array(a), Value::Array(b)) => self.array(name, a, b),
            _ => self.parameter(name, Some(from), Some(to)),
        }
    }

    fn object(&mut self, name: &str, from: &Map<String, Value>, to: &Map<String, Value>) {
        for (field, a) in from {
            let name = below(name, field);
            match to.get(field) {
                Some(b) => self.value(&name, a, b),
                None => self.parameter(&name, Some(a), None),
            }
        }
        for (field, b) in to.iter().filter(|(field, _)| !from.contains_key(*field)) {
            self.parameter(&below(name, field), None, Some(b));
        }
    }

    fn array(&mut self, name: &str, from: &[Value], to: &[Value]) {
        if let (Some(a), Some(b), "packages" | "") = (texts(from), texts(to), name) {
            self.found.extend(packages::specs(self.list, &a, &b));
            return;
        }
        let field = NAMES.into_iter().find(|field| {
            let mut items = from.iter().chain(to);
            items.all(|item| item[field].is_string())
        });
        let identity = |item: &Value| match field {
            Some(field) => item[field].as_str().unwrap_or_default().to_owned(),
            None => written(item),
        };
        let locked = from.iter().chain(to).all(packages::is_locked);
        let same = |a: &Value, b: &Value| written(a) == written(b);
        for difference in align(from, to, same, |a, b| identity(a) == identity(b)) {
            if locked && let Some(cause) = packages::locked(&difference) {
                self.found.push(cause);
                continue;
            }
            match difference {
                Difference::Changed(a, b) => self.value(&below(name, &identity(b)), a, b),
                Difference::Added(b) => self.item(name, field, None, Some(b)),
                Difference::Removed(a) => self.item(name, field, Some(a), None),
                Difference::Reordered => self.found.push(Cause::Order {
                    of: self.named(name),
                }),
            }
        }
    }

    /// An item of a list that is there on one side only, by its name if it has one. One that has nothing to show is
    /// an input, which tells of itself.
    fn item(&mut self, name: &str, field: Option<&str>, from: Option<&Value>, to: Option<&Value>) {
        let named = |item: &Value| match field {
            Some(field) => item[field].clone(),
            None => item.clone(),
        };
        let (from, to) = (from.map(named), to.map(named));
        let shows = |item: &Option<Value>| item.as_ref().is_some_and(|item| *item != json!({}));
        if shows(&from) || shows(&to) {
            self.parameter(name, from.as_ref(), to.as_ref());
        }
    }

    /// The name as the file has it; a list that is all there is bears the name of the kind.
    fn named(&self, name: &str) -> String {
        match name {
            "" => self.kind.to_owned(),
            "mounted" => "inputs".to_owned(),
            name => name.replace('_', "-"),
        }
    }

    fn variables(&mut self, from: &Map<String, Value>, to: &Map<String, Value>) {
        let shown = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let names = from
            .keys()
            .chain(to.keys().filter(|name| !from.contains_key(*name)));
        for name in names {
            let (a, b) = (from.get(name).map(shown), to.get(name).map(shown));
            if a != b {
                let name = name.clone();
                self.found.push(Cause::Variable {
                    name,
                    from: a,
                    to: b,
                });
            }
        }
    }

    fn text(&mut self, name: &str, from: &str, to: &str) {
        let diff = if from.len().max(to.len()) > LONGEST {
            String::new()
        } else {
            let diff = TextDiff::from_lines(from, to);
            let mut unified = diff.unified_diff();
            unified
                .context_radius(CONTEXT)
                .missing_newline_hint(false)
                .to_string()
        };
        let name = name.to_owned();
        self.found.push(Cause::Text { name, diff });
    }

    fn parameter(&mut self, name: &str, from: Option<&Value>, to: Option<&Value>) {
        self.found.push(Cause::Parameter {
            name: self.named(name),
            from: from.cloned(),
            to: to.cloned(),
        });
    }
}

/// A field of something. Capitals name a case of the program's, not a field of the file.
fn below(name: &str, field: &str) -> String {
    match name {
        _ if field.starts_with(char::is_uppercase) => name.to_owned(),
        "" => field.to_owned(),
        name => format!("{name} {field}"),
    }
}

fn texts(items: &[Value]) -> Option<Vec<&str>> {
    items.iter().map(Value::as_str).collect()
}
