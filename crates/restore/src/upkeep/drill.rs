//! The drill: verifies the newest backup, on a schedule, so that a backup that cannot be restored
//! is known before it is needed. Or the backup that the lake is about to read.

use std::time::Duration;

use aurora::Deadline;
use aurora::restores::{self, Mode, Restore, Status};
use bucket::Store;
use domain::backup::BackupId;
use lambda_kit::continuation::Continuation;

use crate::error::RestoreError;
use crate::read::find;
use crate::request::answer::{Answer, InvocationError, Restored};
use crate::request::payload::{FromBackup, Unfinished, Which};
use crate::request::resolve::{Resolved, new_id};
use crate::run::notes;
use crate::upkeep::age::{age_of, hours};
use crate::upkeep::reap::LOOKED_AT;
use crate::{Restorer, metrics};

/// Reports the outcome of a drill that continued in this invocation.
pub(crate) fn report(done: &Result<Restored, InvocationError>) {
    report_outcome(done.as_ref().map(Some));
}

fn report_outcome(done: Result<Option<&Restored>, &InvocationError>) {
    if let Some(succeeded) = outcome(done) {
        metrics::drilled(succeeded).write();
    }
}

/// Returns whether a drill succeeded; `None` if that is not known yet: it is continued in another
/// invocation, or was interrupted, and Lambda retries the invocation. An alarm of its own reports
/// that no drill ends at all.
fn outcome(done: Result<Option<&Restored>, &InvocationError>) -> Option<bool> {
    match done {
        Ok(Some(verified)) if verified.status == Status::Running => None,
        Ok(_) => Some(true),
        Err(InvocationError::Interrupted { .. }) => None,
        Err(InvocationError::Stopped(error)) if !error.is_final() => None,
        Err(_) => Some(false),
    }
}

impl<S: Store, G: Continuation<Unfinished>> Restorer<S, G> {
    /// Verifies the newest backup of all tables, or all of the backup that is named. Fails if that
    /// fails, and if the newest one is older than it may be.
    ///
    /// # Errors
    /// [`InvocationError`]; the metrics have been written then too.
    pub(crate) async fn drill(
        &self,
        backup: Option<BackupId>,
        deadline: Deadline,
    ) -> Result<Answer, InvocationError> {
        let done = match backup {
            Some(backup) => self.verify_named(backup, deadline).await,
            None => self.verify_newest(deadline).await,
        };
        report_outcome(match &done {
            Ok(Answer::Drilled { verified, .. }) => Ok(verified.as_ref()),
            Ok(_) => Ok(None),
            Err(error) => Err(error),
        });
        done
    }

    async fn verify_newest(&self, deadline: Deadline) -> Result<Answer, InvocationError> {
        self.report_age().await?;
        let max_age = self.options.max_age;
        let max_hours = max_age.as_secs() / 3600;
        let newest = find::newest(&self.store, &self.all_tables()).await.map_err(|error| match error {
            RestoreError::Damaged(reason) => InvocationError::Drill(reason),
            error => error.into(),
        })?;
        let Some(manifest) = newest else {
            let age = notes::watched_for(&self.store).await?;
            if age > max_age {
                let reason = format!("there has been no backup of all tables for {max_hours} hours");
                return Err(InvocationError::Drill(reason));
            }
            return Ok(Answer::Drilled { verified: None, backup: None, age_hours: hours(age) });
        };
        let age = age_of(&manifest);
        let backup = manifest.backup.to_string();
        let verified = self.verify(manifest.backup, deadline).await?;
        if age > max_age {
            let reason = format!("the newest backup, {backup}, is older than {max_hours} hours");
            return Err(InvocationError::Drill(reason));
        }
        Ok(Answer::Drilled { verified: Some(verified), backup: Some(backup), age_hours: hours(age) })
    }

    /// Verifies all tables of a backup, however old it is.
    async fn verify_named(&self, backup: BackupId, deadline: Deadline) -> Result<Answer, InvocationError> {
        self.report_age().await?;
        let verified = Some(self.verify(backup.clone(), deadline).await?);
        let age = find::manifest(&self.store, &backup).await?.as_ref().map_or(Duration::ZERO, age_of);
        Ok(Answer::Drilled { verified, backup: Some(backup.to_string()), age_hours: hours(age) })
    }

    async fn verify(&self, backup: BackupId, deadline: Deadline) -> Result<Restored, InvocationError> {
        let wanted = FromBackup { backup: Which::Id(backup), tables: None, mode: Mode::Verify };
        let resolved = self.resolve_backup(wanted, new_id()).await?;
        match self.under_way(&resolved, deadline).await? {
            Some(restore) => self.resume(restore, deadline, true).await,
            None => self.start(resolved, deadline, true).await,
        }
    }

    /// Finds the same verification if it is under way, begun by an interrupted invocation that this
    /// one retries. To start over would leave the first one to fail.
    async fn under_way(
        &self,
        wanted: &Resolved,
        deadline: Deadline,
    ) -> Result<Option<Restore>, InvocationError> {
        let newest = restores::list(&self.database.with_deadline(deadline), LOOKED_AT, None).await?;
        let is_wanted = |restore: &Restore| {
            let Restore { status, kind, source, mode, tables, .. } = restore;
            (*status, *kind, *mode) == (Status::Running, wanted.kind, wanted.mode)
                && *source == wanted.source
                && tables.len() == wanted.tables.len()
                && wanted.tables.iter().all(|table| tables.contains_key(table.name()))
        };
        Ok(newest.into_iter().find(is_wanted))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
