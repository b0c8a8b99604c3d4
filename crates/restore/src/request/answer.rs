//! The function's answers.

use std::collections::BTreeMap;

use aurora::restores::{Mode, Restore, RestoredTable, Status};
use domain::backup::RestoreId;
use lambda_kit::object::RequestError;
use lambda_kit::{ErrorType, INVALID_PAYLOAD};
use lambda_runtime::Diagnostic;
use serde::Serialize;

use crate::error::RestoreError;

/// An answer of the function.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// The outcome or the progress of a restore.
    Restored(Restored),
    /// The result of a drill.
    Drilled {
        /// The verification; `None` while there is no backup, and none is due yet.
        #[serde(flatten)]
        verified: Option<Restored>,
        /// The backup that was verified.
        backup: Option<String>,
        /// Its age in hours.
        age_hours: f64,
    },
    /// The result of the reaper.
    Reaped {
        /// Abandoned restores, which have failed now.
        failed: Vec<RestoreId>,
        /// Orphaned tables.
        dropped: Vec<String>,
    },
}

/// The state of a restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Its id.
    pub restore: RestoreId,
    /// Its status: completed, or continued in another invocation; the status of a restore that was
    /// looked up may also be failed.
    pub status: Status,
    /// Its purpose.
    pub mode: Mode,
    /// Its tables, by name.
    pub tables: BTreeMap<String, RestoredTable>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<Restore> for Restored {
    fn from(restore: Restore) -> Self {
        let Restore { restore, status, mode, tables, error, .. } = restore;
        Self { restore, status, mode, tables, error }
    }
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The request cannot be understood.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The restore has failed; the ledger has the reason too.
    #[error("restore {restore} failed: {reason}")]
    Failed {
        /// The restore.
        restore: RestoreId,
        /// Why.
        reason: String,
    },
    /// The invocation was interrupted; the restore keeps its progress.
    #[error(
        "restore {restore} was interrupted ({error}); invoked with its id it goes on, and it fails when nobody works on it for \
         30 minutes"
    )]
    Interrupted {
        /// The restore.
        restore: RestoreId,
        /// By what.
        error: RestoreError,
    },
    /// There is no such restore.
    #[error("there is no restore {0}")]
    Unknown(RestoreId),
    /// The newest backup is not what it must be.
    #[error("the drill failed: {0}")]
    Drill(String),
    /// Bucket or database cannot be reached; nothing was begun.
    #[error("nothing was begun: {0}")]
    Stopped(#[from] RestoreError),
}

impl From<aurora::Error> for InvocationError {
    fn from(error: aurora::Error) -> Self {
        RestoreError::from(error).into()
    }
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match error {
            InvocationError::Request(_) | InvocationError::Unknown(_) => INVALID_PAYLOAD,
            InvocationError::Failed { .. } | InvocationError::Stopped(_) => ErrorType("RestoreFailed"),
            InvocationError::Interrupted { .. } => ErrorType("RestoreInterrupted"),
            InvocationError::Drill(_) => ErrorType("DrillFailed"),
        };
        error_type.diagnostic(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_a_stable_type() {
        let restore = || RestoreId::new(0, 1);
        let reason = || "the reason".to_owned();
        for (error, expected) in [
            (InvocationError::Request(RequestError::Shape(reason())), "InvalidPayload"),
            (InvocationError::Unknown(restore()), "InvalidPayload"),
            (InvocationError::Failed { restore: restore(), reason: reason() }, "RestoreFailed"),
            (InvocationError::Stopped(RestoreError::OutOfTime), "RestoreFailed"),
            (
                InvocationError::Interrupted { restore: restore(), error: RestoreError::OutOfTime },
                "RestoreInterrupted",
            ),
            (InvocationError::Drill(reason()), "DrillFailed"),
        ] {
            let message = error.to_string();
            let answer = serde_json::to_value(Diagnostic::from(error)).unwrap();
            assert_eq!(answer, serde_json::json!({ "errorType": expected, "errorMessage": message }));
        }
    }
}
