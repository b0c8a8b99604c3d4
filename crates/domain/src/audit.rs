//! What people did, as the audit trail names it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The target of the log lines about what people did. They are written whatever level of log lines is wanted.
pub const LOG_TARGET: &str = "audit";

/// What a person did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Sent rows: an entry for each that is in.
    InsertRows,
    /// Created or replaced a row.
    PutRow,
    /// Deleted a row.
    DeleteRow,
    /// Asked for a link to send a file.
    Upload,
    /// Started a backup.
    StartBackup,
    /// Started a restore.
    StartRestore,
    /// Put the tables before a restore back.
    UndoRestore,
    /// Asked for an account.
    Register,
    /// Approved an account, or changed its groups.
    Approve,
    /// Disabled an account.
    Disable,
    /// Signed in.
    Login,
    /// Signed out.
    Logout,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 12] = [
        Self::InsertRows,
        Self::PutRow,
        Self::DeleteRow,
        Self::Upload,
        Self::StartBackup,
        Self::StartRestore,
        Self::UndoRestore,
        Self::Register,
        Self::Approve,
        Self::Disable,
        Self::Login,
        Self::Logout,
    ];

    /// Returns its name in the trail, the log and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InsertRows => "insert-rows",
            Self::PutRow => "put-row",
            Self::DeleteRow => "delete-row",
            Self::Upload => "upload",
            Self::StartBackup => "start-backup",
            Self::StartRestore => "start-restore",
            Self::UndoRestore => "undo-restore",
            Self::Register => "register",
            Self::Approve => "approve",
            Self::Disable => "disable",
            Self::Login => "login",
            Self::Logout => "logout",
        }
    }
}

/// The person who does something, and the request that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor<'a> {
    /// The account.
    pub username: &'a str,
    /// The request's id, as its log lines have it.
    pub request_id: &'a str,
}

/// An entry of the trail, as it is kept and given out.
#[derive(Debug, Clone, Serialize)]
pub struct AuditRecord {
    /// Its number: a later entry has a larger one.
    pub id: i64,
    /// When, in ISO 8601 UTC with milliseconds.
    pub at: String,
    /// Which account.
    pub username: String,
    /// What it did, by [`Action::as_str`].
    pub action: String,
    /// The table, where there is one.
    pub table: Option<String>,
    /// The key of the row, where there is one.
    pub row: Option<String>,
    /// The row as it was.
    pub before: Option<Box<RawValue>>,
    /// The row as it is since.
    pub after: Option<Box<RawValue>>,
    /// What was asked for.
    pub detail: Option<Box<RawValue>>,
    /// The request that did it.
    pub request_id: String,
}

/// A page of the trail, newest first.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditRecord>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_name_that_fits_its_column() {
        let mut names: Vec<&str> = Action::ALL.map(Action::as_str).to_vec();
        assert!(names.iter().all(|name| name.len() <= 32));
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Action::ALL.len());
    }
}
