//! `GET /loads` and `GET /loads/{id}`.

use domain::load::{Format, LoadStatus};
use domain::page;
use domain::problem::ProblemKind;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::schema::{Schema, Type};

use crate::Source;
use crate::answer::{json, link};
use crate::operation::Route;
use crate::schema::{
    array, count, in_path, in_query, load_mode, matching, moment, named, object, one_of, or_null, query_text,
    text, text_or_null,
};

const TAG: &str = "Loads";

/// A load's id.
pub(super) const ID: &str = "[0-9a-f]{32}";

/// Bytes of an object's key at most, as S3 has it.
const MAX_KEY: usize = 1024;

pub(super) fn routes(_: Source) -> Vec<Route> {
    let list = object([
        ("loads", array(named("Load")).into()),
        ("next", or_null(matching(ID), Type::String).into()),
    ]);
    vec![
        Route::new(HttpMethod::Get, "/loads", TAG, "listLoads", "List loads")
            .describe("What became of the files that were dropped, newest first.")
            .parameters([
                query_text(
                    "table",
                    "Loads of this table, by its name or an alias; any other name may have failed loads as well.",
                    matching("[A-Za-z0-9_-]{0,64}"),
                ),
                query_text("status", "Loads that stand so.", one_of(LoadStatus::ALL.map(LoadStatus::as_str))),
                query_text(
                    "key",
                    "Loads of this object, by its key: one for each time that it was put there.",
                    text().max_length(Some(MAX_KEY)),
                ),
                in_query(&page::LOADS.limit()),
                query_text("after", "`next` of the page before.", matching(ID)),
            ])
            .answer(200, json("A page of loads.", list, &[]).link("newest", link("readLoad", "id", "/loads/0/load")))
            .problems([
                ProblemKind::ResultTooLarge,
                ProblemKind::NotAcceptable,
                ProblemKind::Unavailable,
            ]),
        Route::new(HttpMethod::Get, "/loads/{id}", TAG, "readLoad", "Read a load")
            .describe("With a short-lived link for each of its rejects files.")
            .parameters([
                in_path("id", "The load's id.", matching(ID)),
                query_text(
                    "rejects_after",
                    "`rejects_next` of the answer before, for the files after those.",
                    text().max_length(Some(MAX_KEY)),
                ),
            ])
            .answer(200, json("The load.", named("LoadWithRejects"), &[]))
            .problems([
                ProblemKind::ResultTooLarge,
                ProblemKind::NotFound,
                ProblemKind::NotAcceptable,
                ProblemKind::Unavailable,
            ]),
    ]
}

pub(super) fn schemas() -> Vec<(String, Schema)> {
    let file = object([
        ("key", text().into()),
        ("rows", count().into()),
        ("url", text().description(Some("A link that needs no key.")).into()),
    ]);
    let rejects: [(&str, RefOr<Schema>); 4] = [
        ("rejects", array(file).into()),
        ("rejects_files", count().description(Some("How many files the load has in all.")).into()),
        (
            "rejects_next",
            text_or_null().description(Some("What `rejects_after` takes for the files after these.")).into(),
        ),
        (
            "rejects_expire_at",
            or_null(moment(), Type::String).description(Some("When the links end.")).into(),
        ),
    ];
    vec![
        ("Load".to_owned(), object(load()).into()),
        ("LoadWithRejects".to_owned(), object(load().into_iter().chain(rejects)).into()),
    ]
}

fn load() -> [(&'static str, RefOr<Schema>); 18] {
    let id_or_null = || or_null(matching(ID), Type::String);
    [
        ("load", matching(ID).into()),
        ("table", text().description(Some("The table's own name.")).into()),
        ("key", text().description(Some("The object's key.")).into()),
        ("mode", load_mode().into()),
        (
            "format",
            one_of_or_null(Format::ALL.map(Format::as_str))
                .description(Some("`null` for a key that names none."))
                .into(),
        ),
        ("status", one_of(LoadStatus::ALL.map(LoadStatus::as_str)).into()),
        (
            "rows_read",
            count()
                .description(Some(
                    "Records, without headers and rows of empty fields; always rows_loaded and rows_rejected together.",
                ))
                .into(),
        ),
        ("rows_loaded", count().into()),
        ("rows_rejected", count().into()),
        (
            "unknown_references",
            count()
                .description(Some("References of loaded rows that named no row when they were loaded."))
                .into(),
        ),
        ("bytes", count().description(Some("The object's size.")).into()),
        ("started_at", moment().into()),
        ("finished_at", or_null(moment(), Type::String).into()),
        ("attempts", count().description(Some("How often a function took it up.")).into()),
        ("error", text_or_null().description(Some("Why it failed or was skipped.")).into()),
        (
            "warnings",
            array(text()).description(Some("What of the file was left out, or looked odd; for people.")).into(),
        ),
        (
            "parent",
            id_or_null().description(Some("The load whose rejected records the file brings back.")).into(),
        ),
        (
            "same_as",
            id_or_null()
                .description(Some(
                    "The load that had already brought the same bytes, of one that was skipped.",
                ))
                .into(),
        ),
    ]
}

fn one_of_or_null<const N: usize>(words: [&str; N]) -> utoipa::openapi::schema::ObjectBuilder {
    let words = words.into_iter().map(serde_json::Value::from).chain([serde_json::Value::Null]);
    or_null(one_of(words), Type::String)
}
