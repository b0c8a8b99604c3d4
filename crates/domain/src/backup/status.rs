//! How backups and restores stand, and what restores are for. The ledger, the answers and the API's document all take the words
//! from here.

use serde::{Deserialize, Serialize};

/// How a backup stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupStatus {
    /// An invocation works on it, or will soon.
    Running,
    /// Its manifest is written.
    Completed,
    /// It will never have a manifest, or what it holds is not what its manifest says.
    Failed,
}

impl BackupStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Running, Self::Completed, Self::Failed];

    /// The status as answers have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// Where the rows of a restore come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoreKind {
    /// From a backup.
    Backup,
    /// From Avro files that Rowgate did not write.
    Files,
    /// From the previous tables, which another restore replaced.
    #[serde(rename = "put_back")]
    Undo,
}

impl RestoreKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Backup, Self::Files, Self::Undo];

    /// The kind as it stands in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Files => "files",
            Self::Undo => "put_back",
        }
    }
}

/// What a restore is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoreMode {
    /// To take the place of the tables.
    Replace,
    /// To see whether it could: the tables stay.
    Verify,
}

impl RestoreMode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Replace, Self::Verify];

    /// The mode as it stands in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Verify => "verify",
        }
    }
}

/// How far a restore is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoreStatus {
    /// Under way, or waiting for its next try.
    Running,
    /// Its tables hold what it brought; or, where it only verified, could have.
    Completed,
    /// Ended with a reason; its tables are as they were.
    Failed,
}

impl RestoreStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Running, Self::Completed, Self::Failed];

    /// The status as it stands in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn serializes_as_it_is_called() {
        for (json, words) in [
            (json!(BackupStatus::ALL), json!(BackupStatus::ALL.map(BackupStatus::as_str))),
            (json!(RestoreKind::ALL), json!(RestoreKind::ALL.map(RestoreKind::as_str))),
            (json!(RestoreMode::ALL), json!(RestoreMode::ALL.map(RestoreMode::as_str))),
            (json!(RestoreStatus::ALL), json!(RestoreStatus::ALL.map(RestoreStatus::as_str))),
        ] {
            assert_eq!(json, words);
        }
    }
}
