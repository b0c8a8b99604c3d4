//! Rows of a table as they are now: a page in the order of the key, or one.

use domain::dictionary::Table;
use domain::sql::{MAX_SQL_CHARS, WantedRows, select_row, select_rows};
use domain::value::Key;
use serde::Deserialize;

use crate::ledger::{Only, halving};
use crate::{Database, Error, Statement};

/// Characters of one piece of a row. With four bytes each it stays below the 64 KB that the service
/// gives out as one row of an answer.
const PIECE_CHARS: usize = 8_000;

/// Pieces of a row that are read at most: the whole answer has 1 MiB.
const MAX_PIECES: usize = 128;

/// Some rows of a table in the order of its key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowPage {
    /// The text of each row, as [`domain::row_text::parse_row_text`] reads it where every column
    /// may be NULL.
    pub rows: Vec<String>,
    /// True if more rows may follow; if not, there are none.
    pub more: bool,
}

/// Reads at most `limit` of the wanted rows after the key `after`, or from the first one on (keyset
/// pagination). The key alone determines where a page begins, so the last page of a table costs as
/// much as the first. Returns fewer rows if their texts would be too much for one answer of the
/// service.
///
/// # Errors
/// [`Error::TooLarge`] only for a row that is too large by itself, of about 1 MB; any other but
/// [`Error::UnknownOutcome`].
pub async fn read_page(
    database: &Database,
    table: &Table,
    wanted: &WantedRows,
    after: Option<&Key>,
    limit: u32,
) -> Result<RowPage, Error> {
    let database = &database.with_deadline(database.deadline());
    let mut count = limit.max(1);
    // One row more tells whether there is one.
    let read_more = |count: u32| read(database, table, wanted, after, count.saturating_add(1));
    match halving(&mut count, read_more).await {
        Err(Error::TooLarge { .. }) => {
            // The first row may be as others are, and the one behind it too large.
            let rows = match read(database, table, wanted, after, 1).await {
                Err(Error::TooLarge { .. }) => {
                    let row = read_in_pieces(database, &select(table, wanted, after, 1)?).await?;
                    row.into_iter().collect()
                }
                rows => rows?,
            };
            Ok(RowPage { rows, more: true })
        }
        read => {
            let mut rows = read?;
            let more = rows.len() > count as usize;
            rows.truncate(count as usize);
            Ok(RowPage { rows, more })
        }
    }
}

/// Returns how many rows each of these tables has at one time. The database reads the whole of an
/// index for it: some tenths of a second for a million rows.
///
/// # Errors
/// As [`Database::query`].
pub async fn count_rows(database: &Database, tables: &[&Table]) -> Result<Vec<u64>, Error> {
    #[derive(Deserialize)]
    struct Count {
        table_no: usize,
        row_count: u64,
    }
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let counts: Vec<String> = tables
        .iter()
        .enumerate()
        .map(|(number, table)| {
            format!("SELECT {number} AS table_no, COUNT(*) AS row_count FROM `{}`", table.name())
        })
        .collect();
    let found: Vec<Count> = database.query(Statement::new(counts.join(" UNION ALL "))).await?;
    let mut rows = vec![0; tables.len()];
    for Count { table_no, row_count } in found {
        if let Some(count) = rows.get_mut(table_no) {
            *count = row_count;
        }
    }
    Ok(rows)
}

/// Returns the text of the row with this key; `None` if there is no such row.
///
/// # Errors
/// As [`read_page`].
pub async fn read_row(database: &Database, table: &Table, key: &Key) -> Result<Option<String>, Error> {
    let sql = select_row(table, key);
    match database.query(Statement::new(sql.clone())).await {
        Err(Error::TooLarge { .. }) => read_in_pieces(database, &sql).await,
        rows => Ok(rows?.into_iter().next().map(|Only(row)| row)),
    }
}

async fn read(
    database: &Database,
    table: &Table,
    wanted: &WantedRows,
    after: Option<&Key>,
    limit: u32,
) -> Result<Vec<String>, Error> {
    let sql = select(table, wanted, after, limit)?;
    Ok(database.query(Statement::new(sql)).await?.into_iter().map(|Only(row)| row).collect())
}

fn select(table: &Table, wanted: &WantedRows, after: Option<&Key>, limit: u32) -> Result<String, Error> {
    select_rows(table, wanted, after, limit).ok_or_else(|| Error::TooLarge {
        message: format!("the wanted keys take more than {MAX_SQL_CHARS} characters"),
    })
}

/// Reads the one row that a query finds, whose text `r` is more than the service gives out as one
/// row: in pieces, all of them by one statement, so that they belong together.
async fn read_in_pieces(database: &Database, query: &str) -> Result<Option<String>, Error> {
    let starts: Vec<String> =
        (0..MAX_PIECES).map(|piece| format!("SELECT {} AS `start`", piece * PIECE_CHARS + 1)).collect();
    let sql = format!(
        "SELECT SUBSTRING(`row_text`.`r`,`piece`.`start`,{PIECE_CHARS}) AS `text` FROM ({query}) AS `row_text` \
         JOIN ({}) AS `piece` ON `piece`.`start`<=CHAR_LENGTH(`row_text`.`r`) ORDER BY `piece`.`start`",
        starts.join(" UNION ALL ")
    );
    let pieces: Vec<Only<String>> = database.query(Statement::new(sql)).await?;
    if pieces.len() == MAX_PIECES {
        let message = format!("a row has more than {} characters", (MAX_PIECES - 1) * PIECE_CHARS);
        return Err(Error::TooLarge { message });
    }
    let pieces: Vec<String> = pieces.into_iter().map(|Only(piece)| piece).collect();
    Ok(Some(pieces.concat()).filter(|row| !row.is_empty()))
}
