//! Metrics as log lines: CloudWatch makes metrics of lines in its embedded metric format, so a function needs no call
//! and no right for them.

mod backups;
mod canary;
mod document;
mod loads;
mod requests;
mod restores;

pub use backups::{BackupFigures, backup_age, backup_completed, backup_failed};
pub use canary::canary_checked;
pub use loads::{LoadFigures, audited, load_ended};
pub use requests::{RequestFigures, request_answered};
pub use restores::{RestoreFigures, drilled, restore_completed, restore_failed};
