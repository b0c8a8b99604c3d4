//! The reaper: fails abandoned restores, sends events that are still to be sent and drops orphaned
//! tables, on a schedule, without waking a database that sleeps.

use aurora::Deadline;
use aurora::restores::{self, Restore, Status};
use aurora::swap::Orphans;
use bucket::{Store, When};

use crate::error::RestoreError;
use crate::request::answer::{Answer, InvocationError};
use crate::run::notes::{self, LAST_REAPED, LAST_RESTORE};
use crate::run::orphans::remove_orphans;
use crate::{Restorer, metrics};

/// The number of restores that are checked for one that is still running.
pub(crate) const LOOKED_AT: u32 = 100;

impl<S: Store, G: Send + Sync> Restorer<S, G> {
    /// Reports the age of the newest good backup, fails abandoned restores, removes their orphaned
    /// tables and rejects files, and sends events that are still to be sent. Queries the database
    /// only if a restore has been worked on since the reaper last found nothing running and left no
    /// table: an hourly query would keep the database from ever pausing.
    ///
    /// # Errors
    /// [`InvocationError`]; calling it again is safe.
    pub(crate) async fn reap(&self, deadline: Deadline) -> Result<Answer, InvocationError> {
        self.report_age().await?;
        let store = &self.store;
        let last_restore = notes::read(store, LAST_RESTORE).await?;
        if last_restore.is_none() || last_restore == notes::read(store, LAST_REAPED).await? {
            return Ok(Answer::Reaped { failed: Vec::new(), dropped: Vec::new() });
        }
        let database = &self.database.with_deadline(deadline);
        let failed = restores::fail_abandoned(database).await?;
        for restore in &failed {
            tracing::warn!(
                restore.id = restore.as_str(),
                "a restore that nobody worked on any more has failed"
            );
            metrics::failed(restore.as_str()).write();
        }
        let are_sent = self.send_events_due(database).await?;
        let Orphans { dropped, left } = restores::drop_orphans(database).await?;
        let newest: Vec<Restore> = restores::list(database, LOOKED_AT, None).await?;
        for restore in &newest {
            remove_orphans(store, database, restore).await?;
        }
        if let Some(last_restore) = last_restore
            && left == 0
            && are_sent
            && newest.iter().all(|restore| restore.status != Status::Running)
        {
            store.put(LAST_REAPED, last_restore.into(), When::Always).await.map_err(RestoreError::from)?;
        }
        Ok(Answer::Reaped { failed, dropped })
    }
}
