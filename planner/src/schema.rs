//! The JSON Schema of `layercake.yaml`, for editors: generated from the types of [`spec`](crate::spec).

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::spec::Spec;

/// Where the schema is published.
pub const ID: &str =
    "https://raw.githubusercontent.com/layercake-build/layercake/main/docs/layercake.schema.json";

/// The form of the names of stages, services and bases.
pub(crate) const NAME: &str = "^[a-z0-9][a-z0-9._-]*$";
/// The form of the names of build arguments and environment variables.
pub(crate) const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_]*$";

/// The schema, by draft 2020-12.
pub fn schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.transforms = vec![Box::new(RecursiveTransform(tidy))];
    let mut schema = settings.into_generator().into_root_schema_for::<Spec>();
    schema.insert("$id".into(), ID.into());
    schema.to_value()
}

/// Takes out what the types have and the file has not: null for what is left out, line breaks of comments.
fn tidy(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
    }
    if let Some(Value::Array(options)) = object.get_mut("anyOf") {
        options.retain(|option| option["type"] != "null");
        if let [Value::Object(only)] = options.as_slice() {
            let mut only = only.clone();
            object.remove("anyOf");
            only.append(object);
            *object = only;
        }
    }
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

/// Says in the schema that a value in place of the mapping is short for the one key named.
pub(crate) struct Short(pub(crate) &'static str);

impl Transform for Short {
    fn transform(&mut self, schema: &mut Schema) {
        let mapping = schema.ensure_object();
        let description = mapping.remove("description");
        let short = mapping["properties"][self.0].clone();
        let either = json!([short, std::mem::take(mapping)]);
        mapping.insert("anyOf".into(), either);
        mapping.extend(description.map(|text| ("description".into(), text)));
    }
}

/// One value or a list of them.
pub(crate) fn one_or_many<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let one = generator.subschema_for::<T>();
    json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
}

#[cfg(test)]
mod tests;
