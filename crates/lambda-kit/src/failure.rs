//! Failed invocations.

use std::fmt::Display;

use lambda_runtime::Diagnostic;

/// The `errorType` of a failed invocation. Programs decide by these names (a state machine catches
/// them), so they never change; `docs/operations.md` has the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorType(pub &'static str);

/// The type of a payload that cannot be read, or names something that does not exist.
pub const INVALID_PAYLOAD: ErrorType = ErrorType("InvalidPayload");

impl ErrorType {
    /// Returns the answer of a failed invocation, with `error` as its `errorMessage`. A function's
    /// error type converts to it by `From`; without that, the runtime would name the error's Rust
    /// type.
    pub fn diagnostic(self, error: impl Display) -> Diagnostic {
        Diagnostic { error_type: self.0.to_owned(), error_message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_get_the_name_and_one_sentence() {
        let answer = ErrorType("BackupFailed").diagnostic("the backup failed: out of time");
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"errorType":"BackupFailed","errorMessage":"the backup failed: out of time"}"#
        );
    }
}
