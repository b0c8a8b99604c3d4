//! The sweep: ends what was left behind, on a schedule, without waking a database that sleeps.

use std::time::Duration;

use aurora::Deadline;
use aurora::restores::{self, Restore, Status};
use bucket::{Put, Store, When};
use domain::backup::{RestoreId, time_text};
use jiff::Timestamp;

use crate::answer::{Answer, InvocationError};
use crate::error::RestoreError;
use crate::go_on::GoOn;
use crate::leftovers::remove_leftovers;
use crate::{Restorer, drill, metrics};

/// When a function last worked on a restore: written by each invocation that does.
const LAST_RESTORE: &str = "rowgate/last-restore";
/// What [`LAST_RESTORE`] was when a sweep found nothing left to do.
const LAST_SWEEP: &str = "rowgate/last-sweep";
/// Since when there has been no good backup, where there is none: the moment of the last one that there was, or when somebody
/// first looked for one.
const WATCHED_SINCE: &str = "rowgate/backups-watched-since";

/// The most that is read of each.
const MAX_NOTE: u64 = 1024;

/// Restores that are looked at for whether one is still running.
pub(crate) const LOOKED_AT: u32 = 100;

/// Notes that a function works on a restore.
///
/// # Errors
/// Those of the bucket.
pub(crate) async fn announce<S: Store>(store: &S, restore: &RestoreId) -> Result<(), RestoreError> {
    let note = format!("{restore} {}", time_text(Timestamp::now()));
    store.put(LAST_RESTORE, note.into(), When::Always).await?;
    Ok(())
}

/// Reports the age of the newest good backup, fails restores that nobody works on any more, and
/// removes rejects files that are left over. Asks the database only when a restore has been worked on
/// since a sweep last found nothing running: asking every hour would keep it from ever pausing.
///
/// # Errors
/// [`InvocationError`]; calling it again is safe.
pub(crate) async fn sweep<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    deadline: Deadline,
) -> Result<Answer, InvocationError> {
    drill::tell_age(restorer).await?;
    let store = &restorer.store;
    let last_restore = read(store, LAST_RESTORE).await?;
    if last_restore.is_none() || last_restore == read(store, LAST_SWEEP).await? {
        return Ok(Answer::Swept { failed: Vec::new(), dropped: Vec::new() });
    }
    let database = &restorer.database.with_deadline(deadline);
    let restores::Reaped { failed, dropped } = restores::reap(database).await?;
    for restore in &failed {
        tracing::warn!(restore.id = restore.as_str(), "a restore that nobody worked on any more has failed");
        metrics::failed(restore.as_str()).write();
    }
    let newest: Vec<Restore> = restores::list(database, LOOKED_AT, None).await?;
    for restore in &newest {
        remove_leftovers(store, database, restore).await?;
    }
    if let Some(last_restore) = last_restore
        && newest.iter().all(|restore| restore.status != Status::Running)
    {
        store.put(LAST_SWEEP, last_restore.into(), When::Always).await.map_err(RestoreError::from)?;
    }
    Ok(Answer::Swept { failed, dropped })
}

/// Notes the moment of a good backup: from then on there is none, if this one is lost, or lacks a table that is new.
///
/// # Errors
/// Those of the bucket.
pub(crate) async fn watch_from<S: Store>(store: &S, moment: Timestamp) -> Result<(), RestoreError> {
    let moment = time_text(moment);
    // Once for each backup, not every hour: the bucket keeps what is written over.
    if read(store, WATCHED_SINCE).await?.as_ref() != Some(&moment) {
        store.put(WATCHED_SINCE, moment.into(), When::Always).await?;
    }
    Ok(())
}

/// How long there has been no good backup: since the last one that there was, or since somebody first looked for one.
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

async fn read<S: Store>(store: &S, key: &str) -> Result<Option<String>, RestoreError> {
    let object = store.get(key, MAX_NOTE).await?;
    Ok(object.map(|object| String::from_utf8_lossy(&object.content).into_owned()))
}
