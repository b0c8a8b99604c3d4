//! Notes in the bucket that show what there is to do without waking the database.

use std::time::Duration;

use bucket::{Put, Store, When};
use domain::backup::{RestoreId, time_text};
use jiff::Timestamp;

use crate::error::RestoreError;

/// The time when a function last worked on a restore; each invocation that does writes it.
pub(crate) const LAST_RESTORE: &str = "rowgate/last-restore";
/// The value of [`LAST_RESTORE`] when the reaper last found nothing left to do.
pub(crate) const LAST_REAPED: &str = "rowgate/last-sweep";
/// The time since which there has been no good backup: the snapshot time of the last one, or the
/// time of the first check for one.
const WATCHED_SINCE: &str = "rowgate/backups-watched-since";

/// Bytes of a note at most.
const MAX_NOTE: u64 = 1024;

/// Notes that a function works on a restore.
///
/// # Errors
/// Those of the bucket.
pub(crate) async fn announce<S: Store>(store: &S, restore: &RestoreId) -> Result<(), RestoreError> {
    let note = format!("{restore} {}", time_text(Timestamp::now()));
    store.put(LAST_RESTORE, note.into(), When::Always).await?;
    Ok(())
}

/// Records the snapshot time of a good backup. If this backup is lost, or lacks a table that is
/// new, the time without a good backup counts from here.
///
/// # Errors
/// Those of the bucket.
pub(crate) async fn watch_from<S: Store>(store: &S, snapshot: Timestamp) -> Result<(), RestoreError> {
    let snapshot = time_text(snapshot);
    // Written once for each backup, not every hour: the bucket keeps old versions.
    if read(store, WATCHED_SINCE).await?.as_ref() != Some(&snapshot) {
        store.put(WATCHED_SINCE, snapshot.into(), When::Always).await?;
    }
    Ok(())
}

/// Returns for how long there has been no good backup: since the last one, or since the first check
/// for one.
///
/// # Errors
/// Those of the bucket.
pub(crate) async fn watched_for<S: Store>(store: &S) -> Result<Duration, RestoreError> {
    let now = Timestamp::now();
    let first = store.put(WATCHED_SINCE, time_text(now).into(), When::New).await?;
    let since = match first {
        Put::Written(_) => None,
        Put::Refused => read(store, WATCHED_SINCE).await?.and_then(|since| since.parse::<Timestamp>().ok()),
    };
    Ok(Duration::try_from(now.duration_since(since.unwrap_or(now))).unwrap_or_default())
}

/// Reads a note; `None` if there is none.
pub(crate) async fn read<S: Store>(store: &S, key: &str) -> Result<Option<String>, RestoreError> {
    let object = store.get(key, MAX_NOTE).await?;
    Ok(object.map(|object| String::from_utf8_lossy(&object.content).into_owned()))
}
