//! Keeping the rows that the insert API rejected: `rowgate_rejected_rows`.

use domain::batch::RejectedRow;
use domain::dictionary::Table;

use crate::{Error, Statement, Tx};

/// Bytes of row text in one call at most. A row is JSON text without raw control characters, so
/// escaping into the call's own JSON at most doubles it, well below the service's 4 MiB.
const MAX_CALL_BYTES: usize = 1_500_000;

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
