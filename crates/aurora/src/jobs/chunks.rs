//! Chunks: each is recorded in the transaction that carries its rows.

use domain::backup::RestoreId;
use domain::load::LoadId;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::ledger::halving;
use crate::{Database, Error, Statement, Tx};

/// Whose a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// This transaction owns it: no other one can commit it.
    Ours,
    /// Committed already.
    Committed,
    /// It cannot be claimed any more: the load or restore has ended.
    Ended,
    /// It cannot be claimed: the load was sent back to its start, or the restored table is filled
    /// or has another shadow.
    Restarted,
    /// It cannot be claimed for now: the table is fenced, because a new one is being swapped in.
    Fenced,
}

/// Claims a chunk by an insert into the ledger that finds nothing to insert if the chunk must not
/// be committed now; then `why_not` says why.
///
/// A concurrent delivery that claims the same chunk waits here until this transaction ends, and
/// then finds the chunk committed or free.
pub(crate) async fn claim<F>(tx: &Tx, insert: Statement, why_not: F) -> Result<Claim, Error>
where
    F: Future<Output = Result<Claim, Error>>,
{
    match tx.execute(insert).await {
        Ok(inserted) if inserted.updated > 0 => Ok(Claim::Ours),
        Ok(_) => why_not.await,
        Err(error) if error.is_duplicate_key() => Ok(Claim::Committed),
        Err(error) => Err(error),
    }
}

/// The committed chunks of a load, or of a table of a restore.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ChunkLedger<'a> {
    Load(&'a LoadId),
    Restore(&'a RestoreId, &'a str),
}

impl ChunkLedger<'_> {
    fn select(self, columns: &str, condition: &str) -> Statement {
        let select = |from: &str| Statement::new(format!("SELECT {columns} FROM {from} AND {condition}"));
        match self {
            Self::Load(id) => select("rowgate_load_chunks WHERE load_id = :job").bind("job", id.as_str()),
            Self::Restore(id, table) => {
                select("rowgate_restore_chunks WHERE restore_id = :job AND table_name = :table")
                    .bind("job", id.as_str())
                    .bind("table", table)
            }
        }
    }

    /// Returns true if a chunk is committed: what settles a COMMIT whose answer was lost.
    pub(crate) async fn is_committed(self, database: &Database, chunk: u32) -> Result<bool, Error> {
        // Locks the row, so that a commit in flight is waited for and not taken for a failed one.
        let select = self.select("chunk_no", "chunk_no = :chunk LOCK IN SHARE MODE");
        let rows: Vec<IgnoredAny> = database.query(select.bind("chunk", chunk)).await?;
        Ok(!rows.is_empty())
    }

    /// Reads the chunks that meet a condition, in the order of their numbers, at most `limit` in an
    /// answer; in half as many where that is too large an answer.
    pub(crate) async fn read<C: DeserializeOwned>(
        self,
        database: &Database,
        columns: &str,
        condition: &str,
        mut limit: u32,
        number: impl Fn(&C) -> u32,
    ) -> Result<Vec<C>, Error> {
        let mut chunks = Vec::new();
        let mut from = 0;
        loop {
            let page = |limit| {
                let page = format!("{condition} AND chunk_no >= :from ORDER BY chunk_no LIMIT {limit}");
                database.query(self.select(columns, &page).bind("from", from))
            };
            let page: Vec<C> = halving(&mut limit, page).await?;
            let Some(last) = page.last() else { return Ok(chunks) };
            from = number(last) + 1;
            chunks.extend(page);
        }
    }
}
