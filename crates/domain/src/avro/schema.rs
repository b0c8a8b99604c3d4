use serde_json::{Value, json};

use super::canonical;
use super::kind::{Kind, count};
use crate::dictionary::{Column, Table};
use crate::value::{Value as Cell, to_twos_complement};

/// The namespace of all records.
const NAMESPACE: &str = "rowgate";

/// The attribute of a field of `timestamp-millis` that says how many digits of a fraction its
/// column had; 0 where there is none. A row's checksum is made of a text that has these digits.
/// Fields keep attributes when other programs write their schema again, logical types may lose
/// theirs.
pub(super) const DIGITS: &str = "digits";

/// The Avro schema of a table: a record with a field for each column.
///
/// | column | Avro |
/// |---|---|
/// | smallint, integer | int |
/// | bigint | long |
/// | double | double |
/// | decimal(p,s) | bytes, decimal(p,s) |
/// | string, text, json | string |
/// | uuid | string, uuid |
/// | binary | bytes |
/// | boolean | boolean |
/// | date | int, date |
/// | time | int, time-millis |
/// | timestamp | long, timestamp-millis (UTC) |
/// | timestamp(3) | the same, with the attribute [`DIGITS`] |
/// | timestamp(6) | long, timestamp-micros (UTC) |
///
/// A column that the database lets be NULL is a union of null and that, with null as its default.
/// The default that the dictionary names is the field's; in a union it is the other branch that
/// comes first then, as Avro wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    table: String,
    json: String,
    fingerprint: String,
    pub(super) fields: Vec<Field>,
}

/// The encoding of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// The branch that is null, 0 or 1, where the field is a union.
    pub(super) null: Option<u8>,
}

impl Schema {
    /// Returns the schema of `table`; `nullable` says for each column if the database's column
    /// takes NULL. A column beyond the end of `nullable` counts as one that does not.
    pub fn of(table: &Table, nullable: &[bool]) -> Self {
        let mut fields = Vec::with_capacity(table.columns().len());
        let mut json_fields = Vec::with_capacity(table.columns().len());
        for (index, column) in table.columns().iter().enumerate() {
            let nullable = nullable.get(index).is_some_and(|nullable| *nullable);
            let kind = Kind::of(column.column_type());
            let null = nullable.then_some(u8::from(column.default().is_some()));
            json_fields.push(field_json(column, kind, null));
            fields.push(Field { name: column.name().to_owned(), kind, null });
        }
        let mut schema = json!({ "type": "record", "name": table.name(), "namespace": NAMESPACE });
        if !table.description().is_empty() {
            schema["doc"] = table.description().into();
        }
        schema["fields"] = json_fields.into();
        Self {
            table: table.name().to_owned(),
            json: schema.to_string(),
            fingerprint: canonical::fingerprint(&schema),
            fields,
        }
    }

    /// Returns the table's name, which is the record's.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Returns the schema as JSON, with documentation and logical types.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Returns the SHA-256 of the schema's Parsing Canonical Form, as 64 lower-case hexadecimal
    /// digits. That form does not contain documentation and logical types.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

fn field_json(column: &Column, kind: Kind, null: Option<u8>) -> Value {
    let own = match kind {
        Kind::Decimal { precision, scale } => {
            json!({ "type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale })
        }
        Kind::Date => json!({ "type": "int", "logicalType": "date" }),
        Kind::Time => json!({ "type": "int", "logicalType": "time-millis" }),
        Kind::Timestamp { digits: 6 } => json!({ "type": "long", "logicalType": "timestamp-micros" }),
        Kind::Timestamp { .. } => json!({ "type": "long", "logicalType": "timestamp-millis" }),
        Kind::Uuid => json!({ "type": "string", "logicalType": "uuid" }),
        Kind::Int | Kind::Long | Kind::Double | Kind::Boolean | Kind::Text | Kind::Json | Kind::Bytes => {
            Value::from(kind.to_string())
        }
    };
    let mut field = json!({ "name": column.name() });
    if !column.description().is_empty() {
        field["doc"] = column.description().into();
    }
    field["type"] = match null {
        None => own,
        Some(0) => json!(["null", own]),
        Some(_) => json!([own, "null"]),
    };
    if let Kind::Timestamp { digits: digits @ 1..6 } = kind {
        field[DIGITS] = digits.into();
    }
    if let Some(default) = column.default() {
        field["default"] = default_json(default);
    } else if null.is_some() {
        field["default"] = Value::Null;
    }
    field
}

/// A default as a schema has it: bytes are text of which each character is a byte.
/// <https://avro.apache.org/docs/1.12.0/specification/#schema-record>
fn default_json(value: &Cell<'_>) -> Value {
    match value {
        Cell::Null => Value::Null,
        Cell::Integer(number) => (*number).into(),
        Cell::Decimal(decimal) => {
            let all = decimal.unscaled.to_be_bytes();
            text_of_bytes(to_twos_complement(&all))
        }
        Cell::Double(number) => number.get().into(),
        Cell::Text(text) | Cell::Json(text) => text.as_ref().into(),
        Cell::Uuid(uuid) => uuid.to_string().into(),
        Cell::Binary(bytes) => text_of_bytes(bytes),
        Cell::Boolean(truth) => (*truth).into(),
        Cell::Date(day) => day.days().into(),
        Cell::Time(time) => (time.seconds() * 1000).into(),
        Cell::Timestamp(moment) => count(*moment).into(),
    }
}

fn text_of_bytes(bytes: &[u8]) -> Value {
    bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library;

    #[test]
    fn writes_the_schema_of_documents() {
        let documents = library::dictionary().table("documents").unwrap();
        let schema = Schema::of(documents, &[false, false, false, true, true]);
        let expected = json!({
            "type": "record",
            "name": "documents",
            "namespace": "rowgate",
            "doc": "What was filed, when, with which tag and in which collection.",
            "fields": [
                { "name": "id", "doc": "Identifies the document.", "type": "int" },
                { "name": "name", "doc": "First and last name of the author.", "type": "string" },
                {
                    "name": "datetime",
                    "doc": "When the document was filed (UTC).",
                    "type": { "type": "long", "logicalType": "timestamp-millis" },
                },
                {
                    "name": "collection_id",
                    "doc": "The collection filed in.",
                    "type": ["null", "int"],
                    "default": null,
                },
                { "name": "tag_id", "doc": "The tag filed with.", "type": ["null", "int"], "default": null },
            ],
        });
        assert_eq!(schema.json(), expected.to_string());
        assert_eq!(schema.table(), "documents");
    }

    #[test]
    fn writes_defaults_of_the_first_branch() {
        let text = "[[table]]\nname = \"t\"\ncolumns = [{ name = \"id\", type = \"integer\", key = true }, \
                    { name = \"rent\", type = \"decimal(5,2)\", default = \"-1.28\" }, \
                    { name = \"open\", type = \"boolean\", default = false }]";
        let dictionary = crate::dictionary::Dictionary::parse("t.toml", text).unwrap();
        let schema = Schema::of(&dictionary.tables()[0], &[false, false, true]);
        let json: Value = serde_json::from_str(schema.json()).unwrap();
        // -128 in one byte.
        assert_eq!(json["fields"][1]["default"], "\u{80}");
        assert_eq!(
            (&json["fields"][2]["type"], &json["fields"][2]["default"]),
            (&json!(["boolean", "null"]), &json!(false))
        );
    }
}
