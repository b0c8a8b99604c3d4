//! The function's answers.

use domain::backup::{BackupId, Manifest, TableManifest, folder};
use indexmap::IndexMap;
use lambda_kit::object::RequestError;
use lambda_kit::{ErrorType, INVALID_PAYLOAD};
use lambda_runtime::Diagnostic;
use serde::Serialize;

use crate::catalogue::expire::Expired;
use crate::error::BackupError;
use crate::state::{State, Status};

/// An answer of the function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A backup as the invocation leaves it.
    Done(Done),
    /// The result of retention.
    Expired(Expired),
}

/// A backup as an invocation leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Its id.
    pub backup: BackupId,
    /// `running` if another invocation continues it.
    pub status: Status,
    /// The time of the snapshot of all tables; once it is complete.
    #[serde(rename = "moment", skip_serializing_if = "Option::is_none")]
    pub snapshot_time: Option<String>,
    /// The rows and files written for each table.
    pub tables: IndexMap<String, DoneTable>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A table as an invocation leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoneTable {
    /// Rows in the files.
    pub rows: u64,
    /// The keys of the files in the data bucket.
    pub files: Vec<String>,
}

impl Done {
    pub(crate) fn of_manifest(manifest: &Manifest) -> Self {
        let backup = manifest.backup.clone();
        let table = |(name, table): (&String, &TableManifest)| (name.clone(), DoneTable::of(&backup, table));
        let tables = manifest.tables.iter().map(table).collect();
        let snapshot_time = Some(manifest.snapshot_time.clone());
        Self { status: Status::Completed, snapshot_time, tables, backup, error: None }
    }

    pub(crate) fn of_state(state: &State) -> Self {
        let backup = state.backup.clone();
        let tables = state.cursor.iter().flat_map(|cursor| &cursor.tables);
        let tables =
            tables.map(|(name, progress)| (name.clone(), DoneTable::of(&backup, &progress.manifest)));
        let error = state.error.clone();
        Self { status: state.status, snapshot_time: None, tables: tables.collect(), backup, error }
    }

    /// Counts the rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }
}

impl DoneTable {
    fn of(backup: &BackupId, table: &TableManifest) -> Self {
        let folder = folder(backup);
        let files = table.files.iter().map(|file| format!("{folder}{}", file.key)).collect();
        Self { rows: table.rows, files }
    }
}

/// The error in place of an answer: one sentence; the log has the causes.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The payload.
    #[error("the payload cannot be used: {0}")]
    Request(#[from] RequestError),
    /// The backup.
    #[error("the backup failed: {}", .0.reason())]
    Backup(#[from] BackupError),
    /// There is no such backup.
    #[error("there is no backup {0}")]
    Unknown(BackupId),
    /// The progress of the backup is unknown: the bucket cannot be read.
    #[error("the status of the backup cannot be read: {}", .0.reason())]
    Status(BackupError),
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match error {
            InvocationError::Request(_) | InvocationError::Unknown(_) => INVALID_PAYLOAD,
            InvocationError::Backup(_) | InvocationError::Status(_) => ErrorType("BackupFailed"),
        };
        error_type.diagnostic(error)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_failure_has_a_stable_type() {
        let answer = |error: InvocationError| serde_json::to_value(Diagnostic::from(error)).unwrap();
        let payload = RequestError::Shape("it must be a JSON object".to_owned());
        let expected = json!({
            "errorType": "InvalidPayload", "errorMessage": "the payload cannot be used: it must be a JSON object",
        });
        assert_eq!(answer(payload.into()), expected);
        let expected = json!({
            "errorType": "BackupFailed", "errorMessage": "the backup failed: the backup has been ended elsewhere",
        });
        assert_eq!(answer(BackupError::Ended.into()), expected);
        let expected = json!({
            "errorType": "InvalidPayload", "errorMessage": "there is no backup 19700101-000000-00000001",
        });
        assert_eq!(answer(InvocationError::Unknown(BackupId::new(0, 1))), expected);
        let expected = json!({
            "errorType": "BackupFailed",
            "errorMessage": "the status of the backup cannot be read: the backup has been ended elsewhere",
        });
        assert_eq!(answer(InvocationError::Status(BackupError::Ended)), expected);
    }
}
