//! Committing one chunk: its rows, its ledger row and its rejects file, together or not at all.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use aurora::restores::{self, ChunkFigures, Claim, Shadow};
use aurora::{Database, Error, MaybeDatabase, Statement, Tx};
use bucket::{Store, When};
use domain::avro::ContentSum;
use domain::backup::RestoreId;
use domain::dictionary::Table;
use domain::load::rejects_key;
use domain::sql::select_present_in;
use serde::Deserialize;

use crate::error::RestoreError;
use crate::parts::put_back;
use crate::source::{Chunk, Filling};

/// How often a chunk is begun anew to settle a lost answer or because ids of it are taken.
const ATTEMPTS: u32 = 8;

/// Ids in one question at most: their digits and commas stay far below the service's 65,536 characters.
const IDS_PER_QUESTION: usize = 2_500;

/// What the chunks of a table are committed with.
#[derive(Debug)]
pub(crate) struct Committer<'r, S> {
    pub(crate) store: &'r S,
    pub(crate) database: &'r Database,
    pub(crate) restore: &'r RestoreId,
    pub(crate) table: &'static Table,
    pub(crate) shadow: &'r Shadow,
    /// Chunks that this invocation committed.
    pub(crate) progress: &'r AtomicU64,
}

/// Why an attempt at a chunk's transaction is rolled back.
enum Unfilled {
    /// The chunk is somebody else's, or nobody's. Nothing was written.
    Claim(Claim),
    Failed(RestoreError),
}

impl From<Error> for Unfilled {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

impl MaybeDatabase for Unfilled {
    fn database(&self) -> Option<&Error> {
        match self {
            Self::Claim(_) => None,
            Self::Failed(error) => error.database(),
        }
    }
}

impl<S: Store> Committer<'_, S> {
    /// Commits a chunk unless it is committed already. A COMMIT whose answer was lost is settled by reading the chunk's
    /// ledger row before anything is tried again.
    pub(crate) async fn commit(&self, chunk: Chunk) -> Result<(), RestoreError> {
        let Self { database, restore, table, .. } = *self;
        let chunk = &chunk;
        let mut without_taken: Option<Filling> = None;
        let mut attempt = 1;
        loop {
            let filling = without_taken.as_ref().unwrap_or(&chunk.filling);
            let filled = database.transaction(|tx| async move { self.fill(&tx, chunk, filling).await }).await;
            let error = match filled {
                Ok(()) => {
                    self.progress.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                Err(Unfilled::Claim(Claim::Ours | Claim::Committed)) => return Ok(()),
                Err(Unfilled::Claim(Claim::Moved)) => return Err(RestoreError::Moved),
                Err(Unfilled::Claim(Claim::Ended)) => return Err(RestoreError::Ended),
                Err(Unfilled::Failed(error)) => error,
            };
            match &error {
                RestoreError::Database(Error::DuplicateKey { message }) => {
                    if !names_primary_key(message) {
                        let table = table.name();
                        let reason = format!(
                            "a unique index of today's table {table} refuses a row: it has values of another row"
                        );
                        return Err(RestoreError::Refused(vec![reason]));
                    }
                    let Some(rows) = &chunk.rows else {
                        let reason =
                            format!("{} of two rows of {} is the same", table.key().name(), table.name());
                        return Err(RestoreError::Damaged(reason));
                    };
                    let taken = self.present(rows.ids()).await?;
                    without_taken = Some(rows.without(&taken)?);
                }
                RestoreError::Database(cause) if cause.is_unknown_outcome() => {
                    if restores::is_committed(database, restore, table.name(), chunk.number).await? {
                        self.progress.fetch_add(1, Ordering::Relaxed);
                        return Ok(());
                    }
                }
                _ => return Err(error),
            }
            if attempt == ATTEMPTS {
                return Err(error);
            }
            attempt += 1;
        }
    }

    /// Does everything between BEGIN and COMMIT. The ledger row goes first, so a concurrent delivery
    /// waits there. The rejects file of each attempt has a key of its own, which the ledger row names
    /// if the attempt commits: a function that was frozen, and has lost its transaction, overwrites
    /// nothing when it wakes up.
    async fn fill(&self, tx: &Tx, chunk: &Chunk, filling: &Filling) -> Result<(), Unfilled> {
        let Self { store, restore, table, shadow, .. } = *self;
        let rejects_key = filling
            .rejects
            .as_ref()
            .map(|_| rejects_key(table.name(), restore, chunk.number, Some(fastrand::u32(..))));
        let figures = ChunkFigures {
            rows_read: chunk.rows_read,
            rows_restored: filling.restored.rows(),
            rows_rejected: filling.rejected,
            checksum_read: chunk.read.as_ref().map(ContentSum::checksum),
            checksum_restored: Some(filling.restored.checksum()),
            rejects_key: rejects_key.clone(),
        };
        match restores::claim_chunk(tx, restore, table.name(), shadow, chunk.number, &figures).await? {
            Claim::Ours => {}
            other => return Err(Unfilled::Claim(other)),
        }
        for statement in &filling.statements {
            if let Err(error) = tx.execute(Statement::new(statement.sql.clone())).await {
                if let Some(sql) = put_back(&filling.statements) {
                    tx.restore_session(Statement::new(sql)).await;
                }
                return Err(error.into());
            }
        }
        if let (Some(key), Some(csv)) = (rejects_key, &filling.rejects) {
            let put = store.put(&key, csv.clone(), When::Always).await;
            put.map_err(|error| Unfilled::Failed(error.into()))?;
        }
        Ok(())
    }

    /// Which of these ids are in the shadow.
    async fn present(&self, ids: &[i64]) -> Result<BTreeSet<i64>, Error> {
        #[derive(Deserialize)]
        struct Present {
            id: i64,
        }
        let mut present = BTreeSet::new();
        for ids in ids.chunks(IDS_PER_QUESTION) {
            let ids = ids.iter().copied().collect();
            let select = select_present_in(self.table, self.shadow.name(), &ids, false);
            let rows: Vec<Present> = self.database.query(Statement::new(select)).await?;
            present.extend(rows.into_iter().map(|row| row.id));
        }
        Ok(present)
    }
}

/// Whether a message about a value that is there twice is about the primary key: `… for key 'PRIMARY'`, or of MySQL 8
/// `… for key 'jobs.PRIMARY'`. The value stands before it, and may be anything.
fn names_primary_key(message: &str) -> bool {
    let key = message.rsplit_once("for key '").and_then(|(_, rest)| rest.split('\'').next());
    key.is_some_and(|key| key.rsplit('.').next() == Some("PRIMARY"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_key_is_told_from_every_other_index() {
        for (message, expected) in [
            ("Duplicate entry '7' for key 'PRIMARY'", true),
            ("Duplicate entry '7' for key 'jobs.PRIMARY'; Error code: 1062; SQLState: 23000", true),
            ("Duplicate entry 'Welder' for key 'jobs.by_name'", false),
            ("Duplicate entry 'x for key 'PRIMARY'' for key 'by_name'", false),
            ("Duplicate entry 'PRIMARY' for key 'NOT_PRIMARY'", false),
            ("Can't write; duplicate key in table 'jobs'", false),
        ] {
            assert_eq!(names_primary_key(message), expected, "{message}");
        }
    }
}
