//! The answer to a batch, as HTTP and as log lines.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::batch::Answer;
use domain::row::RowCode;
use lambda_kit::http::RequestId;

/// Bytes of an answer at most. Lambda gives back 6 MB (6,291,556 bytes) with the answer escaped into JSON text, which
/// doubles every quote: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const MAX_ANSWER_BYTES: usize = 6_000_000;

pub(crate) fn respond(mut answer: Answer<'_>) -> Response {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut body = to_json(&answer);
    if escaped_len(&body) > MAX_ANSWER_BYTES {
        answer.omit_rows();
        body = to_json(&answer);
    }
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], body).into_response()
}

/// One line for each rejected row: which one and why, not its values, which may be personal.
pub(crate) fn log_rejected(answer: &Answer<'_>, id: &RequestId) {
    for (name, table) in answer.tables() {
        for rejected in &table.rejected {
            let codes: Vec<&str> =
                rejected.errors.iter().map(|error| RowCode::as_str(error.code())).collect();
            tracing::info!(
                request.id = id.0,
                table = name,
                row.index = rejected.index,
                row.codes = codes.join(","),
                "row rejected"
            );
        }
    }
}

fn to_json(answer: &Answer<'_>) -> Vec<u8> {
    // Strings, numbers and raw JSON alone cannot fail to serialize.
    serde_json::to_vec(answer).unwrap_or_default()
}

/// The size of a JSON text as a string inside another JSON text.
fn escaped_len(json: &[u8]) -> usize {
    json.len() + json.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}
