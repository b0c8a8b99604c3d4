//! Noting that a table is filled.

use domain::backup::RestoreId;
use serde::Deserialize;

use super::names::Shadow;
use super::record::Status;
use super::standing;
use crate::ledger::{long, settled};
use crate::{Database, Error, Statement, Tx};

/// What a restore brought into a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFigures {
    /// Rows read: those restored and those rejected.
    pub rows_read: u64,
    /// Rows that are in the shadow.
    pub rows_restored: u64,
    /// Rows that break a rule.
    pub rows_rejected: u64,
    /// The order-free checksum of the shadow's content, 16 hexadecimal digits.
    pub checksum: String,
}

/// What became of noting a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It is noted, and no chunk can be added any more.
    Noted,
    /// Its committed chunks do not add up to the figures.
    Differs,
    /// It has another shadow by now.
    Moved,
    /// The restore has ended.
    Ended,
}

/// Notes that all rows of a table are in its shadow, and checked. From then on no chunk of it can be claimed.
///
/// # Errors
/// Any [`Error`]; calling it again is safe.
pub async fn note_table(
    database: &Database,
    id: &RestoreId,
    table: &str,
    shadow: &Shadow,
    figures: &TableFigures,
) -> Result<Noted, Error> {
    settled(database, |tx| async move {
        // Waits for the chunks that are under way.
        let Some(standing) = standing::lock(&tx, id).await? else { return Ok(Noted::Ended) };
        if standing.status != Status::Running {
            return Ok(Noted::Ended);
        }
        let row = standing.tables.iter().find(|row| row.name == table);
        match row {
            Some(row) if row.shadow.as_ref() == Some(shadow) && row.filled => return Ok(Noted::Noted),
            Some(row) if row.shadow.as_ref() == Some(shadow) => {}
            _ => return Ok(Noted::Moved),
        }
        if !add_up(&tx, id, table, figures).await? {
            return Ok(Noted::Differs);
        }
        let sql = "UPDATE rowgate_restore_tables SET rows_read = :read, rows_restored = :restored, \
                   rows_rejected = :rejected, checksum = :checksum WHERE restore_id = :restore AND table_name = :table";
        let update = Statement::new(sql)
            .bind("restore", id.as_str())
            .bind("table", table)
            .bind("read", long(figures.rows_read))
            .bind("restored", long(figures.rows_restored))
            .bind("rejected", long(figures.rows_rejected))
            .bind("checksum", figures.checksum.as_str());
        tx.execute(update).await?;
        Ok(Noted::Noted)
    })
    .await
}

async fn add_up(tx: &Tx, id: &RestoreId, table: &str, figures: &TableFigures) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Row {
        chunks: u64,
        next_chunk: u64,
        rows_read: u64,
        rows_restored: u64,
        rows_rejected: u64,
    }
    let sql = "SELECT COUNT(*) AS chunks, COALESCE(MAX(chunk_no) + 1, 0) AS next_chunk, \
               CAST(COALESCE(SUM(rows_read), 0) AS SIGNED) AS rows_read, \
               CAST(COALESCE(SUM(rows_restored), 0) AS SIGNED) AS rows_restored, \
               CAST(COALESCE(SUM(rows_rejected), 0) AS SIGNED) AS rows_rejected \
               FROM rowgate_restore_chunks WHERE restore_id = :restore AND table_name = :table";
    let rows: Vec<Row> =
        tx.query(Statement::new(sql).bind("restore", id.as_str()).bind("table", table)).await?;
    Ok(rows.first().is_some_and(|row| {
        row.chunks == row.next_chunk
            && row.rows_read == figures.rows_read
            && row.rows_restored == figures.rows_restored
            && row.rows_rejected == figures.rows_rejected
            && row.rows_read == row.rows_restored + row.rows_rejected
    }))
}
