//! `GET /tables`, `GET /tables/{table}/rows`, and `GET`, `PUT` and `DELETE /tables/{table}/rows/{id}`.

use domain::batch::MAX_BODY_BYTES;
use domain::page;
use domain::problem::ProblemKind;
use utoipa::openapi::Required;
use utoipa::openapi::path::{HttpMethod, Parameter};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::{table, table_name};
use crate::Source;
use crate::answer::{empty, json};
use crate::operation::Route;
use crate::rows::{RowForm, any_id, row};
use crate::schema::{
    array, boolean, count, in_header, in_path, in_query, load_mode, matching, named, object, one_of, or_null,
    query_text, text,
};

const TAG: &str = "Rows";

pub(super) fn routes(source: Source) -> Vec<Route> {
    let dictionary = source.dictionary;
    let given = || RowForm::Given.of_any(dictionary);
    let of_row = |method, id: &str, summary: &str| {
        Route::new(method, "/tables/{table}/rows/{id}", TAG, id, summary)
            .parameters([table(dictionary), id_of(source)])
            .problems([ProblemKind::UnknownTable, ProblemKind::Unavailable])
    };
    vec![
        Route::new(HttpMethod::Get, "/tables", TAG, "listTables", "List the tables and their columns")
            .describe("Each table after those that it refers to.")
            .parameters([in_query(&page::table_counts())])
            .answer(200, json("The tables.", object([("tables", array(named("Table")).into())]), &[]))
            .problems([ProblemKind::NotAcceptable, ProblemKind::Unavailable]),
        Route::new(HttpMethod::Get, "/tables/{table}/rows", TAG, "listRows", "List a table's rows")
            .describe("In the order of their ids: all of them, those with a value, or those with some ids.")
            .parameters([
                table(dictionary),
                in_query(&page::ROWS.limit()),
                query_text(
                    "after",
                    "The id behind which the page begins: `next` of the page before.",
                    any_id(dictionary),
                ),
                query_text(
                    "filter",
                    "`<column>:<value>`: rows whose column has the value; one of text contains it.",
                    matching("[A-Za-z][A-Za-z0-9_]*:[^\\x00]*").max_length(Some(1100)),
                ),
                query_text(
                    "ids",
                    "Ids with commas between them, 1000 at most: those of them that are there. Not with `after` or `filter`.",
                    matching("-?[0-9]+(?:,-?[0-9]+)*"),
                ),
            ])
            .answer(200, json("A page of rows.", rows(source), &[]))
            .problems([ProblemKind::UnknownTable, ProblemKind::ResultTooLarge, ProblemKind::Unavailable]),
        of_row(HttpMethod::Get, "readRow", "Read a row")
            .answer(200, json("The row.", given(), &[]))
            .problems([ProblemKind::NotFound, ProblemKind::ResultTooLarge]),
        of_row(HttpMethod::Put, "putRow", "Create or replace a row")
            .describe(format!(
                "The body is all of the row. Its id may be left out; it must not be another than the path's. \
                 {MAX_BODY_BYTES} bytes at most."
            ))
            .parameters([if_none_match()])
            .taking_conditions()
            .body(Required::True, "The row.", RowForm::Put.of_any(dictionary))
            .answer(200, json("The row was replaced.", given(), &[]))
            .answer(201, json("The row was created.", given(), &[]))
            .problems([
                ProblemKind::InvalidJson,
                ProblemKind::WrongShape,
                ProblemKind::PayloadTooLarge,
                ProblemKind::UnsupportedMediaType,
                ProblemKind::InvalidRow,
            ]),
        of_row(HttpMethod::Delete, "deleteRow", "Delete a row")
            .describe(source.door.operators())
            .answer(204, empty("The row is gone."))
            .problems([ProblemKind::Forbidden, ProblemKind::NotFound, ProblemKind::Referenced]),
    ]
}

fn id_of(source: Source) -> Parameter {
    in_path("id", "The row's id, without leading zeros.", any_id(source.dictionary))
}

fn if_none_match() -> Parameter {
    in_header(
        "If-None-Match",
        "Creates the row and replaces none: where there is one with the id, the answer is 412. Any other condition is refused \
         (400), `If-Match` too: rows have no ETags.",
        one_of(["*"]),
    )
}

fn rows(source: Source) -> ObjectBuilder {
    let next = or_null(any_id(source.dictionary), Type::Integer)
        .description(Some("The `after` of the next page; `null` on the last one."));
    object([("rows", array(RowForm::Given.of_any(source.dictionary)).into()), ("next", next.into())])
}

pub(super) fn schemas(source: Source) -> Vec<(String, Schema)> {
    let forms = [RowForm::Put, RowForm::Given];
    let of_table = |table| forms.map(|form| (form.schema_of(table), row(table, form).into()));
    let tables = source.dictionary.visible_tables().flat_map(of_table);
    tables.chain([("Table".to_owned(), definition(source).into())]).collect()
}

/// What the list says of a table.
fn definition(source: Source) -> ObjectBuilder {
    let references = or_null(text(), Type::String).description(Some("The table whose key the column names."));
    let column = object([
        ("name", text().into()),
        ("type", text().description(Some("As in the dictionary: `string(255)`.")).into()),
        ("required", boolean().into()),
        ("auto_increment", boolean().description(Some("Whether the database numbers rows itself.")).into()),
        ("personal", boolean().description(Some("Whether its values are personal data.")).into()),
        ("references", references.into()),
        ("description", text().into()),
    ]);
    object([
        ("name", table_name(source.dictionary).into()),
        ("description", text().into()),
        ("key", text().description(Some("The column whose value stands in a row's path.")).into()),
        ("default_mode", load_mode().into()),
        ("columns", array(column).into()),
    ])
    .property("rows", count().description(Some("How many rows it has, where that was asked for.")))
}
