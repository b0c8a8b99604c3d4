//! Conditional requests (RFC 9110, section 13).

use axum::http::{HeaderMap, header};
use domain::dictionary::Table;
use domain::key_text::key_text;
use domain::problem::{Problem, ProblemKind};
use domain::value::Key;
use lambda_kit::query::mistake;

/// Returns true if the row may only be created: `If-None-Match: *`.
///
/// # Errors
/// The problem of every other condition: there are no ETags to compare, and a client that sets a
/// condition relies on it. By RFC 9110 `If-Match` would always be false here, and its client would
/// retry for ever; `If-None-Match: "x"` would always be true, and replace a row that its client
/// believes to be protected.
pub(super) fn only_create(headers: &HeaderMap) -> Result<bool, Problem> {
    if headers.contains_key(header::IF_MATCH) {
        return Err(mistake(
            "If-Match",
            "If-Match is not supported, because rows have no ETags. Leave it out; the row is then created or replaced.",
        ));
    }
    let mut values = headers.get_all(header::IF_NONE_MATCH).into_iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(false),
        (Some(value), None) if value.as_bytes().trim_ascii() == b"*" => Ok(true),
        _ => Err(mistake(
            "If-None-Match",
            "If-None-Match must be * alone, because rows have no ETags. Leave it out to replace a row that is there.",
        )),
    }
}

/// Returns the problem of a creation whose row exists.
pub(super) fn taken(table: &Table, key: &Key) -> Problem {
    let detail = format!(
        "There is a row {} in {} already, and it is as it was. Take another id, or leave out If-None-Match to replace the \
         row.",
        key_text(key),
        table.name()
    );
    Problem::new(ProblemKind::PreconditionFailed, detail)
}
