//! `POST /backups`, `GET /backups` and `GET /backups/{id}`.

use domain::avro::Codec;
use domain::backup::BackupStatus;
use domain::page;
use domain::problem::ProblemKind;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};

use super::{loads, table_name};
use crate::Source;
use crate::answer::{json, link};
use crate::operation::Route;
use crate::schema::{
    NOTHING_ELSE, array, boolean, count, in_path, in_query, integer, load_mode, matching, moment, named,
    named_or_null, object, one_of, or_null, query_text, text, text_or_null,
};

const TAG: &str = "Backups";

/// An id of a backup or a restore: a second that exists, from 1970 to 9999, and 32 random bits.
pub(super) const ID: &str = concat!(
    "(?:(?:19[7-9][0-9]|[2-9][0-9]{3})(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])|",
    "(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)|02(?:0[1-9]|1[0-9]|2[0-8]))|",
    // The 29th of February: of 1972 and so on, and from 2000 as the calendar has it.
    "(?:19(?:7[26]|8[048]|9[26])|[2-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[3579][26])00)0229)",
    "-(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]-[0-9a-f]{8}",
);

pub(super) fn routes(source: Source) -> Vec<Route> {
    let body = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(NOTHING_ELSE))
        .property("tables", tables(source))
        .examples([serde_json::json!({ "tables": ["jobs"] })]);
    let list = object([
        ("backups", array(named("Backup")).into()),
        ("next", or_null(matching(ID), Type::String).into()),
    ]);
    vec![
        Route::new(HttpMethod::Post, "/backups", TAG, "startBackup", "Start a backup")
            .describe(format!("{} Every table is backed up where there is no body.", source.door.operators()))
            .body(Required::False, "Which tables.", body)
            .answer(
                202,
                json("It has been started.", object([("backup", matching(ID).into())]), &[])
                    .link("backup", link("readBackup", "id", "/backup")),
            )
            .problems([
                ProblemKind::InvalidJson,
                ProblemKind::WrongShape,
                ProblemKind::UnknownTable,
                ProblemKind::Forbidden,
                ProblemKind::PayloadTooLarge,
                ProblemKind::UnsupportedMediaType,
                ProblemKind::Unavailable,
            ]),
        Route::new(HttpMethod::Get, "/backups", TAG, "listBackups", "List backups")
            .describe("Newest first.")
            .parameters([
                in_query(&page::BACKUPS.limit()),
                query_text("after", "`next` of the page before.", matching(ID)),
            ])
            .answer(
                200,
                json("A page of backups.", list, &[])
                    .link("newest", link("readBackup", "id", "/backups/0/backup")),
            )
            .problems([ProblemKind::Unavailable]),
        Route::new(HttpMethod::Get, "/backups/{id}", TAG, "readBackup", "Read a backup")
            .describe("With its manifest, once it has one.")
            .parameters([in_path("id", "The backup's id.", matching(ID))])
            .answer(200, json("The backup.", named("BackupWithManifest"), &[]))
            .problems([ProblemKind::ResultTooLarge, ProblemKind::NotFound, ProblemKind::Unavailable]),
    ]
}

/// The checksum of a table's content.
pub(super) const CHECKSUM: &str = "[0-9a-f]{16}";

/// Names of tables, as requests have them.
pub(super) fn tables(source: Source) -> utoipa::openapi::schema::ArrayBuilder {
    array(table_name(source.dictionary))
        .schema_type(utoipa::openapi::schema::SchemaType::from_iter([Type::Array, Type::Null]))
        .min_items(Some(1))
        .description(Some("Which tables; all of them where none are named."))
}

/// An object with a member for each table that there is something to tell of.
pub(super) fn by_table(schema: impl Into<RefOr<Schema>>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::RefOr(schema.into())))
}

pub(super) fn schemas() -> Vec<(String, Schema)> {
    let manifest: [(&str, RefOr<Schema>); 1] = [("manifest", named_or_null("Manifest").into())];
    vec![
        ("Backup".to_owned(), object(backup()).into()),
        ("BackupWithManifest".to_owned(), object(backup().into_iter().chain(manifest)).into()),
        ("Manifest".to_owned(), self::manifest().into()),
    ]
}

fn backup() -> [(&'static str, RefOr<Schema>); 9] {
    let number = || or_null(count(), Type::Integer);
    let moment_or_null = || or_null(moment(), Type::String);
    [
        ("backup", matching(ID).into()),
        ("status", one_of(BackupStatus::ALL.map(BackupStatus::as_str)).into()),
        ("started_at", moment_or_null().into()),
        ("finished_at", moment_or_null().into()),
        ("moment", moment_or_null().description(Some("The one moment that all of its tables show.")).into()),
        ("tables", by_table(object([("rows", number().into()), ("bytes", number().into())])).into()),
        ("verified_at", moment_or_null().description(Some("When all of it was last checked.")).into()),
        (
            "verified",
            or_null(boolean(), Type::Boolean).description(Some("Whether that found it to be good.")).into(),
        ),
        ("error", text_or_null().description(Some("Why it failed.")).into()),
    ]
}

fn manifest() -> ObjectBuilder {
    let sha256 = || matching("[0-9a-f]{64}");
    let file = object([
        ("key", text().into()),
        ("rows", count().into()),
        ("bytes", count().into()),
        ("sha256", sha256().into()),
    ]);
    let table = object([
        ("rows", count().into()),
        ("bytes", count().into()),
        ("checksum", matching(CHECKSUM).into()),
        ("schema_fingerprint", sha256().into()),
        ("columns", array(text()).min_items(Some(1)).into()),
        ("files", array(file).into()),
    ]);
    let load = object([
        ("load", matching(loads::ID).into()),
        ("table", text().into()),
        ("key", text().into()),
        ("mode", load_mode().into()),
        ("rows_loaded", count().into()),
        ("finished_at", moment().into()),
    ]);
    let format = i64::try_from(domain::backup::MANIFEST_FORMAT).unwrap_or(i64::MAX);
    object([
        ("format", integer(format, format).into()),
        ("backup", matching(ID).into()),
        ("rowgate", text().description(Some("The version that made it.")).into()),
        ("dictionary", matching("[0-9a-f]{16}").into()),
        ("moment", moment().into()),
        ("started_at", moment().into()),
        ("finished_at", moment().into()),
        ("codec", one_of(Codec::ALL.map(Codec::as_str)).into()),
        ("tables", by_table(table).into()),
    ])
    .property(
        "loads",
        array(load).description(Some(
            "The completed loads that are in the backup and not in the one that `loads_since` names; oldest first, of \
             more than 1000 the newest. Not there in backups of older versions.",
        )),
    )
    .property("loads_total", count().description(Some("How many there are, where that is more than are listed.")))
    .property("loads_since", matching(ID).description(Some("The good backup before, where there was one.")))
    .property(
        "loads_running",
        array(matching(loads::ID)).description(Some("Loads under way then: some of their rows may be in the backup.")),
    )
}
