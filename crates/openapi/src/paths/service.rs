//! `GET /status`, `GET /openapi.json` and `GET /docs`.

use domain::problem::ProblemKind;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{ContentBuilder, ResponseBuilder};

use crate::Source;
use crate::answer::{json, with_headers};
use crate::operation::Route;
use crate::schema::{count, named, object, one_of, text, text_or_null};

const TAG: &str = "Service";

pub(super) fn routes(_: Source) -> Vec<Route> {
    let get = |path, id: &str, summary: &str| {
        Route::new(HttpMethod::Get, path, TAG, id, summary).problems([ProblemKind::NotAcceptable])
    };
    let page = ResponseBuilder::new()
        .description("A page of HTML.")
        .content("text/html", ContentBuilder::new().schema(Some(text())).build());
    let document = ObjectBuilder::new().schema_type(Type::Object).description(Some("OpenAPI 3.1."));
    vec![
        get("/status", "status", "Whether the service can do its work")
            .describe("200 where the database answers and has every migration of this version.")
            .answer(200, json("It can.", named("Status"), &[]))
            .problems([ProblemKind::Unavailable, ProblemKind::SchemaBehind])
            .telling_standing(),
        get("/openapi.json", "openapi", "This document").answer(200, json("The document.", document, &[])),
        get("/docs", "docs", "A page to read this document and try it")
            .describe(
                "`rowgate docs` opens it in a browser, which could not send the key with a page by itself.",
            )
            .answer(200, with_headers(page, &[])),
    ]
}

pub(super) fn schemas() -> Vec<(String, Schema)> {
    let migration = |description: &str| text_or_null().description(Some(description));
    let status = object([
        ("status", one_of(["ok"]).into()),
        ("version", text().description(Some("The version of Rowgate.")).into()),
        (
            "schema",
            object([
                ("version", migration("The newest migration that the database has.").into()),
                ("expected", migration("The newest migration of this version.").into()),
            ])
            .into(),
        ),
        (
            "database",
            object([("latency_ms", count().description(Some("How long it took to answer.")).into())]).into(),
        ),
    ]);
    vec![("Status".to_owned(), status.into())]
}
