//! `POST /uploads`, `GET /uploads/{id}`, `POST /uploads/{id}/complete` and `POST /uploads/check`.

use domain::dictionary::LoadMode;
use domain::problem::ProblemKind;
use serde_json::json as value;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{RefOr, Required};

use super::table_name;
use crate::Source;
use crate::answer::json;
use crate::operation::Route;
use crate::schema::{
    NOTHING_ELSE, array, boolean, count, in_path, integer, matching, moment, named, named_or_null, object,
    one_of, or_null, text, text_or_null,
};

const TAG: &str = "Uploads";

/// The modes of a load.
const MODES: [LoadMode; 3] = [LoadMode::Append, LoadMode::Upsert, LoadMode::Replace];

/// The id of an upload in parts: base64url.
const ID: &str = "[A-Za-z0-9_-]+";

/// The parts that one upload, and one answer, has at most.
const MAX_PARTS: i64 = 1000;

/// Bytes of the largest file: as many parts of 5 GiB.
const MAX_BYTES: i64 = MAX_PARTS * 5 * 1024 * 1024 * 1024;

pub(super) fn routes(source: Source) -> Vec<Route> {
    let id = || in_path("id", "The upload's id.", matching(ID));
    let of_body = [
        ProblemKind::InvalidJson,
        ProblemKind::WrongShape,
        ProblemKind::UnknownTable,
        ProblemKind::InvalidUpload,
        ProblemKind::PayloadTooLarge,
        ProblemKind::UnsupportedMediaType,
    ];
    let link = OneOfBuilder::new().item(named("UploadLink")).item(named("UploadInParts"));
    vec![
        Route::new(HttpMethod::Post, "/uploads", TAG, "startUpload", "Get a link to upload a file")
            .describe(
                "The link is for one key, for 15 minutes, and with `bytes` for exactly as many. A file of more than 64 MiB \
                 is uploaded in parts, each with a link of its own. `GET /loads?key=` finds the load that follows.",
            )
            .body(Required::True, "Which file, for which table.", start(source))
            .answer(201, json("PUT the file, or each part, to its link, with `headers`.", link, &[]))
            .problems(of_body)
            .problems([ProblemKind::Forbidden, ProblemKind::Unavailable]),
        Route::new(HttpMethod::Get, "/uploads/{id}", TAG, "continueUpload", "Get links for the parts that are missing")
            .parameters([id()])
            .answer(200, json("The parts that are not there yet, with fresh links.", named("UploadInParts"), &[]))
            .problems([ProblemKind::Forbidden, ProblemKind::NotFound, ProblemKind::Unavailable]),
        Route::new(HttpMethod::Post, "/uploads/{id}/complete", TAG, "completeUpload", "End an upload in parts")
            .describe("Once every part is there. The file is loaded from then on.")
            .parameters([id()])
            .answer(200, json("The file is there.", object([("key", text().into())]), &[]))
            .problems([
                ProblemKind::Forbidden,
                ProblemKind::NotFound,
                ProblemKind::IncompleteUpload,
                ProblemKind::Unavailable,
            ]),
        Route::new(HttpMethod::Post, "/uploads/check", TAG, "checkUpload", "Read a file before it is uploaded")
            .describe(
                "Reads the beginning of a file, or all of it, as the loader will, and proposes settings where it would not \
                 load. No ids are looked up in the table.",
            )
            .body(Required::True, "The file's beginning.", check(source))
            .answer(200, json("How the file is read.", named("UploadCheck"), &[]))
            .problems(of_body)
            .problems([ProblemKind::Forbidden]),
    ]
}

/// What both bodies say of a file.
fn file(source: Source) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(NOTHING_ELSE))
        .property("table", table_name(source.dictionary))
        .required("table")
        .property(
            "file",
            text()
                .min_length(Some(1))
                .max_length(Some(255))
                .description(Some("The file's name without a folder: `jobs.csv`.")),
        )
        .required("file")
        .property(
            "mode",
            word_or_null(MODES.map(LoadMode::as_str))
                .description(Some("The table's own mode where it is not given.")),
        )
        .property("settings", named_or_null("FileSettings"))
}

fn start(source: Source) -> ObjectBuilder {
    file(source)
        .property(
            "bytes",
            or_null(integer(0, MAX_BYTES), Type::Integer)
                .description(Some("The file's size; without it the link takes any size up to 5 GiB.")),
        )
        .examples([value!({ "table": "jobs", "file": "jobs.csv", "bytes": 1024 })])
}

fn check(source: Source) -> ObjectBuilder {
    let content = "The file's first bytes in base64, 2 MiB of them at most.";
    file(source)
        .property("content", text().description(Some(content)))
        .required("content")
        .property("whole", boolean().description(Some("Whether that is all of the file.")))
        .required("whole")
        .examples([value!({ "table": "jobs", "file": "jobs.csv", "content": "aWQsam9iX25hbWUKMSxDbGVyawo=", "whole": true })])
}

fn by_name(schema: impl Into<RefOr<Schema>>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::RefOr(schema.into())))
}

pub(super) fn schemas(source: Source) -> Vec<(String, Schema)> {
    let headers = || by_name(text()).description(Some("The headers that the PUT must have."));
    let link = object([
        ("key", text().description(Some("The object's key.")).into()),
        ("method", one_of(["PUT"]).into()),
        ("url", text().into()),
        ("headers", headers().into()),
        ("expires_at", moment().into()),
    ]);
    let part = object([("number", integer(1, MAX_PARTS).into()), ("url", text().into())]);
    let parts = object([
        ("key", text().description(Some("The object's key.")).into()),
        ("id", matching(ID).into()),
        ("part_bytes", count().description(Some("Of each part but the last one.")).into()),
        ("bytes", count().into()),
        ("parts", array(part).into()),
        ("expires_at", moment().into()),
    ])
    .property(
        "done",
        array(integer(1, MAX_PARTS)).description(Some("The numbers of the parts that are there.")),
    );
    vec![
        ("FileSettings".to_owned(), settings(source).into()),
        ("UploadCheck".to_owned(), verdict().into()),
        ("UploadInParts".to_owned(), parts.into()),
        ("UploadLink".to_owned(), link.into()),
    ]
}

/// What may be said of one file.
fn settings(source: Source) -> ObjectBuilder {
    let texts = || or_array_null(text());
    let flag = || or_null(boolean(), Type::Boolean);
    let columns = by_name(text_or_null())
        .description(Some("Names of the file's header, and the columns that they mean; `null`: left out."))
        .examples([
            value!({ "Emp No": source.dictionary.visible_tables().next().map(|table| table.key().name()) }),
        ]);
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(NOTHING_ELSE))
        .description(Some(
            "How a file is written, as `[table.files]` of the dictionary says it of all of a table's files.",
        ))
        .property("columns", columns)
        .property("delimiter", text_or_null())
        .property("encoding", text_or_null())
        .property("quotes", flag())
        .property("quote_escape", word_or_null(["doubled", "backslash"]))
        .property("header", word_or_null(["auto", "required", "none"]))
        .property("skip_lines", or_null(integer(0, u32::MAX.into()), Type::Integer))
        .property("null_values", texts())
        .property("decimal_comma", flag())
        .property("date_formats", texts())
        .property("timestamp_formats", texts())
        .property("time_zone", text_or_null())
        .property("sheet", text_or_null())
}

/// One of some words, or `null`.
fn word_or_null<const N: usize>(words: [&str; N]) -> ObjectBuilder {
    or_null(
        one_of(words.map(serde_json::Value::from).into_iter().chain([serde_json::Value::Null])),
        Type::String,
    )
}

fn or_array_null(items: ObjectBuilder) -> utoipa::openapi::schema::ArrayBuilder {
    array(items).schema_type(utoipa::openapi::schema::SchemaType::from_iter([Type::Array, Type::Null]))
}

fn verdict() -> ObjectBuilder {
    let column = object([("name", text().into()), ("column", text_or_null().into())]);
    let error =
        object([("column", text_or_null().into()), ("code", text().into()), ("message", text().into())]);
    let row = object([
        ("line", count().into()),
        ("values", by_name(text_or_null()).into()),
        ("errors", array(error).into()),
    ]);
    object([
        ("format", text_or_null().into()),
        ("encoding", text_or_null().into()),
        ("delimiter", text_or_null().into()),
        ("header", or_array_null(text()).into()),
        ("columns", array(column).into()),
        ("rows", array(row).description(Some("The first records, accepted or not.")).into()),
        ("rows_read", count().into()),
        ("rows_rejected", count().into()),
        ("codes", by_name(count()).description(Some("How many records each code refuses.")).into()),
        ("warnings", array(text()).into()),
        ("problem", text_or_null().description(Some("Why nothing of the file could be loaded.")).into()),
        (
            "proposal",
            named_or_null("FileSettings").description(Some("Settings with which it would load.")).into(),
        ),
    ])
}
