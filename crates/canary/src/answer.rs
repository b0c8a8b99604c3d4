//! What a run answers.

use std::time::Duration;

use lambda_kit::ErrorType;
use lambda_runtime::Diagnostic;
use serde::Serialize;

/// Every check of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// `failed` where a check is.
    pub status: Status,
    /// In the order in which they ran.
    pub checks: Vec<Checked>,
}

/// One check, as it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// What was checked.
    pub check: String,
    /// How it ended.
    pub status: Status,
    /// Milliseconds that it took.
    pub duration_ms: u64,
    /// Why it failed or was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How a check, or all of them, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should.
    Ok,
    /// It did not work.
    Failed,
    /// Not tried, because what it builds on failed.
    Skipped,
}

impl Answer {
    /// The answer of these checks.
    pub(crate) fn of(checks: Vec<Checked>) -> Self {
        let failed = checks.iter().any(|check| check.status == Status::Failed);
        Self { status: if failed { Status::Failed } else { Status::Ok }, checks }
    }

    /// The invocation's end: the answer, or an error that says the same.
    ///
    /// # Errors
    /// [`Failed`] where a check is.
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
        // An answer is texts and numbers, which always are JSON.
        ErrorType("CanaryFailed").diagnostic(serde_json::to_string(&answer).unwrap_or_default())
    }
}
