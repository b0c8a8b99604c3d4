#![doc = include_str!("../README.md")]

mod declared;
mod docs;
mod generated;
mod problem;
mod reports;
mod rows;
mod schema;
mod source;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use declared::{API, RIGHT, is_at};
use problem::Problems;
use rows::RowForm;

pub use declared::{Operation, operations};
pub use docs::{Page, page};
pub use source::{Door, Source};

/// The encodings of every body.
const ENCODINGS: &str = "As it is, or as gzip with `Content-Encoding: gzip`; limits are of what is unpacked.";

/// Makes the document.
pub fn document(source: Source<'_>) -> Value {
    let door = source.door;
    let mut document = API["doors"][door.name()].clone();
    let operator = document["x-rowgate-operator"].as_str().unwrap_or_default().to_owned();
    let mut schemas = schemas(source);
    let mut add = |operation: Operation<'_>| {
        let problems = Problems::of(&operation, door);
        document["paths"][operation.path][operation.method] = described(&operation, &problems, &operator);
        schemas.extend(problems.schemas());
    };
    for operation in operations() {
        if !operation.is_at(door) || !operation.is_documented() {
            continue;
        }
        add(operation);
        if operation.path == "/reports/{name}" {
            for report in source.reports {
                let path = format!("/reports/{}", report.name);
                add(operation.replaced(&path, &reports::operation(operation.value, report)));
            }
        }
    }
    document["components"]["schemas"] = Value::Object(schemas.into_iter().collect());
    let definitions = json!({ "shared.yaml": API["shared"], "generated": generated::definitions(source) });
    resolved(&document, &definitions, &generated::words(source))
}

/// Makes the document as JSON.
pub fn json(source: Source<'_>) -> String {
    document(source).to_string()
}

/// Returns the schemas of everything but problems, by name.
fn schemas(source: Source<'_>) -> BTreeMap<String, Value> {
    let declared = API["schemas"].as_object().into_iter().flatten();
    let declared = declared.filter(|(_, schema)| is_at(schema, source.door));
    let declared = declared.map(|(name, schema)| (name.clone(), schema.clone()));
    let rows = source
        .dictionary
        .visible_tables()
        .flat_map(|table| RowForm::ALL.map(|form| (form.schema_name(table), rows::row(table, form))));
    let reports = source.reports.iter().map(|report| (reports::schema_name(report), reports::answer(report)));
    declared.chain(rows).chain(reports).collect()
}

/// Completes a declared operation with the parts that all have: the answers that are problems, the
/// request's id in every answer, and the notes about operators and bodies.
fn described(operation: &Operation<'_>, problems: &Problems, operator: &str) -> Value {
    let mut described = operation.value.clone();
    if operation.right() == Some("operator") {
        let own = described["description"].as_str().unwrap_or_default();
        described["description"] = format!("{operator} {own}").trim_end().into();
    }
    if let Some(body) = described["requestBody"]["description"].as_str() {
        described["requestBody"]["description"] = format!("{body} {ENCODINGS}").into();
    }
    let declared = operation.value["responses"].as_object().into_iter().flatten();
    let mut answers: BTreeMap<_, _> =
        declared.map(|(status, answer)| (status.clone(), answer.clone())).collect();
    for (status, problem) in problems.responses() {
        answers.entry(status).and_modify(|answer| add_form(answer, &problem)).or_insert(problem);
    }
    for answer in answers.values_mut() {
        answer["headers"]["x-request-id"] = json!({ "$ref": "shared.yaml#/x-request-id" });
    }
    described["responses"] = Value::Object(answers.into_iter().collect());
    described
}

/// Adds another form to the answer of the same status; the content type tells them apart.
fn add_form(answer: &mut Value, other: &Value) {
    let both = [&answer["description"], &other["description"]].map(Value::as_str);
    answer["description"] = both.map(Option::unwrap_or_default).join(" Or: ").into();
    for part in ["headers", "content"] {
        for (name, value) in other[part].as_object().into_iter().flatten() {
            answer[part][name] = value.clone();
        }
    }
}

/// Puts in what references outside the document and `${…}` stand for, and leaves out the members
/// that are for Rowgate alone: all of its own but [`RIGHT`], by which clients know what a caller
/// may do.
fn resolved(value: &Value, definitions: &Value, words: &Value) -> Value {
    let resolved = |value| resolved(value, definitions, words);
    match value {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str).and_then(|to| to.split_once("#/"));
            let definition = reference.map(|(file, name)| &definitions[file][name]);
            let mut all = match definition.filter(|definition| definition.is_object()).map(resolved) {
                Some(Value::Object(defined)) => defined,
                _ => Map::new(),
            };
            let is_external = reference.is_some_and(|(file, _)| !file.is_empty());
            let own = members.iter().filter(|(name, _)| *name == RIGHT || !name.starts_with("x-rowgate-"));
            let own = own.filter(|(name, _)| !(is_external && *name == "$ref"));
            all.extend(own.map(|(name, member)| (name.clone(), resolved(member))));
            Value::Object(all)
        }
        Value::Array(items) => items.iter().map(resolved).collect(),
        Value::String(text) if text.contains("${") => substituted(text, words),
        other => other.clone(),
    }
}

/// Puts words into a text; a word that is all of the text keeps its type.
fn substituted(text: &str, words: &Value) -> Value {
    let mut text = text.to_owned();
    for (name, word) in words.as_object().into_iter().flatten() {
        let place = format!("${{{name}}}");
        if text == place {
            return word.clone();
        }
        text = text.replace(&place, &word.as_str().map_or_else(|| word.to_string(), str::to_owned));
    }
    text.into()
}

#[cfg(test)]
mod tests;
