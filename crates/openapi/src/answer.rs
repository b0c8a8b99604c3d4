//! The answers that are no problems, and their headers.

use domain::prefer::TxPreference;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ContentBuilder, RefOr, ResponseBuilder};

use crate::schema::{integer, one_of, text};

/// A header that an answer may have beside its request's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// When to come back.
    RetryAfter,
    /// Which encoding of a body is taken.
    AcceptEncoding,
    /// Which preference was followed.
    PreferenceApplied,
    /// That the answer is one given before.
    IdempotencyReplayed,
    /// On what the form of the answer depends.
    Vary,
    /// What a browser calls the file.
    ContentDisposition,
}

impl Sent {
    fn described(self) -> (&'static str, HeaderBuilder) {
        let header = HeaderBuilder::new();
        match self {
            Self::RetryAfter => (
                "Retry-After",
                header.schema(Some(integer(0, 3600))).description(Some("Seconds to wait before trying again.")),
            ),
            Self::AcceptEncoding => (
                "Accept-Encoding",
                header
                    .schema(Some(one_of(["gzip"])))
                    .description(Some("The encoding that is taken; absent where the media type is at fault.")),
            ),
            Self::PreferenceApplied => (
                "Preference-Applied",
                header
                    .schema(Some(one_of(TxPreference::ALL.map(TxPreference::applied))))
                    .description(Some("The preference of `Prefer` that was followed; absent where there was none.")),
            ),
            Self::IdempotencyReplayed => (
                "Idempotency-Replayed",
                header.schema(Some(one_of(["true"]))).description(Some(
                    "The answer is the one that the first request with this Idempotency-Key got; absent otherwise.",
                )),
            ),
            Self::Vary => {
                ("Vary", header.schema(Some(text())).description(Some("The answer depends on `Accept`.")))
            }
            Self::ContentDisposition => (
                "Content-Disposition",
                header.schema(Some(text())).description(Some("The name of the file, where the answer is CSV.")),
            ),
        }
    }
}

/// An answer in JSON.
pub(crate) fn json(description: &str, schema: impl Into<RefOr<Schema>>, sent: &[Sent]) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(schema.into())).build();
    with_headers(ResponseBuilder::new().description(description).content("application/json", content), sent)
}

/// Which operation an answer leads to: its id, its parameter, and where in the answer the value for that is.
pub(crate) fn link(operation: &str, parameter: &str, value: &str) -> Link {
    LinkBuilder::new().operation_id(operation).parameter(parameter, format!("$response.body#{value}")).build()
}

/// An answer without a body.
pub(crate) fn empty(description: &str) -> ResponseBuilder {
    with_headers(ResponseBuilder::new().description(description), &[])
}

/// An answer with its headers, of which the request's id is in every one.
pub(crate) fn with_headers(response: ResponseBuilder, sent: &[Sent]) -> ResponseBuilder {
    let id = HeaderBuilder::new()
        .schema(Some(text().min_length(Some(1))))
        .description(Some("The request's id, which also stands in the function's log lines."))
        .build();
    sent.iter().fold(response.header("x-request-id", id), |response, one| {
        let (name, header) = one.described();
        response.header(name, header.build())
    })
}
