//! A path and a schema for each report, with its own parameters and columns.

use domain::report::{Column, ColumnType, Report};
use serde_json::{Value, json};

use crate::schema::{camel_case, described, in_query, named, object, of_parameter, one_of, or_null};

/// Names the schema of a report's answer: `FilesByQuarterReport`.
pub(crate) fn schema_name(report: &Report) -> String {
    camel_case(&report.name, '-') + "Report"
}

/// Turns the declared operation that runs any report into that of one report.
pub(crate) fn operation(of_any: &Value, report: &Report) -> Value {
    let mut operation = of_any.clone();
    operation["operationId"] = format!("run{}", schema_name(report)).into();
    operation["summary"] = report.title.as_str().into();
    operation["description"] = report.description.as_str().into();
    operation["parameters"] = report.parameters.iter().map(in_query).collect();
    operation["responses"]["200"]["content"]["application/json"]["schema"] = named(&schema_name(report));
    if let Some(problems) = operation["x-rowgate-problems"].as_array_mut() {
        // The path of this report is always there.
        problems.retain(|kind| kind != "not-found");
    }
    operation
}

/// Describes the answer of a report.
pub(crate) fn answer(report: &Report) -> Value {
    let columns = &report.columns;
    let parameters = report.parameters.iter().map(|parameter| {
        // A parameter that was not given and has no default is left out.
        let is_present = parameter.required || parameter.default.is_some();
        (parameter.name.clone(), of_parameter(parameter), is_present)
    });
    let row = object(columns.iter().map(|column| (column.name.clone(), value(column), true)));
    let members = [
        ("report", one_of([report.name.as_str()])),
        ("parameters", object(parameters)),
        (
            "columns",
            json!({
                "type": "array",
                "items": one_of(columns.iter().map(|column| column.name.as_str())),
                "minItems": columns.len(),
                "maxItems": columns.len(),
            }),
        ),
        ("rows", json!({ "type": "array", "items": row })),
    ];
    let members = members.map(|(name, schema)| (name.to_owned(), schema, true));
    described(object(members), &report.title)
}

fn value(column: &Column) -> Value {
    let schema = match column.column_type {
        ColumnType::Integer => json!({ "type": "integer" }),
        ColumnType::Decimal | ColumnType::Double => json!({ "type": "number" }),
        ColumnType::String => json!({ "type": "string" }),
        ColumnType::Boolean => json!({ "type": "boolean" }),
        ColumnType::Date => json!({ "type": "string", "format": "date" }),
        ColumnType::Timestamp => json!({ "type": "string", "format": "date-time" }),
    };
    described(or_null(schema), &column.description)
}
