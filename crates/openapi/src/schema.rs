//! Short ways to write schemas.

use domain::parameter::{Parameter, ParameterType};
use serde_json::{Value, json};

/// The pattern of a day that exists in the years 1000 to 9999, as rows and reports' parameters have
/// it.
pub(crate) const DAY: &str = concat!(
    "(?:[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|",
    "02-(?:0[1-9]|1[0-9]|2[0-8]))|",
    // A 29th of February: of years that 4 divides, but not 100, and of those that 400 divides.
    "(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)",
);

/// Refers to a schema of the document by its name.
pub(crate) fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Names a schema after words with `separator` between them: `FilesByQuarter` of
/// `files-by-quarter`.
pub(crate) fn camel_case(words: &str, separator: char) -> String {
    let capitalized = words.split(separator).map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + rest
    });
    capitalized.collect()
}

/// Describes text that a regular expression matches as a whole.
pub(crate) fn matching(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": format!("^{pattern}$") })
}

/// Describes text that is one of some words.
pub(crate) fn one_of<W: Into<Value>>(words: impl IntoIterator<Item = W>) -> Value {
    json!({ "type": "string", "enum": words.into_iter().map(Into::into).collect::<Vec<Value>>() })
}

/// Describes a whole number within these bounds.
pub(crate) fn integer(minimum: i64, maximum: i64) -> Value {
    let fits = i32::try_from(minimum).is_ok() && i32::try_from(maximum).is_ok();
    let format = if fits { "int32" } else { "int64" };
    json!({ "type": "integer", "format": format, "minimum": minimum, "maximum": maximum })
}

/// Allows `null` as well; a list of words gets it as one more.
pub(crate) fn or_null(mut schema: Value) -> Value {
    schema["type"] = match schema["type"].take() {
        Value::Array(mut types) => {
            types.push("null".into());
            types.into()
        }
        one => json!([one, "null"]),
    };
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.push(Value::Null);
    }
    schema
}

/// Adds a description, where there is one.
pub(crate) fn described(mut schema: Value, description: &str) -> Value {
    if !description.is_empty() {
        schema["description"] = description.into();
    }
    schema
}

/// Describes an object with exactly these members; those that come with `true` are required.
pub(crate) fn object(members: impl IntoIterator<Item = (String, Value, bool)>) -> Value {
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": {} });
    let mut required = Vec::new();
    for (name, value, is_required) in members {
        if is_required {
            required.push(name.clone());
        }
        schema["properties"][name] = value;
    }
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

/// Describes the values of a parameter.
pub(crate) fn of_parameter(parameter: &Parameter) -> Value {
    match &parameter.parameter_type {
        ParameterType::Integer { minimum, maximum } => integer(*minimum, *maximum),
        ParameterType::String { max_length } => json!({ "type": "string", "maxLength": max_length }),
        ParameterType::Choice { values } => one_of(values.iter().map(String::as_str)),
        ParameterType::Boolean => json!({ "type": "boolean" }),
        ParameterType::Date => matching(DAY),
    }
}

/// Describes a parameter of the query.
pub(crate) fn in_query(parameter: &Parameter) -> Value {
    let mut schema = of_parameter(parameter);
    if let Some(default) = &parameter.default {
        schema["default"] = json!(default);
    }
    let Parameter { name, description, required, .. } = parameter;
    let in_query = json!({ "name": name, "in": "query", "required": required, "schema": schema });
    described(in_query, description)
}
