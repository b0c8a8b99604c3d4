use serde_json::{Value, json};

use super::canonical;
use super::kind::Kind;
use crate::dictionary::{Column, Table};

/// The namespace of all records.
const NAMESPACE: &str = "rowgate";

/// The Avro schema of a table: a record with a field for each column.
///
/// | column | Avro |
/// |---|---|
/// | integer, bigint | int, long |
/// | decimal(p,s) | bytes, decimal(p,s) |
/// | string | string |
/// | boolean | boolean |
/// | date | int, date |
/// | timestamp | long, timestamp-millis (UTC) |
///
/// A column that the database lets be NULL is a union of null and that, with null as its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    table: String,
    json: String,
    fingerprint: String,
    pub(super) fields: Vec<Field>,
}

/// How a column is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
}

impl Schema {
    /// The schema of `table`; `nullable` tells for each column whether the database's column takes NULL. A column that
    /// `nullable` does not reach is taken for one that does not.
    pub fn of(table: &Table, nullable: &[bool]) -> Self {
        let mut fields = Vec::with_capacity(table.columns().len());
        let mut json_fields = Vec::with_capacity(table.columns().len());
        for (index, column) in table.columns().iter().enumerate() {
            let nullable = nullable.get(index).is_some_and(|nullable| *nullable);
            let kind = Kind::of(column.column_type());
            json_fields.push(field_json(column, kind, nullable));
            fields.push(Field { name: column.name().to_owned(), kind, nullable });
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

    /// The table's name, which is the record's.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The schema as JSON, with documentation and logical types.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// SHA-256 of the schema's Parsing Canonical Form, as 64 lower-case hexadecimal digits. Documentation and logical types
    /// are no part of that form.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

fn field_json(column: &Column, kind: Kind, nullable: bool) -> Value {
    let own = match kind {
        Kind::Decimal { precision, scale } => {
            json!({ "type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale })
        }
        Kind::Date => json!({ "type": "int", "logicalType": "date" }),
        Kind::Timestamp => json!({ "type": "long", "logicalType": "timestamp-millis" }),
        Kind::Int | Kind::Long | Kind::Boolean | Kind::Text => Value::from(kind.to_string()),
    };
    let mut field = json!({ "name": column.name() });
    if !column.description().is_empty() {
        field["doc"] = column.description().into();
    }
    if nullable {
        field["type"] = json!(["null", own]);
        field["default"] = Value::Null;
    } else {
        field["type"] = own;
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn writes_the_schema_of_employees() {
        let employees = shipped::dictionary().unwrap().table("employees").unwrap();
        let schema = Schema::of(employees, &[false, false, false, true, true]);
        let expected = json!({
            "type": "record",
            "name": "employees",
            "namespace": "rowgate",
            "doc": "Who was hired, when, for which job and into which department.",
            "fields": [
                { "name": "id", "doc": "Identifies the employee.", "type": "int" },
                { "name": "name", "doc": "First and last name.", "type": "string" },
                {
                    "name": "datetime",
                    "doc": "When the employee was hired (UTC).",
                    "type": { "type": "long", "logicalType": "timestamp-millis" },
                },
                {
                    "name": "department_id",
                    "doc": "The department hired into.",
                    "type": ["null", "int"],
                    "default": null,
                },
                { "name": "job_id", "doc": "The job hired for.", "type": ["null", "int"], "default": null },
            ],
        });
        assert_eq!(schema.json(), expected.to_string());
        assert_eq!(schema.table(), "employees");
    }
}
