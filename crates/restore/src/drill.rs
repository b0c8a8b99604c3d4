//! The drill: a verification of the newest backup, on a schedule, so that a backup that cannot be restored is known before it
//! is needed. Or of the backup that the lake is about to read.

use std::time::Duration;

use aurora::Deadline;
use aurora::restores::{self, Mode, Restore, Status};
use backup::catalogue;
use bucket::Store;
use domain::backup::{BackupId, Manifest};
use domain::dictionary::Table;
use jiff::Timestamp;

use crate::answer::{Answer, InvocationError, Restored};
use crate::command::{Resolved, go_on, new_id, of_backup, start};
use crate::error::RestoreError;
use crate::go_on::GoOn;
use crate::payload::{FromBackup, Which};
use crate::{Restorer, find, metrics, sweep};

/// Verifies the newest backup of all tables, or all of the backup that is named. Fails when that fails, and when the newest one
/// is older than it may be.
///
/// # Errors
/// [`InvocationError`]; the metrics have been written then too.
pub(crate) async fn drill<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    backup: Option<BackupId>,
    deadline: Deadline,
) -> Result<Answer, InvocationError> {
    let done = match backup {
        Some(backup) => verify_named(restorer, backup, deadline).await,
        None => verify_newest(restorer, deadline).await,
    };
    let verified = match &done {
        Ok(Answer::Drilled { verified, .. }) => Ok(verified.as_ref()),
        Ok(_) => Ok(None),
        Err(error) => Err(error),
    };
    if let Some(succeeded) = outcome(verified) {
        metrics::drilled(succeeded).write();
    }
    done
}

/// Tells metrics how a drill went that goes on in this invocation.
pub(crate) fn tell(done: &Result<Restored, InvocationError>) {
    if let Some(succeeded) = outcome(done.as_ref().map(Some)) {
        metrics::drilled(succeeded).write();
    }
}

/// Whether a drill succeeded; `None` where nobody knows yet: it goes on in another invocation, or was cut off, and Lambda tries
/// the invocation again. That no drill ends at all has an alarm of its own.
fn outcome(done: Result<Option<&Restored>, &InvocationError>) -> Option<bool> {
    match done {
        Ok(Some(verified)) if verified.status == Status::Running => None,
        Ok(_) => Some(true),
        Err(InvocationError::Interrupted { .. }) => None,
        Err(InvocationError::Stopped(error)) if !error.is_final() => None,
        Err(_) => Some(false),
    }
}

async fn verify_newest<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    deadline: Deadline,
) -> Result<Answer, InvocationError> {
    tell_age(restorer).await?;
    let max_age = restorer.options.max_age;
    let max_hours = max_age.as_secs() / 3600;
    let newest = find::newest(&restorer.store, &all(restorer)).await.map_err(|error| match error {
        RestoreError::Damaged(reason) => InvocationError::Drill(reason),
        error => error.into(),
    })?;
    let Some(manifest) = newest else {
        let age = sweep::watched_for(&restorer.store).await?;
        if age > max_age {
            let reason = format!("there has been no backup of all tables for {max_hours} hours");
            return Err(InvocationError::Drill(reason));
        }
        return Ok(Answer::Drilled { verified: None, backup: None, age_hours: hours(age) });
    };
    let age = age_of(&manifest);
    let backup = manifest.backup.to_string();
    let verified = verify(restorer, manifest.backup, deadline).await?;
    if age > max_age {
        let reason = format!("the newest backup, {backup}, is older than {max_hours} hours");
        return Err(InvocationError::Drill(reason));
    }
    Ok(Answer::Drilled { verified: Some(verified), backup: Some(backup), age_hours: hours(age) })
}

/// Verifies all tables of a backup, however old it is.
async fn verify_named<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    backup: BackupId,
    deadline: Deadline,
) -> Result<Answer, InvocationError> {
    tell_age(restorer).await?;
    let verified = Some(verify(restorer, backup.clone(), deadline).await?);
    let age = find::manifest(&restorer.store, &backup).await?.as_ref().map(age_of);
    let age_hours = hours(age.unwrap_or_default());
    Ok(Answer::Drilled { verified, backup: Some(backup.to_string()), age_hours })
}

async fn verify<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    backup: BackupId,
    deadline: Deadline,
) -> Result<Restored, InvocationError> {
    let which = Which::Id(backup);
    let asked = FromBackup { backup: which, tables: None, mode: Mode::Verify, restore: None };
    let resolved = of_backup(restorer, asked, new_id()).await?;
    match under_way(restorer, &resolved, deadline).await? {
        Some(restore) => go_on(restorer, restore, deadline, true).await,
        None => start(restorer, resolved, deadline, true).await,
    }
}

/// The same verification, where one is under way: of an invocation that was cut off, which this one is the next try of. Begun
/// anew, the other would be left to fail.
async fn under_way<S: Store, G: GoOn>(
    restorer: &Restorer<S, G>,
    wanted: &Resolved,
    deadline: Deadline,
) -> Result<Option<Restore>, InvocationError> {
    let database = &restorer.database.with_deadline(deadline);
    let newest = restores::list(database, sweep::LOOKED_AT, None).await?;
    let is_wanted = |restore: &Restore| {
        let Restore { status, kind, source, mode, tables, .. } = restore;
        (*status, *kind, *mode) == (Status::Running, wanted.kind, wanted.mode)
            && *source == wanted.source
            && tables.len() == wanted.tables.len()
            && wanted.tables.iter().all(|table| tables.contains_key(table.name()))
    };
    Ok(newest.into_iter().find(is_wanted))
}

/// Writes the metric of how old the newest good backup is.
pub(crate) async fn tell_age<S: Store, G: GoOn>(restorer: &Restorer<S, G>) -> Result<(), RestoreError> {
    let age = match catalogue::newest_good(&restorer.store, &all(restorer)).await? {
        Some(manifest) => {
            sweep::watch_from(&restorer.store, moment_of(&manifest)).await?;
            age_of(&manifest)
        }
        None => sweep::watched_for(&restorer.store).await?,
    };
    metrics::backup_age(age).write();
    Ok(())
}

/// All tables: a backup of some of them is none of the data.
fn all<S, G>(restorer: &Restorer<S, G>) -> Vec<&'static Table> {
    restorer.dictionary.visible_tables().collect()
}

/// The moment that a backup is a picture of.
fn moment_of(manifest: &Manifest) -> Timestamp {
    manifest.snapshot_time.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

/// How long ago that was.
fn age_of(manifest: &Manifest) -> Duration {
    Duration::try_from(Timestamp::now().duration_since(moment_of(manifest))).unwrap_or_default()
}

fn hours(age: Duration) -> f64 {
    (age.as_secs_f64() / 36.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aurora::restores::Mode;
    use bucket::BucketError;

    use super::*;

    #[test]
    fn what_is_tried_again_has_not_failed_yet() {
        let restored = |status| Restored {
            restore: new_id(),
            status,
            mode: Mode::Verify,
            tables: BTreeMap::new(),
            error: None,
        };
        assert_eq!(outcome(Ok(Some(&restored(Status::Running)))), None);
        assert_eq!(outcome(Ok(Some(&restored(Status::Completed)))), Some(true));
        assert_eq!(outcome(Ok(None)), Some(true), "there need not be a backup yet");
        let of = |error| outcome(Err(&error));
        let key = || "rowgate/last-restore".to_owned();
        assert_eq!(
            of(InvocationError::Interrupted { restore: new_id(), error: RestoreError::OutOfTime }),
            None
        );
        assert_eq!(
            of(InvocationError::Stopped(BucketError::Failed { key: key(), cause: "away".into() }.into())),
            None
        );
        let denied = BucketError::Denied { key: key(), status: 403, cause: "no".into() };
        assert_eq!(of(InvocationError::Stopped(denied.into())), Some(false));
        let reason = "damaged".to_owned();
        assert_eq!(of(InvocationError::Failed { restore: new_id(), reason }), Some(false));
        assert_eq!(of(InvocationError::Drill("too old".to_owned())), Some(false));
    }
}
