//! The actions of people in the audit trail.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::named::named_enum;

/// The target of the log lines about what people did. They are written whatever level of log lines
/// is wanted.
pub const LOG_TARGET: &str = "audit";

named_enum! {
    /// An action of a person.
    pub enum Action {
        /// Sent rows: an entry for each inserted row.
        InsertRows = "insert-rows",
        /// Created or replaced a row.
        PutRow = "put-row",
        /// Deleted a row.
        DeleteRow = "delete-row",
        /// Asked for a link to send a file.
        Upload = "upload",
        /// Started a backup.
        StartBackup = "start-backup",
        /// Started a restore.
        StartRestore = "start-restore",
        /// Undid a restore.
        UndoRestore = "undo-restore",
        /// Asked for an account.
        Register = "register",
        /// Approved an account, or changed its groups.
        Approve = "approve",
        /// Disabled an account.
        Disable = "disable",
        /// Signed in.
        Login = "login",
        /// Signed out.
        Logout = "logout",
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

/// An entry of the trail, as it is stored and returned.
#[derive(Debug, Clone, Serialize)]
pub struct AuditRecord {
    /// Its number: a later entry has a larger one.
    pub id: i64,
    /// The time, in ISO 8601 UTC with milliseconds.
    pub at: String,
    /// The account.
    pub username: String,
    /// The action, by [`Action::as_str`].
    pub action: String,
    /// The table, where there is one.
    pub table: Option<String>,
    /// The key of the row, where there is one.
    pub row: Option<String>,
    /// The row as it was.
    pub before: Option<Box<RawValue>>,
    /// The row as it is since.
    pub after: Option<Box<RawValue>>,
    /// Details of the request.
    pub detail: Option<Box<RawValue>>,
    /// The request that did it.
    pub request_id: String,
}

/// A page of the trail, newest first.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditRecord>,
    /// The id after which the next page begins; `None` on the last page.
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
