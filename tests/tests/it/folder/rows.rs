//! Rows over the API.

use std::collections::BTreeSet;

use domain::dictionary::{Column, ColumnType, Table, Unknown};
use domain::folder::TableFolder;
use reqwest::Method;
use serde_json::{Value, json};

use super::{SampleRow, is_referred};
use crate::support::{Api, Cloud, Reply, assert_problem};

async fn put(api: &Api, row: &SampleRow, body: &Value) -> Reply {
    let request = api.request(Method::PUT, &row.path).header("content-type", "application/json");
    api.send(request.body(body.to_string())).await
}

fn insert_path(table: &Table) -> String {
    format!("/tables/{}/rows", table.name())
}

/// Inserts all rows, and reads each of them.
pub(super) async fn go_in_and_come_back(cloud: &Cloud, tables: &[(&Table, Vec<SampleRow>)]) {
    for (table, rows) in tables {
        let body: Vec<Value> = rows.iter().map(|row| row.json.clone()).collect();
        let reply = cloud.api.post(&insert_path(table), &body.into()).await;
        assert_eq!(reply.status, 201, "{}: {}", table.name(), reply.text);
        for row in rows.iter().step_by(7) {
            let read = cloud.api.get(&row.path).await;
            assert_eq!((read.status, read.json()), (200, row.json.clone()), "{}", row.path);
            let same = put(&cloud.api, row, &row.json).await;
            assert_eq!((same.status, same.json()), (200, row.json.clone()), "{}", row.path);
        }
    }
}

/// Sends rows that each break one thing, and expects its code.
pub(super) async fn are_refused_for_what_they_break(cloud: &Cloud, tables: &[(&Table, Vec<SampleRow>)]) {
    for (table, rows) in tables {
        let again = cloud.api.post(&insert_path(table), &json!([rows[0].json, rows[1].json])).await;
        assert_eq!(again.status, 422, "{}", again.text);
        assert!(
            again.codes(table.name()).iter().all(|codes| codes.contains("duplicate_id")),
            "{}",
            again.text
        );
        for (row, column, code) in broken_rows(table, rows) {
            let prefer = cloud.api.request(Method::POST, &insert_path(table)).header("prefer", "tx=dry-run");
            let request = prefer.header("content-type", "application/json").body(json!([row]).to_string());
            let reply = cloud.api.send(request).await;
            let errors = reply.json()["tables"][table.name()]["rejected"][0]["errors"].clone();
            let is_it = |error: &Value| error["code"] == code && error["column"] == column.as_str();
            assert!(
                errors.as_array().is_some_and(|errors| errors.iter().any(is_it)),
                "{row} has no {code} of {column}: {}",
                reply.text
            );
        }
    }
}

/// Returns rows of which each breaks one thing, with the column and the code.
fn broken_rows(table: &Table, rows: &[SampleRow]) -> Vec<(Value, String, &'static str)> {
    let mut broken = Vec::new();
    let mut add = |name: &str, value: Value, code| {
        let mut row = rows[0].json.clone();
        row[name] = value;
        broken.push((row, name.to_owned(), code));
    };
    for column in table.columns() {
        let name = column.name();
        if column.required() {
            add(name, Value::Null, "required");
        }
        match column.column_type() {
            ColumnType::String { max } => add(name, "x".repeat(max as usize + 1).into(), "too_long"),
            of if of.is_whole_number() => add(name, "x".into(), "type"),
            ColumnType::Date | ColumnType::Timestamp { .. } => add(name, "2021-02-30".into(), "timestamp"),
            ColumnType::Boolean | ColumnType::Uuid => add(name, "x".into(), "type"),
            _ => {}
        }
        let rules = column.rules();
        if rules.is_some_and(|rules| !rules.values().is_empty()) && column.column_type().is_text() {
            add(name, "x!".into(), "rule");
        }
        if rules.is_some_and(|rules| rules.minimum().is_some()) && column.column_type().is_whole_number() {
            add(name, (-30_000).into(), "rule");
        }
    }
    for reference in table.references() {
        let [column] = reference.columns() else { continue };
        let column = &table.columns()[*column];
        if reference.on_unknown().api == Unknown::Reject && column.column_type() == ColumnType::Uuid {
            add(column.name(), "ffffffff-ffff-4fff-bfff-ffffffffffff".into(), "unknown_reference");
        } else if reference.on_unknown().api == Unknown::Reject && column.column_type().is_whole_number() {
            add(column.name(), 32_001.into(), "unknown_reference");
        }
    }
    for unique in table.unique() {
        let [column] = unique[..] else { continue };
        let name = table.columns()[column].name();
        // Another row's value, in a row that is there under its own key.
        add(name, rows[1].json[name].clone(), "duplicate_value");
    }
    broken
}

/// Pages that are short, before the pages that read the rows of other tests as well.
const SHORT_PAGES: usize = 5;

/// Reads all rows in pages, and finds each of the sample's once.
pub(super) async fn are_paged_through(cloud: &Cloud, tables: &[(&Table, Vec<SampleRow>)]) {
    for (table, rows) in tables {
        let keys: Vec<&str> = table.key_columns().map(Column::name).collect();
        let key_of =
            |row: &Value| keys.iter().map(|name| row[*name].to_string()).collect::<Vec<_>>().join(" ");
        let mut found = BTreeSet::new();
        let mut path = format!("{}?limit=17", insert_path(table));
        for number in 1.. {
            let reply = cloud.api.get(&path).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.text);
            let page = reply.json();
            for row in page["rows"].as_array().unwrap() {
                assert!(found.insert(key_of(row)), "{path} has {row} once more");
            }
            let next = match &page["next"] {
                Value::Null => break,
                Value::String(next) => next.clone(),
                next => next.to_string(),
            };
            let limit = if number < SHORT_PAGES { 17 } else { 1000 };
            path = format!("{}?limit={limit}&after={next}", insert_path(table));
        }
        for row in rows {
            assert!(found.contains(&key_of(&row.json)), "{} has no {}", table.name(), row.path);
        }
    }
}

/// Deletes rows that nothing refers to; the others are refused.
pub(super) async fn are_deleted(cloud: &Cloud, folder: &TableFolder, tables: &[(&Table, Vec<SampleRow>)]) {
    let operator = cloud.as_operator();
    let delete = async |row: &SampleRow| operator.send(operator.request(Method::DELETE, &row.path)).await;
    for (table, rows) in tables {
        if is_referred(folder, table) {
            let mut refused = 0;
            for row in rows.iter().take(5) {
                refused += usize::from(delete(row).await.status == 409);
            }
            assert!(refused > 0, "every row of {} could be deleted", table.name());
        } else {
            assert_eq!(delete(&rows[0]).await.status, 204);
            assert_problem(&cloud.api.get(&rows[0].path).await, 404, "not-found");
            assert_problem(&delete(&rows[0]).await, 404, "not-found");
        }
    }
}
