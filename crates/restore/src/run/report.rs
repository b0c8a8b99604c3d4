//! Telling logs and metrics how a restore has ended.

use std::time::Duration;

use aurora::restores::{Restore, Status};
use domain::backup::read_time;

use crate::metrics;

/// Logs the outcome of a restore that has ended; does nothing for any other.
pub(crate) fn ended(restore: &Restore) {
    let rows_restored = restore.tables.values().map(|table| table.rows_restored).sum();
    let rows_rejected = restore.tables.values().map(|table| table.rows_rejected).sum();
    let finished_at = restore.finished_at.as_ref().unwrap_or(&restore.started_at);
    let time = read_time(finished_at).duration_since(read_time(&restore.started_at));
    let time = Duration::try_from(time).unwrap_or_default();
    tracing::info!(
        restore.id = restore.restore.as_str(),
        restore.kind = restore.kind.as_str(),
        restore.mode = restore.mode.as_str(),
        restore.source = restore.source,
        restore.status = restore.status.as_str(),
        restore.rows_restored = rows_restored,
        restore.rows_rejected = rows_rejected,
        restore.attempts = restore.attempts,
        restore.error = restore.error,
        restore.duration_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        "restore ended"
    );
    let id = restore.restore.as_str();
    match restore.status {
        Status::Running => {}
        Status::Completed => {
            metrics::completed(id, rows_restored, rows_rejected, time).write();
        }
        Status::Failed => metrics::failed(id).write(),
    }
}
