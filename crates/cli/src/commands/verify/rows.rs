//! The checks of rows over HTTP.

use anyhow::Result;
use domain::row::RowCode;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::cloud::{Cloud, NOBODY, Row, TABLE, call, ensure_sentence, read};
use super::report::{Outcome, passed, skipped};
use crate::api::{NO_QUERY, path};

/// Rows of a request at most.
const MOST: i64 = 1000;
/// The first number of the rows of each check.
const FIRST_OF_ROWS: i64 = 10_000;
const FIRST_OF_REJECTS: i64 = 12_000;
const FIRST_OF_REPEATS: i64 = 13_000;
/// Rows of a page: not a divisor of how many there are.
const PAGE: usize = 300;

/// Inserts one row with the writer's key, and reads it.
pub(super) async fn one(cloud: &Cloud) -> Result<Outcome> {
    let mut row = cloud.row(1, "Zoë's \"row\" \\ 行; --");
    row["label"] = json!("one");
    let path = path(&["tables", TABLE, "rows"], &NO_QUERY);
    let answer = call(&cloud.writer, Method::POST, &path, &[], Some(&row), &[201, 403]).await?;
    let by_writer = answer.status() == 201;
    if !by_writer {
        cloud.post(&row, &[], &[201]).await?;
    }
    let found = cloud.find(cloud.base + 1).await?.map(Value::Object);
    ensure_sentence(found.as_ref() == Some(&row), || {
        format!("The row was read back as {}, not as {row}", found.unwrap_or_default())
    })?;
    if by_writer {
        passed("inserted with the writer's key, and read back as it was sent")
    } else {
        skipped(format!(
            "the key in ROWGATE_API_KEY may not write {TABLE}, being of other tables; the operator's inserted the row"
        ))
    }
}

/// Inserts as many rows as a request takes.
pub(super) async fn thousand(cloud: &Cloud) -> Result<Outcome> {
    #[derive(Deserialize)]
    struct Inserted {
        inserted: i64,
    }
    let (before, _) = cloud.rows(1000).await?;
    let mut rows: Value = (0..MOST).map(|number| cloud.row(FIRST_OF_ROWS + number, "rows")).collect();
    // A row may name one that comes before it.
    rows[1]["parent"] = rows[0]["id"].clone();
    let Inserted { inserted } = read(&cloud.post(&rows, &[], &[201]).await?)?;
    ensure_sentence(inserted == MOST, || format!("{inserted} rows were inserted, not {MOST}"))?;
    cloud.expect_rows(before.len() + 1000).await?;
    passed(format!("{MOST} in one request"))
}

/// Sends a row for each reason to reject one.
pub(super) async fn rejects(cloud: &Cloud) -> Result<Outcome> {
    #[derive(Deserialize)]
    struct Answer {
        tables: std::collections::BTreeMap<String, OfTable>,
    }
    #[derive(Deserialize)]
    struct OfTable {
        rejected: Vec<Rejected>,
    }
    #[derive(Deserialize)]
    struct Rejected {
        index: usize,
        errors: Vec<Error>,
    }
    #[derive(Deserialize)]
    struct Error {
        code: String,
    }
    let mut good = cloud.row(FIRST_OF_REJECTS, "rejects");
    good["label"] = json!("rejects");
    let wrong = RowCode::OF_ROWS.iter().zip(1..).map(|(code, number)| wrong_row(cloud, *code, number));
    let rows: Value = std::iter::once(good).chain(wrong).collect();
    let answer: Answer = read(&cloud.post(&rows, &[], &[207]).await?)?;
    let rejected = answer.tables.get(TABLE).map(|table| &*table.rejected).unwrap_or_default();
    for (code, index) in RowCode::OF_ROWS.iter().zip(1..) {
        let found = rejected.iter().find(|rejected| rejected.index == index);
        let found: Vec<&str> =
            found.into_iter().flat_map(|rejected| &rejected.errors).map(|error| &*error.code).collect();
        ensure_sentence(found == [code.as_str()], || {
            let found = if found.is_empty() { "taken".to_owned() } else { found.join(", ") };
            format!("A row to be rejected as {code} was {found}")
        })?;
    }
    passed(format!("{} codes, a row each, beside one that was inserted", RowCode::OF_ROWS.len()))
}

/// Returns a row that is to be rejected with this code, and no other.
fn wrong_row(cloud: &Cloud, code: RowCode, number: i64) -> Value {
    let mut row = cloud.row(FIRST_OF_REJECTS + number, "rejects");
    let (column, value) = match code {
        RowCode::Required => ("note", json!(null)),
        RowCode::Type => ("amount", json!("some")),
        RowCode::TooLong => ("note", json!("n".repeat(65))),
        RowCode::OutOfRange => ("amount", json!(3_000_000_000_u32)),
        RowCode::Timestamp => ("at", json!("2026-02-30T00:00:00Z")),
        RowCode::Rule => ("amount", json!(-1)),
        RowCode::UnknownColumn => ("colour", json!("red")),
        RowCode::DuplicateId => ("id", json!(cloud.base)),
        RowCode::DuplicateInBatch => ("id", json!(cloud.base + FIRST_OF_REJECTS)),
        RowCode::DuplicateValue => ("label", json!("rejects")),
        RowCode::UnknownReference => ("parent", json!(cloud.base + NOBODY)),
        // Codes of files alone.
        RowCode::FieldCount | RowCode::Encoding | RowCode::Quote => return row,
    };
    row[column] = value;
    row
}

/// Sends a request twice with one idempotency key, and another one with the same key.
pub(super) async fn repeat(cloud: &Cloud) -> Result<Outcome> {
    let key = format!("verify-{}", cloud.base);
    let headers = [("idempotency-key", key.as_str())];
    let row = cloud.row(FIRST_OF_REPEATS, "repeat");
    let first = cloud.post(&row, &headers, &[201]).await?;
    let again = cloud.post(&row, &headers, &[201]).await?;
    let is_replayed = again.headers().get("idempotency-replayed").is_some_and(|value| value == "true");
    ensure_sentence(is_replayed && first.body() == again.body(), || {
        "The repeated request was not answered as the first one".to_owned()
    })?;
    let other = cloud.row(FIRST_OF_REPEATS + 1, "repeat");
    cloud.post(&other, &headers, &[422]).await?;
    let rows = (
        cloud.find(cloud.base + FIRST_OF_REPEATS).await?,
        cloud.find(cloud.base + FIRST_OF_REPEATS + 1).await?,
    );
    ensure_sentence(matches!(rows, (Some(_), None)), || {
        "The key must let the first request's row in, and no other's".to_owned()
    })?;
    passed("the same answer for the same request, 422 for another")
}

/// Reads the table page by page.
pub(super) async fn page(cloud: &Cloud) -> Result<Outcome> {
    let (rows, pages) = cloud.rows(PAGE).await?;
    let ids: Vec<Option<i64>> = rows.iter().map(id).collect();
    ensure_sentence(ids.is_sorted_by(|one, next| one < next), || {
        "The pages have rows twice, or not in the order of their ids".to_owned()
    })?;
    let (all, _) = cloud.rows(1000).await?;
    ensure_sentence(rows == all && pages > 3, || {
        format!("{pages} pages of {PAGE} rows have {} rows, and pages of 1000 have {}", rows.len(), all.len())
    })?;
    passed(format!("{} rows in {pages} pages, each once and in order", rows.len()))
}

/// Returns the id of a row.
pub(super) fn id(row: &Row) -> Option<i64> {
    row.get("id").and_then(Value::as_i64)
}
