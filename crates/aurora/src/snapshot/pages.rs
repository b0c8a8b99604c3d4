//! A table page by page, whatever the size of its rows.
//!
//! A page has as many rows as fit an answer if they are as long as those before. Where rows turn
//! out longer, the answer may be over the service's limits; that is an error, and any error may end
//! the snapshot. Pages of the next snapshot are [careful](Pages::careful), and do not fail for their
//! size: the statement itself adds the rows up first, and gives empty texts where they are too much
//! ([`page_within_sql`]).

use domain::avro::{page_sql, page_within_sql, parse_row_text, row_text_sql};
use domain::dictionary::Table;
use domain::sql::widest_insert;

use super::Snapshot;
use crate::Error;
use crate::client::{AROUND_BYTES, Texts, TextsBody};
use crate::limits::MAX_RESULT_BYTES;

/// Rows of the first page at most: enough to tell how long rows are.
const FIRST_ROWS: usize = 1_000;

/// Bytes of an answer that a page is planned to have. Rows may be a third longer than those before.
const PAGE_BYTES: usize = MAX_RESULT_BYTES / 4 * 3;

/// Bytes of an answer that a careful page may have.
const MOST_BYTES: usize = MAX_RESULT_BYTES / 10 * 9;

/// No page is planned smaller, however often its rows turn out to be too much.
const LEAST_PAGE_BYTES: usize = 32 * 1024;

/// How [careful](Pages::careful) pages can be.
pub const MOST_CARE: u32 = 4;

/// Bytes of a row that is read at once on a careful page. A row of an answer may have 64 KB.
const ROW_BYTES: usize = 48_000;

/// How much of a larger row is read at once, in characters of up to four bytes.
const PIECE_CHARS: usize = ROW_BYTES / 4;

/// Rows of a table, not read yet.
#[derive(Debug)]
pub struct Page {
    body: TextsBody,
    last_key: i64,
}

impl Page {
    /// The text of each row, as `domain::avro::parse_row_text` reads it. Reading takes some milliseconds of computing.
    ///
    /// # Errors
    ///
    /// [`Error::Answer`] for an answer that is broken.
    pub fn read(self) -> Result<Texts, Error> {
        self.body.read()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.body.rows()
    }

    /// Whether there are no rows; a page that is given out has some.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key of the last row: the next page begins behind it.
    pub fn last_key(&self) -> i64 {
        self.last_key
    }
}

/// The rows of a table in a snapshot, in the order of its key.
#[derive(Debug)]
pub struct Pages<'a> {
    snapshot: &'a Snapshot,
    table: &'a Table,
    nullable: &'a [bool],
    after: Option<i64>,
    /// Beyond 0, pages are added up first; see [`careful`](Self::careful).
    care: u32,
    /// The rows of the next page, and the bytes that pages are planned to have.
    rows: u32,
    bytes: usize,
    ended: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        table: &'a Table,
        nullable: &'a [bool],
        after: Option<i64>,
    ) -> Self {
        // An INSERT of the widest row is longer than the row in an answer.
        let first = (PAGE_BYTES / widest_insert(table).max(1)).clamp(1, FIRST_ROWS);
        let rows = u32::try_from(first).unwrap_or(1);
        Self { snapshot, table, nullable, after, care: 0, rows, bytes: PAGE_BYTES, ended: false }
    }

    /// The same rows in pages whose statements add them up first, so that none is too large: for a
    /// new snapshot, where a page of one before it was too large or took too long. Adding up takes
    /// the database about as long as reading. The pages have half the size, with more `care` a
    /// quarter and so on: the service may allow less than it documents, or be slow. With `care` 0
    /// they are as they were.
    #[must_use]
    pub fn careful(mut self, care: u32) -> Self {
        self.care = care.min(MOST_CARE);
        self.rows = (self.rows >> self.care).max(1);
        self.bytes = PAGE_BYTES >> self.care;
        self
    }

    /// The next rows; `None` behind the last one. Where its future is dropped, the same rows can be
    /// asked for again; after an error only if the snapshot is still there.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::page`]. After [`Error::TooLarge`] and [`Error::StatementTimeout`]
    /// [`careful`](Self::careful) pages of another snapshot may do.
    pub async fn next(&mut self) -> Result<Option<Page>, Error> {
        let body = loop {
            if self.ended {
                return Ok(None);
            }
            let body = self.snapshot.body(self.sql()).await?;
            if body.last() != Some("") {
                break body;
            }
            // There are rows, and they are too much.
            if self.rows == 1 {
                break self.row_in_pieces().await?.into();
            }
            self.rows /= 2;
            self.bytes = (self.bytes / 2).max(LEAST_PAGE_BYTES);
        };
        let Some(last) = body.last() else {
            self.ended = true;
            return Ok(None);
        };
        let last_key = self.key(last)?;
        self.ended = body.rows() < self.rows as usize;
        self.rows = rows_of_next(body.rows(), body.bytes(), self.bytes);
        self.bytes = (2 * self.bytes).min(PAGE_BYTES >> self.care);
        self.after = Some(last_key);
        Ok(Some(Page { body, last_key }))
    }

    /// The statement of the next page.
    fn sql(&self) -> String {
        let Self { table, nullable, after, rows, care, .. } = *self;
        if care == 0 {
            return page_sql(table.name(), table, nullable, after, rows);
        }
        let most_bytes = (MOST_BYTES >> care).saturating_sub(rows as usize * AROUND_BYTES);
        page_within_sql(table.name(), table, nullable, after, rows, (most_bytes, ROW_BYTES))
    }

    /// The one row behind `after`.
    async fn row_in_pieces(&self) -> Result<Texts, Error> {
        let (text, name, key) =
            (row_text_sql(self.table, self.nullable), self.table.name(), self.table.key().name());
        let behind = self.after.map(|after| format!(" WHERE `{key}`>{after}")).unwrap_or_default();
        let mut row = String::new();
        let mut from = 1;
        loop {
            let sql = format!(
                "SELECT SUBSTRING({text},{from},{PIECE_CHARS}) AS `r` FROM `{name}`{behind} ORDER BY `{key}` LIMIT 1"
            );
            let pieces = self.snapshot.page(sql).await?;
            let piece = pieces.last().unwrap_or_default();
            row.push_str(piece);
            if piece.chars().count() < PIECE_CHARS {
                break;
            }
            from += PIECE_CHARS;
        }
        let mut texts = Texts::default();
        texts.push(&row);
        Ok(texts)
    }

    fn key(&self, row: &str) -> Result<i64, Error> {
        let index = self.table.key_index();
        let key = if index == 0 {
            row.split(',').next().and_then(|key| key.parse().ok())
        } else {
            let mut values = Vec::new();
            let read = parse_row_text(self.table, self.nullable, row, &mut values);
            read.ok().and_then(|()| values.get(index)?.as_integer())
        };
        key.ok_or_else(|| Error::Sql {
            code: None,
            message: format!("a row of {} cannot be read, its key not found", self.table.name()),
        })
    }
}

/// How many rows to ask for, when the next are as long as `rows` of `bytes`, and are to have
/// `wanted` bytes.
fn rows_of_next(rows: usize, bytes: usize, wanted: usize) -> u32 {
    let rows = wanted.saturating_mul(rows) / bytes.max(1);
    u32::try_from(rows).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_as_many_rows_as_fit_an_answer() {
        let rows = |count: usize, bytes: usize| rows_of_next(count, count * bytes, PAGE_BYTES);
        assert_eq!(rows(1000, 50), 15_728);
        assert_eq!(rows(1, 70_000), 11);
        assert_eq!(rows(1, 2_000_000), 1);
        const { assert!(PIECE_CHARS * 4 + AROUND_BYTES < MOST_BYTES >> MOST_CARE) };
    }
}
