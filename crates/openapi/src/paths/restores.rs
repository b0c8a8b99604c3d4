//! `POST /restores`, `GET /restores`, `GET /restores/{id}` and `POST /restores/{id}/undo`.

use domain::backup::{RestoreKind, RestoreMode, RestoreStatus};
use domain::page;
use domain::problem::ProblemKind;
use utoipa::openapi::Required;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::schema::{Schema, Type};

use super::backups::{CHECKSUM, ID, by_table, tables};
use crate::Source;
use crate::answer::{json, link};
use crate::operation::Route;
use crate::schema::{
    array, boolean, count, in_path, in_query, matching, moment, named, object, one_of, or_null, query_text,
    text, text_or_null,
};

const TAG: &str = "Restores";

pub(super) fn routes(source: Source) -> Vec<Route> {
    let modes =
        RestoreMode::ALL.map(|mode| mode.as_str().into()).into_iter().chain([serde_json::Value::Null]);
    let body = object([(
        "backup",
        matching(&format!("(?:latest|{ID})")).description(Some("A backup's id, or `latest`.")).into(),
    )])
    .property("tables", tables(source))
    .property(
        "mode",
        or_null(one_of(modes), Type::String).description(Some(
            "`replace`, if not given, or `verify`, which does everything but replace the tables.",
        )),
    )
    .examples([serde_json::json!({ "backup": "latest", "tables": ["jobs"], "mode": "verify" })]);
    let list = object([
        ("restores", array(named("Restore")).into()),
        ("next", or_null(matching(ID), Type::String).into()),
    ]);
    vec![
        Route::new(HttpMethod::Post, "/restores", TAG, "startRestore", "Start a restore")
            .describe(source.door.operators())
            .body(Required::True, "What to restore.", body)
            .answer(
                202,
                json("It has been started.", object([("restore", matching(ID).into())]), &[])
                    .link("restore", link("readRestore", "id", "/restore")),
            )
            .problems([
                ProblemKind::InvalidJson,
                ProblemKind::WrongShape,
                ProblemKind::UnknownTable,
                ProblemKind::Forbidden,
                ProblemKind::NotFound,
                ProblemKind::PayloadTooLarge,
                ProblemKind::UnsupportedMediaType,
                ProblemKind::Unavailable,
            ]),
        Route::new(HttpMethod::Get, "/restores", TAG, "listRestores", "List restores")
            .describe("Newest first; verifications and undone restores, too.")
            .parameters([
                in_query(&page::RESTORES.limit()),
                query_text("after", "`next` of the page before.", matching(ID)),
            ])
            .answer(
                200,
                json("A page of restores.", list, &[])
                    .link("newest", link("readRestore", "id", "/restores/0/restore")),
            )
            .problems([ProblemKind::Unavailable]),
        Route::new(HttpMethod::Post, "/restores/{id}/undo", TAG, "undoRestore", "Undo a restore")
            .describe(format!(
                "{} Puts the tables back that the restore took the place of; those that are there now are kept in turn. It is \
                 a restore itself, and can be undone.",
                source.door.operators()
            ))
            .parameters([in_path("id", "The restore's id.", matching(ID))])
            .answer(200, json("The tables are back.", named("UndoneRestore"), &[]))
            .answer(202, json("Another invocation goes on with it.", named("UndoneRestore"), &[]))
            .problems([
                ProblemKind::Forbidden,
                ProblemKind::NotFound,
                ProblemKind::NothingToUndo,
                ProblemKind::Unavailable,
            ]),
        Route::new(HttpMethod::Get, "/restores/{id}", TAG, "readRestore", "Read how a restore stands")
            .parameters([in_path("id", "The restore's id.", matching(ID))])
            .answer(200, json("The restore.", named("Restore"), &[]))
            .problems([ProblemKind::NotFound, ProblemKind::Unavailable]),
    ]
}

pub(super) fn schemas() -> Vec<(String, Schema)> {
    let table = object([
        ("rows_read", count().into()),
        ("rows_restored", count().into()),
        ("rows_rejected", count().into()),
        ("checksum", or_null(matching(CHECKSUM), Type::String).into()),
        ("kept", boolean().description(Some("Whether the table as it was before is still there.")).into()),
    ]);
    let restore = object([
        ("restore", matching(ID).into()),
        ("status", one_of(RestoreStatus::ALL.map(RestoreStatus::as_str)).into()),
        ("kind", one_of(RestoreKind::ALL.map(RestoreKind::as_str)).into()),
        (
            "source",
            text()
                .description(Some(
                    "The backup's id, the key prefix, or the id of the restore that is undone.",
                ))
                .into(),
        ),
        ("mode", one_of(RestoreMode::ALL.map(RestoreMode::as_str)).into()),
        ("strict", boolean().description(Some("Whether one bad row of foreign files fails it.")).into()),
        ("started_at", moment().into()),
        ("finished_at", or_null(moment(), Type::String).into()),
        ("attempts", count().into()),
        ("error", text_or_null().into()),
        ("tables", by_table(named("RestoredTable")).into()),
    ]);
    let undone = object([
        ("restore", matching(ID).description(Some("The restore that the undoing is.")).into()),
        ("tables", by_table(named("RestoredTable")).into()),
    ]);
    vec![
        ("Restore".to_owned(), restore.into()),
        ("RestoredTable".to_owned(), table.into()),
        ("UndoneRestore".to_owned(), undone.into()),
    ]
}
