//! Telling logs and metrics how a restore has ended.

use std::time::Duration;

use aurora::restores::{Restore, Status};
use jiff::Timestamp;

use crate::metrics;

/// Logs the outcome of a restore that has ended; does nothing for any other.
pub(crate) fn ended(restore: &Restore) {
    let rows_restored = restore.tables.values().map(|table| table.rows_restored).sum();
    let rows_rejected = restore.tables.values().map(|table| table.rows_rejected).sum();
    let time = time(restore);
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

/// From its beginning to its end.
fn time(restore: &Restore) -> Duration {
    let read = |text: &str| text.parse::<Timestamp>().ok();
    let started = read(&restore.started_at);
    let finished = restore.finished_at.as_deref().and_then(read);
    let time = started.zip(finished).map(|(started, finished)| finished.duration_since(started));
    time.and_then(|time| Duration::try_from(time).ok()).unwrap_or_default()
}
