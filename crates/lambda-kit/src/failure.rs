//! Failed invocations, as their callers are told of them.

use std::fmt::Display;

use lambda_runtime::Diagnostic;

/// What failed: the `errorType` of an invocation's answer. Programs decide by these names (a state
/// machine catches them), so they never change; `docs/operations.md` has the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorType {
    /// A change of an account, or the list of them.
    AccountsFailed,
    /// The audit of the ledger of loads.
    AuditFailed,
    /// A backfill.
    BackfillFailed,
    /// A backup, or the retention of backups.
    BackupFailed,
    /// A check of the canary.
    CanaryFailed,
    /// A drill: the newest backup is not what it must be.
    DrillFailed,
    /// The payload cannot be read, or asks for what there is not.
    InvalidPayload,
    /// A migration.
    MigrationFailed,
    /// A restore.
    RestoreFailed,
    /// A restore that continues when it is invoked with its id.
    RestoreInterrupted,
}

impl ErrorType {
    /// Every type.
    pub const ALL: [Self; 10] = [
        Self::AccountsFailed,
        Self::AuditFailed,
        Self::BackfillFailed,
        Self::BackupFailed,
        Self::CanaryFailed,
        Self::DrillFailed,
        Self::InvalidPayload,
        Self::MigrationFailed,
        Self::RestoreFailed,
        Self::RestoreInterrupted,
    ];

    /// The name that callers get.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccountsFailed => "AccountsFailed",
            Self::AuditFailed => "AuditFailed",
            Self::BackfillFailed => "BackfillFailed",
            Self::BackupFailed => "BackupFailed",
            Self::CanaryFailed => "CanaryFailed",
            Self::DrillFailed => "DrillFailed",
            Self::InvalidPayload => "InvalidPayload",
            Self::MigrationFailed => "MigrationFailed",
            Self::RestoreFailed => "RestoreFailed",
            Self::RestoreInterrupted => "RestoreInterrupted",
        }
    }

    /// The answer of an invocation that failed so, with `error` as its `errorMessage`. A function's
    /// error type gives it out by `From`; without that, the runtime would name the error's Rust type.
    pub fn diagnostic(self, error: impl Display) -> Diagnostic {
        Diagnostic { error_type: self.as_str().to_owned(), error_message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_get_the_name_and_one_sentence() {
        let answer = ErrorType::BackupFailed.diagnostic("the backup failed: out of time");
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"errorType":"BackupFailed","errorMessage":"the backup failed: out of time"}"#
        );
    }

    #[test]
    fn the_page_for_operators_explains_every_name() {
        let page = include_str!("../../../docs/operations.md");
        for error_type in ErrorType::ALL {
            let row = format!("| `{}` |", error_type.as_str());
            assert_eq!(page.matches(&row).count(), 1, "{row}");
        }
    }
}
