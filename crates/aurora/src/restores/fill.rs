//! Filling the tables of a restore.

use domain::backup::RestoreId;
use domain::dictionary::Table;

use super::end::running;
use super::record::Kind;
use crate::jobs::JobId;
use crate::ledger::{Only, settled};
use crate::swap::{self, Shadow, Target, state};
use crate::{Database, Error, Statement, Tx};

/// The state of a table that a restore is about to fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// There is a table to fill; it has the committed chunks.
    Fill {
        /// The table to fill.
        shadow: Shadow,
    },
    /// The table is filled and checked already.
    Filled,
    /// The database does not have the table.
    Missing,
    /// The restore has ended.
    Ended,
}

/// Makes the table that a restore fills, or finds the one it has filled so far. Settles a swap that
/// was left half done.
///
/// # Errors
/// Any [`Error`]; calling it again is safe. [`Error::Configuration`] for a table that the restore
/// was not begun with.
pub async fn prepare(database: &Database, id: &RestoreId, table: &Table) -> Result<Prepared, Error> {
    let Some(restore) = running(database, id).await? else { return Ok(Prepared::Ended) };
    if restore.kind == Kind::Undo {
        return Err(Error::Configuration { message: format!("the restore {id} has nothing to fill") });
    }
    match swap::prepare(database, &id.into(), table.name()).await {
        Ok(Some(Target { is_filled: true, .. })) => Ok(Prepared::Filled),
        Ok(Some(Target { shadow, .. })) => Ok(Prepared::Fill { shadow }),
        Ok(None) => Ok(Prepared::Ended),
        Err(error) if error.is_missing_table() => Ok(Prepared::Missing),
        Err(error) => Err(error),
    }
}

/// A restore's figures for a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFigures {
    /// Rows read: those restored and those rejected.
    pub rows_read: u64,
    /// The number of rows in the shadow.
    pub rows_restored: u64,
    /// Rows that break a rule.
    pub rows_rejected: u64,
    /// The order-free checksum of the shadow's content, 16 hexadecimal digits.
    pub checksum: String,
}

/// The outcome of recording a table as filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// It is recorded, and no more chunks can be added.
    Recorded,
    /// Its committed chunks do not add up to the figures.
    Differs,
    /// It has another shadow by now.
    Restarted,
    /// The restore has ended.
    Ended,
}

/// Records that a table is filled and checked. From then on no chunk of it can be claimed.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn record_filled(
    database: &Database,
    id: &RestoreId,
    table: &str,
    shadow: &Shadow,
    figures: &TableFigures,
) -> Result<Filled, Error> {
    let job = &JobId::from(id);
    settled(database, |tx| async move {
        // Waits for the chunks in flight.
        let Some(state) = state::lock(&tx, job).await? else { return Ok(Filled::Ended) };
        match state.table(table) {
            Some(row) if row.shadow.as_ref() != Some(shadow) => return Ok(Filled::Restarted),
            Some(row) if row.is_filled => return Ok(Filled::Recorded),
            Some(_) => {}
            None => return Ok(Filled::Restarted),
        }
        if !add_up(&tx, id, table, figures).await? {
            return Ok(Filled::Differs);
        }
        let sql = "UPDATE rowgate_job_tables SET is_filled = TRUE, rows_read = :read, rows_restored = :restored, \
                   rows_rejected = :rejected, checksum = :checksum WHERE job_id = :job AND table_name = :table";
        let update = bind(sql, figures)
            .bind("job", job.as_str())
            .bind("table", table)
            .bind("checksum", figures.checksum.as_str());
        tx.execute(update).await?;
        Ok(Filled::Recorded)
    })
    .await
}

async fn add_up(tx: &Tx, id: &RestoreId, table: &str, figures: &TableFigures) -> Result<bool, Error> {
    let sql = "SELECT CAST(COUNT(*) = COALESCE(MAX(chunk_no) + 1, 0) AND COALESCE(SUM(rows_read), 0) = :read \
               AND COALESCE(SUM(rows_restored), 0) = :restored AND COALESCE(SUM(rows_rejected), 0) = :rejected \
               AND :read = :restored + :rejected AS SIGNED) AS adds_up \
               FROM rowgate_restore_chunks WHERE restore_id = :restore AND table_name = :table";
    let select = bind(sql, figures).bind("restore", id.as_str()).bind("table", table);
    let rows: Vec<Only<i64>> = tx.query(select).await?;
    Ok(rows.first().is_some_and(|adds_up| adds_up.0 == 1))
}

fn bind(sql: &'static str, figures: &TableFigures) -> Statement {
    Statement::new(sql)
        .bind("read", figures.rows_read)
        .bind("restored", figures.rows_restored)
        .bind("rejected", figures.rows_rejected)
}
