//! A restore as a job: started, started later, or resumed.

use aurora::restores::{self, NewRestore, Restore, Status};
use aurora::{Database, Deadline};
use bucket::Store;
use domain::backup::RestoreId;
use domain::dictionary::Table;
use lambda_kit::continuation::Continuation;

use crate::Restorer;
use crate::error::RestoreError;
use crate::request::answer::{InvocationError, Restored};
use crate::request::payload::Unfinished;
use crate::request::resolve::Resolved;
use crate::run::notes::announce;

impl<S: Store, G: Continuation<Unfinished>> Restorer<S, G> {
    /// Starts a restore, and works on it.
    pub(crate) async fn start(
        &self,
        resolved: Resolved,
        deadline: Deadline,
        is_drill: bool,
    ) -> Result<Restored, InvocationError> {
        let ledger = &self.database.with_deadline(deadline);
        announce(&self.store, &resolved.id).await?;
        let restore = restores::begin(ledger, resolved.as_new()).await?;
        // Once more: a reaper between the two has found no restore, and would look no further.
        announce(&self.store, &resolved.id).await?;
        tracing::info!(
            restore.id = restore.restore.as_str(),
            restore.kind = restore.kind.as_str(),
            restore.source = restore.source,
            restore.mode = restore.mode.as_str(),
            "restore begins"
        );
        let ran = match &resolved.problem {
            Some(problem) => self.fail(ledger, &resolved.id, &problem.reason()).await,
            None => self.run(&resolved.id, deadline, is_drill).await,
        };
        outcome(&resolved.id, ran)
    }

    /// Records a restore in the ledger, so that it can be asked for, and lets another invocation do
    /// it.
    pub(crate) async fn start_later(
        &self,
        ledger: &Database,
        resolved: &Resolved,
    ) -> Result<(), RestoreError> {
        let id = &resolved.id;
        announce(&self.store, id).await?;
        restores::announce(ledger, resolved.as_new()).await?;
        // Once more: a reaper between the two has found no restore, and would look no further.
        announce(&self.store, id).await?;
        if let Some(problem) = &resolved.problem {
            self.fail(ledger, id, &problem.reason()).await?;
            return Ok(());
        }
        let unfinished = Unfinished { restore: id.clone(), drill: false };
        if let Err(error) = self.continuation.continue_later(unfinished).await {
            self.fail(ledger, id, &error.to_string()).await?;
            return Err(error.into());
        }
        Ok(())
    }

    /// Continues a restore that the ledger has; returns how it ended if it has.
    pub(crate) async fn resume(
        &self,
        restore: Restore,
        deadline: Deadline,
        is_drill: bool,
    ) -> Result<Restored, InvocationError> {
        let id = restore.restore.clone();
        if restore.status != Status::Running {
            // Its function may have been killed right after it had ended.
            self.send_event(&self.database.with_deadline(deadline), &restore).await;
            return outcome(&id, Ok(restore));
        }
        announce(&self.store, &id).await?;
        let is_known = |table: &&Table| restore.tables.contains_key(table.name());
        let tables: Vec<&Table> = self.dictionary.tables().iter().filter(is_known).collect();
        let Restore { kind, source, mode, strict, .. } = &restore;
        let new = NewRestore { id: &id, kind: *kind, source, mode: *mode, strict: *strict, tables: &tables };
        let begun = restores::begin(&self.database.with_deadline(deadline), new).await?;
        tracing::info!(restore.id = id.as_str(), restore.attempts = begun.attempts, "restore is continued");
        outcome(&id, self.run(&id, deadline, is_drill).await)
    }
}

/// Returns what an invocation answers: that a restore failed or was interrupted is an error.
fn outcome(id: &RestoreId, ran: Result<Restore, RestoreError>) -> Result<Restored, InvocationError> {
    match ran {
        Ok(restore) if restore.status == Status::Failed => {
            Err(InvocationError::Failed { restore: id.clone(), reason: restore.error.unwrap_or_default() })
        }
        Ok(restore) => Ok(restore.into()),
        Err(error) => Err(InvocationError::Interrupted { restore: id.clone(), error }),
    }
}
