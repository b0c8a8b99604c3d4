//! Why a check fails.

use std::error::Error;

/// Characters of an answer's own message at most.
const MOST_WORDS: usize = 300;

/// The reason of a failed check. Nothing in it is secret: it is in logs, and in the answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("there was no time left for it")]
    NoTime,
    #[error("{call} got no answer in time")]
    TimedOut { call: String },
    #[error("{call} got no answer: {reason}")]
    NoAnswer { call: String, reason: String },
    #[error("{call} answered {status}, not {expected}{words}")]
    Status { call: String, status: u16, expected: u16, words: String },
    #[error("{call} answered {status}, but {what}")]
    Content { call: String, status: u16, what: &'static str },
    #[error("the call to API Gateway could not be signed: {0}")]
    Unsigned(String),
    #[error("{key} could not be written: {reason}")]
    Unwritten { key: String, reason: String },
    #[error("{key} is not loaded: {state}")]
    NotLoaded { key: String, state: String },
}

impl Fault {
    pub(crate) fn no_answer(call: &str, error: &(dyn Error + 'static)) -> Self {
        Self::NoAnswer { call: call.to_owned(), reason: lambda_kit::causes(error) }
    }

    pub(crate) fn status(call: &str, status: u16, expected: u16, body: &[u8]) -> Self {
        Self::Status { call: call.to_owned(), status, expected, words: words(body) }
    }
}

/// The detail of a problem, or the message of an AWS service, as the end of a sentence.
fn words(body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let said = ["detail", "message"].into_iter().find_map(|field| body.get(field)?.as_str());
    said.map(|said| format!(": {}", said.chars().take(MOST_WORDS).collect::<String>())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_a_problem_says_and_no_more_than_fits() {
        let long = "x".repeat(1000);
        for (body, expected) in [
            (r#"{"detail": "The database is away."}"#.to_owned(), ": The database is away.".to_owned()),
            (r#"{"message": "Forbidden"}"#.to_owned(), ": Forbidden".to_owned()),
            (format!(r#"{{"detail": "{long}"}}"#), format!(": {}", &long[..MOST_WORDS])),
            ("<html>".to_owned(), String::new()),
            ("[]".to_owned(), String::new()),
        ] {
            assert_eq!(words(body.as_bytes()), expected, "{body}");
        }
    }
}
