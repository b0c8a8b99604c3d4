//! `POST /insert_data` and `POST /tables/{table}/rows`.

use domain::batch::{MAX_BODY_BYTES, MAX_ROWS};
use domain::dictionary::Dictionary;
use domain::idempotency::MAX_KEY_CHARS;
use domain::prefer::TxPreference;
use domain::problem::ProblemKind;
use serde_json::Map;
use utoipa::openapi::Required;
use utoipa::openapi::path::{HttpMethod, Parameter};
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, Type};

use super::table;
use crate::Source;
use crate::answer::{Sent, json};
use crate::operation::Route;
use crate::problem::row_error;
use crate::rows::{RowForm, example};
use crate::schema::{NOTHING_ELSE, array, count, in_header, integer, matching, named, object, text};

const TAG: &str = "Rows";

pub(super) fn routes(source: Source) -> Vec<Route> {
    let dictionary = source.dictionary;
    let all = Route::new(
        HttpMethod::Post,
        "/insert_data",
        TAG,
        "insertData",
        "Insert rows into several tables",
    )
    .describe(format!(
        "Tables are inserted in the order of their references ({}), so one request may carry a department and its employees. \
         {MAX_ROWS} rows in all at most, and {MAX_BODY_BYTES} bytes.",
        dictionary.table_names()
    ))
    .body(Required::True, "Arrays of rows by the names of their tables.", batch(dictionary));
    let one =
        Route::new(HttpMethod::Post, "/tables/{table}/rows", TAG, "insertRows", "Insert rows into a table")
            .describe(format!(
                "An array of rows, or one row. {MAX_ROWS} rows at most, and {MAX_BODY_BYTES} bytes."
            ))
            .parameters([table(dictionary)])
            .body(
                Required::True,
                "Rows of the table that the path names.",
                dictionary.visible_tables().fold(AnyOfBuilder::new(), |any, table| {
                    let row = RowForm::Insert.schema_of(table);
                    any.item(named(&row))
                        .item(array(named(&row)).min_items(Some(1)).max_items(Some(MAX_ROWS)))
                }),
            );
    [all, one].map(inserting).into()
}

/// What both inserts have.
fn inserting(route: Route) -> Route {
    let sent = &[Sent::PreferenceApplied, Sent::IdempotencyReplayed];
    let answer = |description: &str| json(description, named("InsertAnswer"), sent);
    route
        .parameters([prefer(), idempotency_key()])
        .answer(201, answer("All rows are in."))
        .answer(207, answer("Some rows are in; the answer says which are not, and why."))
        .answer(422, answer("No row is in; the answer says why."))
        .problems([
            ProblemKind::InvalidJson,
            ProblemKind::WrongShape,
            ProblemKind::UnknownTable,
            ProblemKind::RowCount,
            ProblemKind::InvalidIdempotencyKey,
            ProblemKind::IdempotencyKeyInUse,
            ProblemKind::PayloadTooLarge,
            ProblemKind::UnsupportedMediaType,
            ProblemKind::IdempotencyKeyReused,
            ProblemKind::Unavailable,
        ])
}

fn batch(dictionary: &Dictionary) -> ObjectBuilder {
    let tables = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(NOTHING_ELSE))
        .min_properties(Some(1));
    let examples: Map<_, _> = dictionary
        .visible_tables()
        .map(|table| (table.name().to_owned(), [example(table)].as_slice().into()))
        .collect();
    dictionary
        .visible_tables()
        .fold(tables, |tables, table| {
            let rows = array(named(&RowForm::Insert.schema_of(table))).max_items(Some(MAX_ROWS));
            tables.property(table.name(), rows)
        })
        .examples([examples])
}

fn prefer() -> Parameter {
    let known = TxPreference::ALL.map(|one| format!("`{}`", one.applied()));
    in_header(
        "Prefer",
        &format!(
            "RFC 7240. {}: `atomic`, one bad row and nothing is in (422); `dry-run`, the answer that the insert would get, and \
             nothing is in or kept. Any other preference is ignored.",
            known.join(" or ")
        ),
        text().examples(TxPreference::ALL.map(TxPreference::applied)),
    )
}

fn idempotency_key() -> Parameter {
    in_header(
        "Idempotency-Key",
        "Makes it safe to send the request again: for 24 hours the same key with the same request gets the first answer, and \
         nothing is inserted again. With another request it is refused (422), and while the first runs still (409). In double \
         quotes or without.",
        // In quotes, two characters may take a backslash before them.
        matching(&format!(
            r#"(?:[!#-~][!-~]{{0,{rest}}}|"(?:[!#-\[\]-~]|\\["\\]){{1,{MAX_KEY_CHARS}}}")"#,
            rest = MAX_KEY_CHARS - 1
        ))
        .examples(["6f1c7a52-0d6e-4b0e-9a53-9d6c1f6f9a10"]),
    )
}

pub(super) fn schemas(source: Source) -> Vec<(String, Schema)> {
    let tables = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(NOTHING_ELSE))
        .description(Some("What became of the rows of each table that was sent."));
    let tables = source
        .dictionary
        .visible_tables()
        .fold(tables, |tables, table| tables.property(table.name(), named("TableAnswer")));
    let answer = object([
        ("inserted", count().description(Some("Rows that are in.")).into()),
        ("rejected", count().description(Some("Rows that are not.")).into()),
        ("tables", tables.into()),
    ]);
    let of_table = object([
        ("inserted", count().into()),
        ("rejected", array(named("RejectedRow")).description(Some("In the order of the request.")).into()),
    ]);
    let anything = ObjectBuilder::new().schema_type(utoipa::openapi::schema::SchemaType::AnyValue);
    let rejected = object([
        ("index", count().description(Some("The row's position in its array, from 0.")).into()),
        (
            "row",
            anything
                .description(Some("The row as it came; `null` where the answer would be too large with it."))
                .into(),
        ),
        ("errors", array(named("RowError")).min_items(Some(1)).into()),
    ])
    .property(
        "more_errors",
        integer(1, i64::MAX).description(Some(
            "How many more errors the row has; there where the answer would be too large with them.",
        )),
    );
    let rows = source
        .dictionary
        .visible_tables()
        .map(|table| (RowForm::Insert.schema_of(table), crate::rows::row(table, RowForm::Insert).into()));
    rows.chain([
        ("InsertAnswer".to_owned(), answer.into()),
        ("TableAnswer".to_owned(), of_table.into()),
        ("RejectedRow".to_owned(), rejected.into()),
        ("RowError".to_owned(), row_error().into()),
    ])
    .collect()
}
