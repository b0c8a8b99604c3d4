//! Errors of bodies.

use domain::problem::{Problem, ProblemKind};

use crate::problem::ProblemResponse;

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It exceeds the limit, packed or unpacked; the limit in bytes.
    TooLarge(usize),
    /// It is incomplete.
    CutOff,
    /// It is declared as gzip and cannot be unpacked.
    Damaged,
    /// It has another content coding than gzip; its `Content-Encoding`.
    UnsupportedEncoding(String),
    /// It is not declared as JSON in UTF-8.
    NotJson,
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let (kind, detail) = match error {
            BodyError::TooLarge(limit) => {
                (ProblemKind::PayloadTooLarge, format!("The body has more than {limit} bytes."))
            }
            BodyError::CutOff => {
                (ProblemKind::InvalidJson, "The body ended before it was complete.".to_owned())
            }
            BodyError::Damaged => (
                ProblemKind::InvalidEncoding,
                "The body is declared as gzip, but is damaged or cut off. Pack it anew, and send all of it."
                    .to_owned(),
            ),
            BodyError::UnsupportedEncoding(name) => (
                ProblemKind::UnsupportedEncoding,
                format!(
                    "The body's Content-Encoding is {name:?}. Send the body as it is, or packed once with \
                     Content-Encoding: gzip."
                ),
            ),
            BodyError::NotJson => (
                ProblemKind::UnsupportedMediaType,
                "Send the body as JSON in UTF-8, with the header Content-Type: application/json.".to_owned(),
            ),
        };
        Self::new(kind, detail)
    }
}

impl From<BodyError> for ProblemResponse {
    fn from(error: BodyError) -> Self {
        Problem::from(error).into()
    }
}
