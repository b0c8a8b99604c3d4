//! Response bodies, kept below the limit of a function.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use domain::dictionary::Table;
use domain::json_row::json_of_row_text;
use domain::problem::{Problem, ProblemKind};
use domain::value::Key;
use serde::Serialize;

/// The limit of a response body, in bytes: Lambda's 6 MiB for a synchronous answer, less 64 KiB for
/// the status, the headers and the rest around the body. The body counts as the JSON string that it
/// is in that answer: a quotation mark takes two bytes.
pub const MAX_PAYLOAD_BYTES: usize = (6 * 1024 - 64) * 1024;

/// A body under construction.
#[derive(Debug, Default)]
pub struct Payload {
    text: String,
    escaped: usize,
}

/// The body would take more than [`MAX_PAYLOAD_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl TooLarge {
    /// Returns the problem to answer with; `advice` says how to ask for less.
    pub fn problem(self, what: &str, advice: &str) -> Problem {
        Problem::new(
            ProblemKind::ResultTooLarge,
            format!("{what} would take more than the 6 MB that one answer can have. {advice}"),
        )
    }
}

/// Returns true if a body takes no more than [`MAX_PAYLOAD_BYTES`].
pub fn fits(body: &str) -> bool {
    escaped(body) <= MAX_PAYLOAD_BYTES
}

/// Answers with `body` as JSON, where that fits; `what` it has and `advice` make the problem where
/// it does not.
///
/// # Errors
/// As [`TooLarge::problem`].
pub fn json(body: &impl Serialize, what: &str, advice: &str) -> Result<Response, Problem> {
    let body = serde_json::to_string(body).map_err(|_| Problem::internal())?;
    if fits(&body) { Ok(json_text(body)) } else { Err(TooLarge.problem(what, advice)) }
}

/// Answers with a body that is JSON.
pub fn json_text(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Converts a row from its text to JSON, and returns its key as well.
///
/// # Errors
/// The problem of a row that breaks the dictionary: it was written past Rowgate. The log says which
/// column.
pub fn json_row(table: &Table, text: &str) -> Result<(String, Key), Problem> {
    json_of_row_text(table, text).map_err(|problem| {
        tracing::error!(table = table.name(), %problem, "a row is not as the dictionary says");
        Problem::internal()
    })
}

impl Payload {
    /// Returns an empty body that keeps `bytes` free, for an end that is put behind
    /// [its text](Self::into_text).
    pub fn reserving(bytes: usize) -> Self {
        Self { text: String::new(), escaped: bytes }
    }

    /// Adds a piece.
    ///
    /// # Errors
    /// [`TooLarge`] if it does not fit; the body is unchanged then.
    pub fn push(&mut self, text: &str) -> Result<(), TooLarge> {
        let escaped = self.escaped + escaped(text);
        if escaped > MAX_PAYLOAD_BYTES {
            return Err(TooLarge);
        }
        self.escaped = escaped;
        self.text.push_str(text);
        Ok(())
    }

    /// Returns the text.
    pub fn into_text(self) -> String {
        self.text
    }
}

fn escaped(text: &str) -> usize {
    text.bytes().map(escaped_len).sum()
}

/// Returns the number of bytes that serde_json writes for a byte inside a string.
fn escaped_len(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0C => 2,
        0..0x20 => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_the_runtime_will_send() {
        let text: String = (0..0x100).filter_map(char::from_u32).chain(['"', '\\', '😀']).collect();
        let mut payload = Payload::default();
        payload.push(&text).unwrap();
        assert_eq!(payload.escaped, serde_json::to_string(&text).unwrap().len() - 2);
    }

    #[test]
    fn takes_the_limit_and_refuses_one_more() {
        let mut payload = Payload::default();
        payload.push(&"\"".repeat(MAX_PAYLOAD_BYTES / 2)).unwrap();
        assert_eq!(payload.push("x"), Err(TooLarge));
        let text = payload.into_text();
        assert_eq!(text.len(), MAX_PAYLOAD_BYTES / 2);
        assert!(fits(&text) && !fits(&(text + "x")));
    }

    #[test]
    fn keeps_free_what_is_reserved_and_what_did_not_fit() {
        let mut payload = Payload::reserving(10);
        payload.push(&"x".repeat(MAX_PAYLOAD_BYTES - 15)).unwrap();
        assert_eq!(payload.push("123456"), Err(TooLarge));
        payload.push("12345").unwrap();
    }
}
