//! The OpenAPI document, made from the types that are told and asked.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::events::{LAST_EVENT_ID, STREAM};
use super::table;
use crate::api;
use crate::http::SIGNS_OF_LIFE;

/// The document, OpenAPI 3.1.
pub(super) fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut schemas = settings.into_generator();
    let paths = paths(&mut schemas);
    let refusal = schemas.subschema_for::<api::Refusal>();
    let error = json!({ "type": "object", "required": ["error"], "properties": { "error": refusal } });
    let mut components = schemas.take_definitions(true);
    components.insert("Error".to_owned(), error);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Caracal",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What a running daemon tells. Nothing here changes anything.",
        },
        "paths": paths,
        "components": { "schemas": components },
    })
}

/// What is said of every address.
fn paths(schemas: &mut SchemaGenerator) -> Value {
    let mut paths = table::said(schemas);
    for (path, _, summary) in SIGNS_OF_LIFE {
        let content = json!({ "text/plain": { "schema": { "type": "string" } } });
        paths.insert(path.to_owned(), json!({ "get": question(summary, vec![], content) }));
    }
    paths.into()
}

/// A peer's name, in an address.
pub(super) fn name() -> Value {
    json!({
        "name": "name", "in": "path", "required": true, "schema": { "type": "string" },
        "description": "Its name or address",
    })
}

/// What happened, once or as it happens.
pub(super) fn events(schemas: &mut SchemaGenerator) -> Value {
    let mut words = words::<api::Recall>(schemas);
    words.push(json!({
        "name": LAST_EVENT_ID, "in": "header", "required": false, "schema": { "type": "string" },
        "description": "Of a stream: the `id` of the event read last, in the place of `after`",
    }));
    let mut question = list::<api::Event>("What happened; as a stream, what happens", words, schemas);
    let told = schemas.subschema_for::<api::Event>();
    question["responses"]["200"]["content"][STREAM] = json!({ "schema": told });
    question
}

pub(super) fn one<T: JsonSchema>(summary: &str, words: Vec<Value>, schemas: &mut SchemaGenerator) -> Value {
    let told = schemas.subschema_for::<T>();
    question(summary, words, json!({ "application/json": { "schema": told } }))
}

pub(super) fn list<T: JsonSchema>(summary: &str, words: Vec<Value>, schemas: &mut SchemaGenerator) -> Value {
    let told = schemas.subschema_for::<T>();
    let content = json!({
        "application/json": { "schema": { "type": "array", "items": told } },
        "application/x-ndjson": { "schema": told },
    });
    question(summary, words, content)
}

pub(super) fn question(summary: &str, words: Vec<Value>, content: Value) -> Value {
    let refused = json!({
        "description": "Refused, with the reason",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    });
    json!({
        "summary": summary,
        "parameters": words,
        "responses": { "200": { "description": summary, "content": content }, "default": refused },
    })
}

/// The fields of a query as parameters.
pub(super) fn words<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Vec<Value> {
    let fields = T::json_schema(schemas).to_value();
    let required = fields.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = fields.get("properties").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    let word = |(name, mut schema): (String, Value)| {
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let required = required.contains(&Value::from(name.as_str()));
        json!({
            "name": name, "in": "query", "required": required, "schema": schema, "description": description,
        })
    };
    properties.into_iter().map(word).collect()
}
