//! The answer to a batch, as HTTP and as log lines.

use aurora::idempotency::StoredAnswer;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::batch::{Answer, RejectedRow};
use domain::prefer::TxPreference;
use domain::row::RowCode;
use lambda_kit::http::Rows;
use lambda_kit::{payload, values_are_logged};

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Serializes the answer. If it is too large, it leaves out the rejected rows themselves, then all
/// but as many first errors of each row as fit. One error of each always fits: the longest takes
/// less than a thousandth of the limit.
pub(crate) fn render(answer: &mut Answer<'_>) -> StoredAnswer {
    let mut body = to_json(answer);
    if !payload::fits(&body) {
        answer.omit_rows();
        body = to_json(answer);
    }
    let mut errors = answer.most_errors();
    while errors > 1 && !payload::fits(&body) {
        errors /= 2;
        answer.omit_errors_after(errors);
        body = to_json(answer);
    }
    StoredAnswer { status: answer.status(), body }
}

/// Answers a request whose rows have just been processed.
pub(crate) fn first(answer: &Answer<'_>, stored: StoredAnswer, preference: Option<TxPreference>) -> Response {
    let inserted = if preference == Some(TxPreference::DryRun) { 0 } else { answer.inserted() };
    respond(stored, inserted, preference)
}

/// Repeats the answer of an earlier request with the same key.
pub(crate) fn replayed(stored: StoredAnswer, preference: Option<TxPreference>) -> Response {
    let mut response = respond(stored, 0, preference);
    response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    response
}

fn respond(stored: StoredAnswer, inserted: usize, preference: Option<TxPreference>) -> Response {
    let status = StatusCode::from_u16(stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    let mut response = (status, [(header::CONTENT_TYPE, json)], stored.body).into_response();
    if let Some(preference) = preference {
        let applied = HeaderValue::from_static(preference.applied());
        response.headers_mut().insert(PREFERENCE_APPLIED, applied);
    }
    response.extensions_mut().insert(Rows(u64::try_from(inserted).unwrap_or(u64::MAX)));
    response
}

/// Writes one log line for each rejected row: its index and errors, without its values, which may
/// be personal.
pub(crate) fn log_rejected(answer: &Answer<'_>, preference: Option<TxPreference>) {
    for (name, table) in answer.tables() {
        table.rejected.iter().for_each(|rejected| log_rejected_row(name, rejected, preference));
    }
}

/// Writes the log line of one rejected row; with its values if `ROWGATE_LOG_VALUES` is set.
pub(crate) fn log_rejected_row(table: &str, rejected: &RejectedRow<'_>, preference: Option<TxPreference>) {
    let codes: Vec<&str> = rejected.errors.iter().map(|error| RowCode::as_str(error.code())).collect();
    tracing::info!(
        table,
        row.index = rejected.index,
        row.codes = codes.join(","),
        row.values = values_are_logged().then(|| rejected.row.get()),
        dry_run = preference == Some(TxPreference::DryRun),
        "row rejected"
    );
}

fn to_json(answer: &Answer<'_>) -> String {
    // Strings, numbers and raw JSON alone cannot fail to serialize.
    serde_json::to_string(answer).unwrap_or_default()
}
