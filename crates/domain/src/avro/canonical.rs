//! The Parsing Canonical Form of a schema, which its fingerprint is made of
//! (<https://avro.apache.org/docs/1.12.0/specification/#parsing-canonical-form-for-schemas>).

use serde_json::Value;
use sha2::{Digest, Sha256};

const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/// SHA-256 of the schema's canonical form, as 64 hexadecimal digits.
pub(super) fn fingerprint(schema: &Value) -> String {
    let mut form = String::new();
    write(schema, "", &mut form);
    hex::encode(Sha256::digest(form.as_bytes()))
}

/// Writes the schema without documentation, defaults, aliases and logical types, with full names,
/// in the order of the specification. An invalid schema gives a form whose fingerprint no other
/// schema has.
fn write(schema: &Value, namespace: &str, form: &mut String) {
    match schema {
        Value::String(name) => write_string(&full_name(name, namespace), form),
        Value::Array(branches) => {
            write_list(branches, form, |branch, form| write(branch, namespace, form));
        }
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            if let Some(kind) = text("type").filter(|kind| PRIMITIVES.contains(kind)) {
                return write_string(kind, form);
            }
            let own = text("namespace").unwrap_or(namespace);
            let name = text("name").map(|name| full_name(name, own));
            let inside = match name.as_deref().and_then(|name| name.rsplit_once('.')) {
                Some((inside, _)) => inside,
                None if name.is_some() => "",
                None => namespace,
            };
            form.push('{');
            let mut separator = "";
            for member in ["name", "type", "fields", "symbols", "items", "values", "size"] {
                let Some(value) = members.get(member) else { continue };
                form.push_str(separator);
                separator = ",";
                write_string(member, form);
                form.push(':');
                match (member, &name, value) {
                    ("name", Some(name), _) => write_string(name, form),
                    ("fields", _, Value::Array(fields)) => {
                        write_list(fields, form, |field, form| write_field(field, inside, form));
                    }
                    ("items" | "values", ..) => write(value, inside, form),
                    ("type", _, Value::Object(_) | Value::Array(_)) => write(value, inside, form),
                    _ => form.push_str(&value.to_string()),
                }
            }
            form.push('}');
        }
        other => form.push_str(&other.to_string()),
    }
}

fn write_field(field: &Value, namespace: &str, form: &mut String) {
    form.push_str("{\"name\":");
    form.push_str(&field.get("name").unwrap_or(&Value::Null).to_string());
    form.push_str(",\"type\":");
    write(field.get("type").unwrap_or(&Value::Null), namespace, form);
    form.push('}');
}

fn write_list(list: &[Value], form: &mut String, each: impl Fn(&Value, &mut String)) {
    form.push('[');
    for (index, item) in list.iter().enumerate() {
        if index > 0 {
            form.push(',');
        }
        each(item, form);
    }
    form.push(']');
}

fn write_string(text: &str, form: &mut String) {
    form.push_str(&Value::from(text).to_string());
}

fn full_name(name: &str, namespace: &str) -> String {
    if namespace.is_empty() || name.contains('.') || PRIMITIVES.contains(&name) {
        name.to_owned()
    } else {
        format!("{namespace}.{name}")
    }
}
