//! Ends a load: checks whether its figures let it complete, and says why it fails.

use aurora::Database;
use aurora::loads::{self, Begun, Ending, Run, reject_reasons};
use domain::dictionary::LoadMode;
use domain::load::{Incoming, LoadId, LoadRecord, LoadStatus};

use super::run::Work;
use crate::commit::Limit;
use crate::error::LoadError;

impl<S, Q> Work<'_, S, Q> {
    /// Returns how many records may be rejected, by the dictionary, the deployment or the mode.
    pub(crate) fn limit(&self) -> Option<Limit> {
        let Incoming { table, mode, .. } = self.incoming;
        Limit::of(table.max_rejects().or(self.loader.options.max_rejects), mode)
    }

    /// Checks the figures of a run that has read everything: it has loaded rows, its rejected
    /// records are within the limit, and a replace has rows to replace the table with (an export
    /// that failed would leave an empty table). `has_loaded` says that rows are known to be loaded.
    ///
    /// # Errors
    /// Why the load fails; or the database.
    pub(crate) async fn check_figures(&self, run: &Run, has_loaded: bool) -> Result<(), LoadError> {
        let (limit, mode) = (self.limit(), self.incoming.mode);
        if has_loaded && limit.is_none() {
            return Ok(());
        }
        let Some(record) = loads::get(self.database, &run.id).await? else { return Ok(()) };
        let LoadRecord { rows_read, rows_loaded, rows_rejected, .. } = record;
        let within = limit.map_or(Ok(()), |limit| limit.check(rows_rejected, rows_read));
        if let Err(LoadError::IncompleteReplace) = within {
            // As at its first reject, if it was not interrupted there.
            return within;
        }
        if rows_loaded == 0
            && rows_rejected > 0
            && let Some(mostly) = reject_reasons(self.database, &run.id).await?.commonest_fault().cloned()
        {
            return Err(LoadError::NothingLoaded { records: rows_read, mostly });
        }
        within?;
        if mode == LoadMode::Replace && rows_loaded == 0 { Err(LoadError::Empty) } else { Ok(()) }
    }

    /// Ends the load as failed. A run that is over ends nothing: in a table that was replaced
    /// meanwhile, the load may come to something else.
    ///
    /// # Errors
    /// [`LoadError::Restarted`] for such a run; or the database.
    pub(crate) async fn fail(&self, run: &Run, error: &LoadError) -> Result<(), LoadError> {
        let database = self.to_end;
        let record = loads::get(database, &run.id).await?;
        let reason = failure(database, &run.id, error, record.as_ref()).await?;
        end_run(database, run, self.incoming.mode, Ending::Failed(&reason)).await?;
        match self.why_not_ended(run).await? {
            // By this function, or by a concurrent one: a failure is better logged twice than
            // never.
            LoadError::Ended => Ok(()),
            error => Err(error),
        }
    }

    /// Says why a run cannot end the load: it was sent back to its start, or the load has ended.
    pub(crate) async fn why_not_ended(&self, run: &Run) -> Result<LoadError, LoadError> {
        Ok(match loads::state(self.to_end, &run.id).await? {
            Some(Begun { status: LoadStatus::Running, .. }) => LoadError::Restarted,
            _ => LoadError::Ended,
        })
    }
}

/// Ends a run, and undoes it if it was to replace the table.
pub(crate) async fn end_run(
    database: &Database,
    run: &Run,
    mode: LoadMode,
    ending: Ending<'_>,
) -> Result<(), aurora::Error> {
    match mode {
        LoadMode::Append | LoadMode::Upsert => loads::end(database, run, ending).await.map(drop),
        LoadMode::Replace => loads::undo(database, run, ending).await,
    }
}

/// Describes why a load fails, what happens to the rows that it has loaded, and what to do. Undoing
/// a replace adds what happens to the table.
///
/// # Errors
/// As [`reject_reasons`].
pub(crate) async fn failure(
    database: &Database,
    id: &LoadId,
    error: &LoadError,
    record: Option<&LoadRecord>,
) -> Result<String, aurora::Error> {
    let mut reason = error.reason();
    if matches!(error, LoadError::TooManyRejects { .. } | LoadError::IncompleteReplace)
        && let Some(mostly) = reject_reasons(database, id).await?.commonest()
    {
        // Without a count: chunks in progress may add to it.
        reason.push_str(&format!(", mostly because \"{}\" ({})", mostly.message, mostly.code));
    }
    if matches!(error, LoadError::IncompleteReplace) {
        reason.push_str("; fix them and drop the whole file again, or set max_rejects for the table");
    }
    if let Some(LoadRecord { mode, rows_read, rows_loaded, rows_rejected, .. }) = record
        && *rows_read > 0
        && *mode != LoadMode::Replace
        && !matches!(error, LoadError::NothingLoaded { .. })
    {
        reason.push_str(&format!(
            "; of {rows_read} records read {rows_loaded} are loaded and stay, {rows_rejected} were rejected"
        ));
    }
    Ok(reason)
}
