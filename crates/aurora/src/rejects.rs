//! The rows that the insert API rejected: `rowgate_rejected_rows`.

use domain::batch::RejectedRow;
use domain::dictionary::Table;

use crate::ledger::{Only, halving};
use crate::{Database, Error, Statement, Tx};

/// Bytes of row text in one call at most. A row is JSON text without raw control characters, so
/// escaping into the call's own JSON at most doubles it, well below the service's 4 MiB.
const MAX_CALL_BYTES: usize = 1_500_000;

/// Rows that one statement deletes at most, each in a transaction of its own: some milliseconds of
/// locks on rows that nobody writes any more.
const ROWS_PER_STATEMENT: u32 = 500;

/// Rows of [`delete_before`] at most: a few seconds of statements. Once every quarter of an hour,
/// it deletes two million a day.
const MAX_AT_ONCE: u64 = 20_000;

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// The number of rows.
    pub rows: u64,
    /// True if older rows may be left.
    pub is_partial: bool,
}

/// Returns the time before which a rejected row is older than `days`, by the database's clock.
///
/// # Errors
/// As [`Database::query`].
pub async fn expiry(database: &Database, days: u32) -> Result<String, Error> {
    let sql = format!(
        "SELECT SUBSTRING(DATE_FORMAT(UTC_TIMESTAMP(3) - INTERVAL {days} DAY, '%Y-%m-%d %H:%i:%s.%f'), 1, 23) AS expiry"
    );
    let rows: Vec<Only<String>> = database.query(Statement::new(sql)).await?;
    // A SELECT without a table has one row.
    rows.into_iter().next().map(|row| row.0).ok_or(Error::OutOfTime)
}

/// Deletes rejected rows that were received before `time`, oldest first, at most 20,000. Safe at
/// any time, beside requests that reject rows, and twice at the same time.
///
/// # Errors
/// As [`Database::execute`]; what is deleted by then stays so.
pub async fn delete_before(database: &Database, time: &str) -> Result<Expired, Error> {
    let mut expired = Expired::default();
    let mut limit = ROWS_PER_STATEMENT;
    while expired.rows < MAX_AT_ONCE {
        let delete = |limit: u32| {
            // Read by the index on the time. A second run deletes the next ones, which go too.
            let sql = format!(
                "DELETE FROM rowgate_rejected_rows WHERE received_at < CAST(:time AS DATETIME(3)) \
                 ORDER BY received_at LIMIT {limit}"
            );
            database.execute(Statement::new(sql).bind("time", time).idempotent())
        };
        let deleted = halving(&mut limit, delete).await?.updated;
        expired.rows += deleted;
        if deleted == 0 {
            return Ok(expired);
        }
    }
    Ok(Expired { is_partial: true, ..expired })
}

/// Keeps rejected rows with their reasons, in the transaction of the rows that were accepted.
///
/// # Errors
/// As [`Tx::execute`].
pub(crate) async fn keep_rejected(
    tx: &Tx,
    table: &Table,
    rejected: &[RejectedRow<'_>],
    request_id: &str,
) -> Result<(), Error> {
    let mut rest = rejected;
    while !rest.is_empty() {
        let (group, later) = rest.split_at(group_size(rest));
        keep_group(tx, table, group, request_id).await?;
        rest = later;
    }
    Ok(())
}

/// Returns how many of the first rows go into one call: at least one.
fn group_size(rows: &[RejectedRow<'_>]) -> usize {
    let mut bytes = 0;
    let fitting = rows.iter().take_while(|row| {
        bytes += row.row.get().len() + 512 * row.errors.len();
        bytes <= MAX_CALL_BYTES
    });
    fitting.count().max(1)
}

async fn keep_group(tx: &Tx, table: &Table, rows: &[RejectedRow<'_>], request_id: &str) -> Result<(), Error> {
    let mut sql = String::from(
        "INSERT INTO rowgate_rejected_rows (request_id, table_name, row_index, row_json, errors_json, received_at) VALUES ",
    );
    let mut errors = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        let index = row.index;
        sql.push_str(&format!(
            "{comma}(:request,:table,{index},:row{number},:errors{number},UTC_TIMESTAMP(3))"
        ));
        errors.push(serde_json::to_string(&row.errors)?);
    }
    let texts = rows.iter().map(|row| row.row.get());
    let statement = Statement::new(sql)
        .bind("request", request_id)
        .bind("table", table.name())
        .bind_each("row", texts.map(|text| &text[..text.floor_char_boundary(MAX_CALL_BYTES)]))
        .bind_each("errors", errors);
    tx.execute(statement).await?;
    match rows {
        [row] => append_rest(tx, table, row, request_id).await,
        _ => Ok(()),
    }
}

/// Sends what is left of a row that is too large for one call, piece by piece.
async fn append_rest(tx: &Tx, table: &Table, row: &RejectedRow<'_>, request_id: &str) -> Result<(), Error> {
    let mut rest = row.row.get();
    rest = &rest[rest.floor_char_boundary(MAX_CALL_BYTES)..];
    while !rest.is_empty() {
        let (piece, later) = rest.split_at(rest.floor_char_boundary(MAX_CALL_BYTES));
        let sql = "UPDATE rowgate_rejected_rows SET row_json = CONCAT(row_json, :piece) \
                   WHERE request_id = :request AND table_name = :table AND row_index = :index";
        let statement = Statement::new(sql)
            .bind("piece", piece)
            .bind("request", request_id)
            .bind("table", table.name())
            .bind("index", row.index);
        tx.execute(statement).await?;
        rest = later;
    }
    Ok(())
}
