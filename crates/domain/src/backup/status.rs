//! The states of backups and restores, and the purposes of restores. The ledger, the answers and
//! the API's document all take their words from here.

use crate::named::named_enum;

named_enum! {
    /// The state of a backup.
    pub enum BackupStatus {
        /// An invocation works on it, or will soon.
        Running = "running",
        /// Its manifest is written.
        Completed = "completed",
        /// It will never have a manifest, or what it holds is not what its manifest says.
        Failed = "failed",
    }
}

named_enum! {
    /// The source of a restore's rows.
    pub enum RestoreKind {
        /// From a backup.
        Backup = "backup",
        /// From Avro files that Rowgate did not write.
        Files = "files",
        /// From the previous tables, which another restore replaced.
        Undo = "put_back",
    }
}

named_enum! {
    /// The purpose of a restore.
    pub enum RestoreMode {
        /// To take the place of the tables.
        Replace = "replace",
        /// To see whether it could: the tables stay.
        Verify = "verify",
    }
}

named_enum! {
    /// The state of a restore.
    pub enum RestoreStatus {
        /// Under way, or waiting for its next try.
        Running = "running",
        /// Its tables hold what it restored; or, where it only verified, could have.
        Completed = "completed",
        /// Ended with a reason; its tables are as they were.
        Failed = "failed",
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
