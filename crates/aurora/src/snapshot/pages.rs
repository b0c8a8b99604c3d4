//! A table page by page, whatever the size of its rows.

use domain::avro::{page_sql, parse_row_text, row_text_sql};
use domain::dictionary::Table;

use super::Snapshot;
use crate::Error;
use crate::client::Texts;

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

/// Rows of a table.
#[derive(Debug)]
pub struct Page {
    texts: Texts,
    last_key: i64,
}

impl Page {
    /// The text of each row, as `domain::avro::parse_row_text` reads it.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &str> {
        self.texts.iter()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are no rows; a page that is given out has some.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// How many bytes the texts have together.
    pub fn bytes(&self) -> usize {
        self.texts.bytes()
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

    /// The key of the last row that was given out: where another invocation goes on.
    pub fn after(&self) -> Option<i64> {
        self.after
    }

    /// The next rows; `None` behind the last one. After an error, and where its future is dropped, the same rows can be asked for
    /// again.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::page`]; [`Error::TooLarge`] only for a row that cannot be had even in pieces.
    pub async fn next(&mut self) -> Result<Option<Page>, Error> {
        let texts = loop {
            if self.ended {
                return Ok(None);
            }
            let sql = page_sql(self.table.name(), self.table, self.nullable, self.after, self.rows);
            match self.snapshot.page(sql).await {
                Ok(texts) => break texts,
                Err(Error::TooLarge { .. }) if self.rows > 1 => {
                    self.rows /= 2;
                    self.bytes = (self.bytes / 4 * 3).max(LEAST_PAGE_BYTES);
                }
                Err(Error::TooLarge { .. }) => break self.row_in_pieces().await?,
                Err(error) => return Err(error),
            }
        };
        let Some(last) = texts.last() else {
            self.ended = true;
            return Ok(None);
        };
        let last_key = self.key(last)?;
        self.ended = texts.len() < self.rows as usize;
        self.rows = rows_of_next(&texts, self.bytes);
        self.after = Some(last_key);
        Ok(Some(Page { texts, last_key }))
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

/// How many rows to ask for, when the next are as long as these.
fn rows_of_next(texts: &Texts, bytes: usize) -> u32 {
    let rows = bytes.saturating_mul(texts.len()) / texts.bytes().max(1);
    u32::try_from(rows).unwrap_or(MOST_ROWS).clamp(1, MOST_ROWS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_as_many_rows_as_fit_an_answer() {
        let rows = |count: usize, bytes: usize| {
            let mut texts = Texts::default();
            (0..count).for_each(|_| texts.push(&"x".repeat(bytes)));
            rows_of_next(&texts, PAGE_BYTES)
        };
        assert_eq!(rows(1000, 50), 18_874);
        assert_eq!(rows(1, 70_000), 13);
        assert_eq!(rows(1, 2_000_000), 1);
        assert_eq!(rows(1000, 0), MOST_ROWS);
    }
}
