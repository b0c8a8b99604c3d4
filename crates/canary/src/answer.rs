//! The answer of a run.

use std::time::Duration;

use lambda_kit::ErrorType;
use lambda_runtime::Diagnostic;
use serde::Serialize;

/// The checks of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// `failed` if a check is.
    pub status: Status,
    /// In the order in which they ran.
    pub checks: Vec<Checked>,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The name of the check.
    pub check: String,
    /// The result.
    pub status: Status,
    /// Milliseconds that it took.
    pub duration_ms: u64,
    /// Why it failed or was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The result of one check, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It succeeded.
    Ok,
    /// It failed.
    Failed,
    /// It was not tried, because a check that it depends on failed.
    Skipped,
}

impl Answer {
    /// Returns the answer of these checks.
    pub(crate) fn of(checks: Vec<Checked>) -> Self {
        let failed = checks.iter().any(|check| check.status == Status::Failed);
        Self { status: if failed { Status::Failed } else { Status::Ok }, checks }
    }

    /// Returns the answer, or an error with the same content.
    ///
    /// # Errors
    /// [`Failed`] if a check is.
    pub fn into_result(self) -> Result<Self, Failed> {
        match self.status {
            Status::Failed => Err(Failed(self)),
            _ => Ok(self),
        }
    }
}

impl Checked {
    pub(crate) fn new(check: &str, status: Status, time: Duration, detail: Option<String>) -> Self {
        let duration_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self { check: check.to_owned(), status, duration_ms, detail }
    }
}

/// A run in which a check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed(pub Answer);

impl From<Failed> for Diagnostic {
    fn from(Failed(answer): Failed) -> Self {
        // Texts and numbers alone cannot fail to serialize.
        ErrorType("CanaryFailed").diagnostic(serde_json::to_string(&answer).unwrap_or_default())
    }
}
