//! A table page by page, whatever the size of its rows.
//!
//! An answer over the service's limits is an error, and any error may end the snapshot. So no page
//! is asked for that may be too much, and how wide the dictionary lets rows be does not count: a
//! database may hold wider ones. The statement itself gives empty texts where there would be too
//! much ([`page_within_sql`]). Where rows are of about the same length, it looks at each row alone,
//! and a wide one ends the page: that takes the database 0.66 of the time of a page whose rows are
//! added up first, as it is done for the first page and, for a while, after each wide row.

use domain::dictionary::Table;
use domain::row_text::{PageGuard, fixed_width, has_texts, page_within_sql, parse_row_text, piece_sql};
use domain::value::Key;

use super::Snapshot;
use crate::Error;
use crate::client::{AROUND_BYTES, Texts, TextsBody};
use crate::limits::MAX_RESULT_BYTES;

/// The first page: large enough to tell how long rows are.
const FIRST_ROWS: u32 = 1_000;

/// Pages whose rows are added up after a row was wide: where rows vary much, of seventeen pages one
/// comes cut, which is little to lose.
const SUMMED_PAGES: u32 = 16;

/// The most bytes of a page: nine tenths of what an answer may have.
const PAGE_BYTES: usize = MAX_RESULT_BYTES / 10 * 9;

/// No page is planned smaller, however often its rows turn out to be too much.
const LEAST_PAGE_BYTES: usize = 32 * 1024;

/// The number of times that pages can be [halved](Pages::halved).
pub const MAX_HALVINGS: u32 = 4;

/// Bytes of a row that is read at once. A row of an answer may have 64 KB.
const ROW_BYTES: usize = 50_000;

/// The number of characters of a larger row that are read at once.
const PIECE_CHARS: usize = ROW_BYTES / CHARACTER_BYTES;

/// The most bytes of a character in UTF-8.
const CHARACTER_BYTES: usize = 4;

/// Rows of a table, not read yet.
#[derive(Debug)]
pub struct Page {
    body: TextsBody,
    last_key: Key,
}

impl Page {
    /// Returns the text of each row, as `domain::row_text::parse_row_text` reads it. Reading takes
    /// some milliseconds of computing.
    ///
    /// # Errors
    ///
    /// [`Error::Answer`] for an answer that is broken.
    pub fn read(self) -> Result<Texts, Error> {
        self.body.read()
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.body.rows()
    }

    /// Returns true if there are no rows; a page that is returned has some.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the key of the last row: the next page begins behind it.
    pub fn last_key(&self) -> &Key {
        &self.last_key
    }
}

/// The rows of a table in a snapshot, in the order of its key.
#[derive(Debug)]
pub struct Pages<'a> {
    snapshot: &'a Snapshot,
    table: &'a Table,
    nullable: &'a [bool],
    after: Option<Key>,
    /// Bytes that a row takes of an answer at most, without its texts.
    fixed: usize,
    /// The most bytes of an answer.
    most_bytes: usize,
    /// The rows of the next page, and the bytes that pages are planned to have.
    rows: u32,
    bytes: usize,
    /// The most text bytes of a row that is looked at alone.
    row_bytes: usize,
    /// Pages to come whose rows are added up.
    summed: u32,
    ended: bool,
}

impl<'a> Pages<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        table: &'a Table,
        nullable: &'a [bool],
        after: Option<Key>,
    ) -> Self {
        let (rows, bytes) = (FIRST_ROWS, PAGE_BYTES);
        let fixed = AROUND_BYTES + fixed_width(table);
        let most_bytes = bytes;
        let (row_bytes, summed, ended) = (0, 1, false);
        Self { snapshot, table, nullable, after, fixed, most_bytes, rows, bytes, row_bytes, summed, ended }
            .halved(0)
    }

    /// Returns the same rows in pages halved `times` times: for a new snapshot, after pages of an
    /// earlier one were too large or took too long.
    #[must_use]
    pub fn halved(mut self, times: u32) -> Self {
        let times = times.min(MAX_HALVINGS);
        self.most_bytes = PAGE_BYTES >> times;
        self.bytes = self.most_bytes;
        self.summed = 1;
        self.rows = (FIRST_ROWS >> times).min(rows_in(self.most_bytes, self.fixed));
        self
    }

    /// Reads the next rows; `None` behind the last one. If its future is dropped, the same rows can
    /// be asked for again; after an error only if the snapshot is still there.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::page`]. [`Error::TooLarge`] and [`Error::StatementTimeout`] where the service
    /// has other limits than it documents, or is slow: [`halved`](Self::halved) pages of another
    /// snapshot may do.
    pub async fn next(&mut self) -> Result<Option<Page>, Error> {
        let (body, is_cut) = loop {
            if self.ended {
                return Ok(None);
            }
            let body = self.snapshot.body(self.sql()).await?;
            if self.summed == 0 {
                let all = body.rows();
                let body = body.before_empty()?;
                if all == 0 || body.rows() > 0 {
                    let is_cut = body.rows() < all;
                    break (body, is_cut);
                }
                // The first row is wide.
                self.summed = SUMMED_PAGES;
                continue;
            }
            if body.last() != Some("") {
                break (body, false);
            }
            // There are rows, but they are too much for one answer.
            if self.rows == 1 {
                break (self.row_in_pieces().await?.into(), false);
            }
            self.rows /= 2;
            self.bytes = (self.bytes / 2).max(LEAST_PAGE_BYTES.min(self.most_bytes));
        };
        let Some(last) = body.last() else {
            self.ended = true;
            return Ok(None);
        };
        let last_key = self.key(last)?;
        self.ended = !is_cut && body.rows() < self.rows as usize;
        self.summed = if is_cut { SUMMED_PAGES } else { self.summed.saturating_sub(1) };
        self.plan(body.rows(), body.bytes());
        self.after = Some(last_key.clone());
        Ok(Some(Page { body, last_key }))
    }

    /// Plans the next page after one of so many rows and bytes.
    fn plan(&mut self, rows: usize, bytes: usize) {
        self.row_bytes = match has_texts(self.table) {
            true => row_bytes(rows, bytes).min(self.most_row_bytes()),
            false => 0,
        };
        self.rows = match self.summed {
            0 => rows_in(self.bytes, self.fixed + self.row_bytes),
            _ => rows_of_next(rows, bytes, self.fixed, self.bytes),
        };
        // Long rows may have been few.
        self.bytes = (2 * self.bytes).min(self.most_bytes);
    }

    /// Writes the statement of the next page.
    fn sql(&self) -> String {
        let Self { table, nullable, ref after, fixed, rows, most_bytes, .. } = *self;
        let guard = match self.summed {
            0 => PageGuard::Row(self.row_bytes),
            _ => PageGuard::Sum {
                page: most_bytes.saturating_sub(rows as usize * fixed),
                row: self.most_row_bytes(),
            },
        };
        page_within_sql(table.name(), table, nullable, after.as_ref(), rows, guard)
    }

    /// Returns the most text bytes that a row may have to be read at once.
    fn most_row_bytes(&self) -> usize {
        ROW_BYTES.min(self.most_bytes).saturating_sub(self.fixed)
    }

    /// Reads the one row behind `after`.
    async fn row_in_pieces(&self) -> Result<Texts, Error> {
        let Self { table, nullable, ref after, .. } = *self;
        let mut row = String::new();
        let mut from = 1;
        loop {
            let sql = piece_sql(table.name(), table, nullable, after.as_ref(), (from, PIECE_CHARS));
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

    fn key(&self, row: &str) -> Result<Key, Error> {
        let number = match self.table.key_indexes() {
            // A whole number at the beginning is found without reading the row.
            [0] => row.split(',').next().and_then(|number| number.parse::<i64>().ok()),
            _ => None,
        };
        let read = || {
            let mut values = Vec::new();
            parse_row_text(self.table, self.nullable, row, &mut values).ok()?;
            self.table.key_of(&values)
        };
        number.map(Key::from).or_else(read).ok_or_else(|| Error::Sql {
            code: None,
            message: format!("a row of {} cannot be read, its key not found", self.table.name()),
        })
    }
}

/// Returns how many rows to ask for, when the next are as long as `rows` of `bytes`, and are to
/// have `wanted` bytes. As where a page is added up, `fixed` bytes are reckoned beside the texts;
/// what came is taken for text, so that the page fits.
fn rows_of_next(rows: usize, bytes: usize, fixed: usize, wanted: usize) -> u32 {
    let widest = bytes.saturating_add(rows.saturating_mul(fixed.saturating_sub(AROUND_BYTES)));
    rows_in(wanted.saturating_mul(rows), widest)
}

/// Returns the text bytes that a row may have, where `rows` came as `bytes`: a quarter more than
/// they had on average, their numbers and times included. So rows whose texts are a small part of
/// them may vary much; and a page has at least four fifths of the rows that it could have.
fn row_bytes(rows: usize, bytes: usize) -> usize {
    let average = (bytes / rows.max(1)).saturating_sub(AROUND_BYTES);
    average + average / 4
}

/// Returns how many rows of so many bytes there are room for; one at least.
fn rows_in(bytes: usize, row: usize) -> u32 {
    u32::try_from(bytes / row.max(1)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_as_many_rows_as_fit_an_answer() {
        let fixed = AROUND_BYTES + 50;
        let rows = |count: usize, bytes: usize| rows_of_next(count, count * bytes, fixed, PAGE_BYTES);
        assert_eq!(rows(1000, 50), 9_437);
        assert_eq!(rows(1, 70_000), 13);
        assert_eq!(rows(1, 2_000_000), 1);
        assert_eq!(row_bytes(1000, 1000 * (AROUND_BYTES + 40)), 50);
        assert_eq!(row_bytes(1000, 1000), 0);
        const { assert!(PIECE_CHARS * CHARACTER_BYTES < PAGE_BYTES >> MAX_HALVINGS) };
    }
}
