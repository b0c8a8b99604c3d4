//! Writes the tables of one snapshot, and of a new one if that is lost.

use aurora::Database;
use aurora::snapshot::{MAX_HALVINGS, Snapshot};
use bucket::Store;
use domain::dictionary::Table;
use indexmap::IndexMap;

use super::table::Writing;
use super::times::Times;
use crate::Backups;
use crate::catalogue;
use crate::error::BackupError;
use crate::state::{Cursor, Progress, State};

/// Snapshots at most, beside one for each halving of pages. A table that is swapped or altered
/// while it is read makes a new one necessary, and so does any other statement that fails: it may
/// end the transaction.
const MAX_SNAPSHOTS: u32 = 4;

/// How an invocation leaves a backup.
pub(crate) enum Outcome {
    /// All tables are written.
    Complete(Cursor),
    /// Time ran out. Another invocation continues the snapshot at the cursor.
    Unfinished { snapshot: Snapshot, cursor: Cursor },
}

impl<S: Store, G: Send + Sync> Backups<S, G> {
    /// Writes tables until all are written or time runs out; starts over if the snapshot is lost.
    pub(crate) async fn write(&self, state: &mut State, times: Times) -> Result<Outcome, BackupError> {
        let database = self.database.with_deadline(times.deadline);
        let mut cursor = state.cursor.take();
        loop {
            let error = match self.write_snapshot(&database, state, cursor.take(), times).await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            if error.wants_smaller() && state.halvings < MAX_HALVINGS {
                state.halvings += 1;
            } else if !error.is_lost() {
                return Err(error);
            } else if state.snapshots >= MAX_SNAPSHOTS + state.halvings {
                return Err(BackupError::Lost { times: state.snapshots });
            }
            tracing::warn!(
                backup.id = %state.backup,
                error.class = error.class(),
                backup.moments = state.snapshots,
                backup.halvings = state.halvings,
                "the snapshot of the backup is lost; it begins anew"
            );
        }
    }

    /// Writes tables of the cursor's snapshot, or of a new one, until all are written or the time
    /// is up.
    async fn write_snapshot(
        &self,
        database: &Database,
        state: &mut State,
        cursor: Option<Cursor>,
        times: Times,
    ) -> Result<Outcome, BackupError> {
        let (snapshot, mut cursor) = match cursor {
            Some(cursor) => {
                let (transaction, time) = (cursor.transaction.clone(), cursor.snapshot_time.clone());
                (Snapshot::resume(database, transaction, time), cursor)
            }
            None => self.take(database, state).await?,
        };
        let rows = rows_of(&cursor.tables);
        let error = match self.write_tables(&snapshot, state, &mut cursor.tables, times).await {
            Ok(true) => {
                snapshot.end().await;
                return Ok(Outcome::Complete(cursor));
            }
            Ok(false) if rows_of(&cursor.tables) == rows => BackupError::OutOfTime,
            Ok(false) => return Ok(Outcome::Unfinished { snapshot, cursor }),
            Err(error) => error,
        };
        snapshot.end().await;
        Err(error)
    }

    /// Takes a snapshot, and looks for the loads that are new in it.
    async fn take(&self, database: &Database, state: &mut State) -> Result<(Snapshot, Cursor), BackupError> {
        state.snapshots += 1;
        let names: Vec<&str> = state.tables.iter().map(String::as_str).collect();
        let is_asked = |table: &&Table| names.contains(&table.name());
        let tables: Vec<&Table> = self.dictionary.tables().iter().filter(is_asked).collect();
        // Before the snapshot: a backup taken in the meantime is not an earlier one.
        let before = catalogue::newest_good(&self.store, &tables).await?;
        let snapshot = Snapshot::take(database, &names).await?;
        match snapshot.loads(&tables, before.as_ref(), state.halvings).await {
            Ok(loads) => {
                let (transaction, snapshot_time) = (snapshot.id().to_owned(), snapshot.time().to_owned());
                Ok((snapshot, Cursor { transaction, snapshot_time, loads, tables: IndexMap::new() }))
            }
            Err(error) => {
                snapshot.end().await;
                Err(error.into())
            }
        }
    }

    /// Writes the tables that are left; whether that were all.
    async fn write_tables(
        &self,
        snapshot: &Snapshot,
        state: &mut State,
        tables: &mut IndexMap<String, Progress>,
        times: Times,
    ) -> Result<bool, BackupError> {
        let State { backup, tables: names, codec, next_part, halvings, .. } = state;
        let writing = Writing {
            store: &self.store,
            backup,
            dictionary_version: self.dictionary_version,
            codec: *codec,
            part_bytes: self.options.part_bytes,
            halvings: *halvings,
            until: times.until,
        };
        let before = rows_of(tables);
        for name in names {
            // A release that came between two invocations may have taken it from the dictionary.
            let known = self.dictionary.tables().iter().find(|table| table.name() == name);
            let Some(table) = known else { return Err(BackupError::NoTable { table: name.clone() }) };
            if tables.get(name.as_str()).is_some_and(|progress| progress.is_complete) {
                continue;
            }
            // Each invocation writes something, or there would be invocations for ever.
            if times.until.is_over() && rows_of(tables) != before {
                return Ok(false);
            }
            let mut progress = tables.shift_remove(name.as_str());
            let next_part = next_part.entry(name.clone()).or_default();
            writing.write(snapshot, table, &mut progress, next_part).await?;
            let Some(progress) = progress else { return Ok(false) };
            let is_complete = progress.is_complete;
            tables.insert(name.clone(), progress);
            if !is_complete {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Returns how much is written: complete tables, and rows.
fn rows_of(tables: &IndexMap<String, Progress>) -> (usize, u64) {
    let complete = tables.values().filter(|progress| progress.is_complete).count();
    (complete, tables.values().map(|progress| progress.manifest.rows).sum())
}
