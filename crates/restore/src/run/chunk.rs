//! Commits one chunk: its rows, its ledger row and its rejects file, all or nothing.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use aurora::committer::{self, Committed, PendingChunk, Rollback};
use aurora::keys;
use aurora::restores::{self, ChunkFigures, Claim, Shadow};
use aurora::{Database, Error, Statement, Tx};
use bucket::{Store, When};
use domain::backup::RestoreId;
use domain::dictionary::{Column, Table};
use domain::external::Taken;
use domain::load::rejects_key;
use domain::row_text::ContentSum;

use crate::error::RestoreError;
use crate::read::parts::session_reset;
use crate::read::source::Chunk;

/// Commits the chunks of a table.
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

/// A chunk, with its rows as the next attempt inserts them.
struct Pending<'c, S> {
    committer: &'c Committer<'c, S>,
    chunk: Chunk,
}

impl<S: Store> Committer<'_, S> {
    /// Commits a chunk unless it is committed already.
    pub(crate) async fn commit(&self, chunk: Chunk) -> Result<(), RestoreError> {
        match committer::commit(self.database, Pending { committer: self, chunk }).await? {
            Committed::Already => {}
            Committed::Now(()) | Committed::Unanswered => {
                self.progress.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

impl<S: Store> PendingChunk for Pending<'_, S> {
    type Error = RestoreError;
    type Output = ();

    /// Claims the chunk, inserts its rows, and writes its rejects file. The file of each attempt
    /// has a key of its own, which the ledger row names if the attempt commits: a function that was
    /// frozen, and has lost its transaction, overwrites nothing when it wakes up.
    async fn fill(&self, tx: &Tx) -> Result<(), Rollback<RestoreError>> {
        let Committer { store, restore, table, shadow, .. } = *self.committer;
        let Chunk { number, rows_read, read, filling, .. } = &self.chunk;
        let rejects_key = filling
            .rejects
            .as_ref()
            .map(|_| rejects_key(table.name(), restore, *number, Some(fastrand::u32(..))));
        let figures = ChunkFigures {
            rows_read: *rows_read,
            rows_restored: filling.restored.rows(),
            rows_rejected: filling.rejected,
            checksum_read: read.as_ref().map(ContentSum::checksum),
            checksum_restored: Some(filling.restored.checksum()),
            rejects_key: rejects_key.clone(),
        };
        match restores::claim_chunk(tx, restore, table.name(), shadow, *number, &figures).await? {
            Claim::Ours => {}
            Claim::Committed => return Err(Rollback::Committed),
            Claim::Fenced => return Err(Rollback::Fenced),
            Claim::Restarted => return Err(Rollback::Failed(RestoreError::Restarted)),
            Claim::Ended => return Err(Rollback::Failed(RestoreError::Ended)),
        }
        for statement in &filling.statements {
            if let Err(error) = tx.execute(Statement::from(statement)).await {
                if let Some(sql) = session_reset(&filling.statements) {
                    tx.restore_session(Statement::new(sql)).await;
                }
                return Err(error.into());
            }
        }
        if let (Some(key), Some(csv)) = (rejects_key, &filling.rejects) {
            let put = store.put(&key, csv.clone(), When::Always).await;
            put.map_err(RestoreError::from).map_err(Rollback::Failed)?;
        }
        Ok(())
    }

    async fn is_committed(&self, database: &Database) -> Result<bool, Error> {
        let Committer { restore, table, .. } = *self.committer;
        restores::is_committed(database, restore, table.name(), self.chunk.number).await
    }

    /// Leaves out rows whose keys or unique values are taken, if rows may be rejected.
    async fn avoid(&mut self, database: &Database, error: RestoreError) -> Result<(), RestoreError> {
        let RestoreError::Database(Error::DuplicateKey { message }) = &error else { return Err(error) };
        let Committer { table, shadow, .. } = *self.committer;
        let Some(rows) = &self.chunk.rows else {
            return Err(if names_primary_key(message) { twice(table) } else { refused(table) });
        };
        let target = shadow.name();
        let mut taken = Taken {
            keys: keys::present(database, table, target, rows.keys(), false).await?,
            unique: Vec::new(),
        };
        for (entry, columns) in table.unique().iter().enumerate() {
            let values = rows.unique_values(entry);
            let holders = keys::holders(database, table, target, columns, values, false).await?;
            taken.unique.push(holders.into_keys().collect());
        }
        if taken.keys.is_empty() && taken.unique.iter().all(HashSet::is_empty) {
            // The table has an index that the dictionary does not.
            return Err(refused(table));
        }
        self.chunk.filling = rows.without(&taken)?;
        Ok(())
    }
}

/// Returns the error of a backup with two rows of one key.
fn twice(table: &Table) -> RestoreError {
    let columns: Vec<&str> = table.key_columns().map(Column::name).collect();
    RestoreError::Damaged(format!("{} of two rows of {} is the same", columns.join(", "), table.name()))
}

fn refused(table: &Table) -> RestoreError {
    let name = table.name();
    RestoreError::Refused(vec![format!(
        "a unique index of today's table {name} refuses a row: it has values of another row"
    )])
}

/// Returns true if a message about a duplicate value names the primary key: `… for key 'PRIMARY'`,
/// or in MySQL 8 `… for key 'tags.PRIMARY'`. The value stands before it and may be anything.
fn names_primary_key(message: &str) -> bool {
    let key = message.rsplit_once("for key '").and_then(|(_, rest)| rest.split('\'').next());
    key.is_some_and(|key| key.rsplit('.').next() == Some("PRIMARY"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinguishes_the_primary_key_from_every_other_index() {
        for (message, expected) in [
            ("Duplicate entry '7' for key 'PRIMARY'", true),
            ("Duplicate entry '7' for key 'tags.PRIMARY'; Error code: 1062; SQLState: 23000", true),
            ("Duplicate entry 'Welder' for key 'tags.by_name'", false),
            ("Duplicate entry 'x for key 'PRIMARY'' for key 'by_name'", false),
            ("Duplicate entry 'PRIMARY' for key 'NOT_PRIMARY'", false),
            ("Can't write; duplicate key in table 'tags'", false),
        ] {
            assert_eq!(names_primary_key(message), expected, "{message}");
        }
    }
}
