//! A table page by page, whatever the size of its rows.

use domain::avro::{page_sql, parse_row_text, row_text_sql};
use domain::dictionary::Table;

use super::Snapshot;
use crate::Error;
use crate::client::{Texts, TextsBody};

/// The first page: large enough to tell how long rows are.
const FIRST_ROWS: u32 = 1_000;

/// The most rows of a page, for tables whose rows are a few bytes each.
const MOST_ROWS: u32 = 50_000;

/// What a page is made to hold, in bytes of its texts: nine tenths of the 1 MiB that an answer may have, since the next rows
/// may be longer than those of the last page.
const PAGE_BYTES: usize = 1024 * 1024 / 10 * 9;

/// No page is planned smaller, however often the service refuses one.
const LEAST_PAGE_BYTES: usize = 128 * 1024;

/// How much of a row is read at once where it is too large for an answer, in characters: of at most four bytes each, so
/// within the 64 KB that a row of an answer may have.
const PIECE_CHARS: usize = 16_000;

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
        Self { snapshot, table, nullable, after, rows: FIRST_ROWS, bytes: PAGE_BYTES, ended: false }
    }

    /// The next rows; `None` behind the last one. After an error, and where its future is dropped, the same rows can be asked for
    /// again.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::page`]; [`Error::TooLarge`] only for a row that cannot be had even in pieces.
    pub async fn next(&mut self) -> Result<Option<Page>, Error> {
        let body = loop {
            if self.ended {
                return Ok(None);
            }
            let sql = page_sql(self.table.name(), self.table, self.nullable, self.after, self.rows);
            match self.snapshot.body(sql).await {
                Ok(body) => break body,
                Err(Error::TooLarge { .. }) if self.rows > 1 => {
                    self.rows /= 2;
                    self.bytes = (self.bytes / 4 * 3).max(LEAST_PAGE_BYTES);
                }
                Err(Error::TooLarge { .. }) => break self.row_in_pieces().await?.into(),
                Err(error) => return Err(error),
            }
        };
        let Some(last) = body.last() else {
            self.ended = true;
            return Ok(None);
        };
        let last_key = self.key(last)?;
        self.ended = body.rows() < self.rows as usize;
        self.rows = rows_of_next(body.rows(), body.bytes(), self.bytes);
        self.after = Some(last_key);
        Ok(Some(Page { body, last_key }))
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

/// How many rows to ask for, when the next are as long as these, and are to have `wanted` bytes.
fn rows_of_next(rows: usize, bytes: usize, wanted: usize) -> u32 {
    let rows = wanted.saturating_mul(rows) / bytes.max(1);
    u32::try_from(rows).unwrap_or(MOST_ROWS).clamp(1, MOST_ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_as_many_rows_as_fit_an_answer() {
        let rows = |count: usize, bytes: usize| rows_of_next(count, count * bytes, PAGE_BYTES);
        assert_eq!(rows(1000, 50), 18_874);
        assert_eq!(rows(1, 70_000), 13);
        assert_eq!(rows(1, 2_000_000), 1);
        assert_eq!(rows(1000, 0), MOST_ROWS);
    }
}
