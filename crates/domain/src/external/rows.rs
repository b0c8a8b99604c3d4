//! Rows that one transaction inserts, and those of them that are rejected.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::check::check_fields;
use super::claims::{Claim, Claimed, Taken};
use super::{FieldMap, Loose};
use crate::dictionary::{Column, ColumnType, Table};
use crate::json_row::value_text;
use crate::load::rejects::RejectsWriter;
use crate::row::{RowError, broken_checks};
use crate::row_text::{ContentSum, RowTextError, parse_row_text, write_row_text};
use crate::sql::{InsertStatement, InsertWriter};
use crate::value::{Key, Value};

/// Bytes of row texts and of rejected lines at which a chunk is full: some 1 MiB of SQL, as text
/// doubles there.
const FULL_BYTES: usize = 512 * 1024;

/// Rows at which it is, however short they are: what is kept for each row beside its text is
/// bounded too.
const FULL_ROWS: usize = 20_000;

/// Bytes of a refused value that are written to the rejects file at most: a value may be as large
/// as a block, and no column takes that much.
const MAX_REFUSED: usize = 64 * 1024;

/// The mark at the end of a refused value that was cut.
const CUT: &[u8] = "… (cut)".as_bytes();

/// Collects the rows of one chunk. Whether it is full depends on the rows alone.
#[derive(Debug)]
pub struct RowCollector<'t> {
    rows: ExternalRows<'t>,
    claimed: Claimed,
    rejected_bytes: usize,
}

/// The rows of a chunk, all of one file.
#[derive(Debug)]
pub struct ExternalRows<'t> {
    table: &'t Table,
    map: Arc<FieldMap>,
    /// The row texts of the rows that passed, one behind the other: they hold the values without a
    /// pointer for each.
    text: String,
    passed: Vec<Passed>,
    keys: Vec<Key>,
    /// The values of each of [`Table::unique`].
    unique: Vec<Vec<Key>>,
    rejected: Vec<Rejected>,
}

/// A row that broke no rule of its own.
#[derive(Debug)]
struct Passed {
    row: u64,
    /// The end of its row text.
    end: usize,
}

#[derive(Debug)]
struct Rejected {
    row: u64,
    /// Its line of the rejects file.
    line: Vec<u8>,
}

/// What a chunk inserts into a table, and what it rejects.
#[derive(Debug, Default)]
pub struct ExternalFilling {
    /// The statements that insert the rows.
    pub statements: Vec<InsertStatement>,
    /// Count and checksum of the rows that they insert.
    pub restored: ContentSum,
    /// Rows that are rejected.
    pub rejected: u64,
    /// The rejected rows as CSV, in the form of a load's rejects file; `None` if there are none.
    pub rejects: Option<Vec<u8>>,
    /// The first row that is rejected for a key or a value that another row has, by its number in
    /// the file, and the reason.
    pub first_repeated: Option<(u64, String)>,
}

impl<'t> RowCollector<'t> {
    /// Creates a collector of rows whose fields are for the columns that `map` says.
    pub fn new(table: &'t Table, map: Arc<FieldMap>) -> Self {
        let rows = ExternalRows {
            table,
            map,
            text: String::new(),
            passed: Vec::new(),
            keys: Vec::new(),
            unique: vec![Vec::new(); table.unique().len()],
            rejected: Vec::new(),
        };
        Self { rows, claimed: Claimed::none_of(table), rejected_bytes: 0 }
    }

    /// Checks the row at `row` of its file, from 1, and adds it: `fields` holds a value for each
    /// column, [`Loose::Absent`] where the file has no field for it. Of rows with the same key, or
    /// the same value of unique columns, the first one that passes counts. Returns the reason if
    /// the row is rejected whatever the target has, without any value.
    pub fn push<'a>(&mut self, row: u64, fields: &[Loose<'a>]) -> Option<String>
    where
        't: 'a,
    {
        let Self { rows, claimed, .. } = self;
        let table = rows.table;
        let mut values: Vec<Value<'a>> = Vec::with_capacity(fields.len());
        let mut errors = Vec::new();
        let passed = check_fields(table, fields, &mut values, &mut errors);
        if passed {
            errors.extend(broken_checks(table, &values));
        }
        let passed = errors.is_empty();
        let claim = Claim::of(table, &values);
        claimed.check(table, &claim, &Taken::default(), &mut errors);
        if !passed {
            let line = rows.rejected_line(row, &values, fields, &errors);
            self.rejected_bytes += line.len();
            rows.rejected.push(Rejected { row, line });
            return Some(reason(&errors));
        }
        // A row that others are before is kept too: they may turn out to be rejected themselves.
        write_row_text(&values, &mut rows.text);
        rows.passed.push(Passed { row, end: rows.text.len() });
        rows.keys.extend(claim.key.clone());
        for (values, value) in rows.unique.iter_mut().zip(&claim.unique) {
            values.extend(value.clone());
        }
        if !errors.is_empty() {
            return Some(reason(&errors));
        }
        claimed.take(claim);
        None
    }

    /// Returns true if the chunk is to end here.
    pub fn is_full(&self) -> bool {
        self.rows.text.len() + self.rejected_bytes >= FULL_BYTES
            || self.rows.passed.len() + self.rows.rejected.len() >= FULL_ROWS
    }

    /// Returns true if it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.rows_read() == 0
    }

    /// Ends the chunk.
    pub fn finish(self) -> ExternalRows<'t> {
        let mut rows = self.rows;
        for keys in std::iter::once(&mut rows.keys).chain(&mut rows.unique) {
            keys.sort_unstable();
            keys.dedup();
        }
        rows
    }
}

impl<'t> ExternalRows<'t> {
    /// Returns the number of rows read: those to insert, if nothing of theirs is taken, and the
    /// rejected ones.
    pub fn rows_read(&self) -> u64 {
        (self.passed.len() + self.rejected.len()) as u64
    }

    /// Returns the keys of the rows that may be inserted, each once.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Returns the values that these rows have of the unique columns at this place of
    /// [`Table::unique`], each once.
    pub fn unique_values(&self, entry: usize) -> &[Key] {
        self.unique.get(entry).map_or(&[], Vec::as_slice)
    }

    /// Returns the statements that insert the rows into `target`, under the conditions of
    /// [`InsertWriter::into_table`]. A row of which something is in `taken` is rejected too: an
    /// earlier chunk has inserted that.
    ///
    /// # Errors
    /// [`RowTextError`] when the rows are not as they were collected.
    pub fn filling(&self, target: &str, taken: &Taken) -> Result<ExternalFilling, RowTextError> {
        let nullable = vec![true; self.table.columns().len()];
        let mut filling = ExternalFilling::default();
        let mut writer = InsertWriter::new(self.table).into_table(target);
        let mut claimed = Claimed::none_of(self.table);
        let mut late: Vec<Rejected> = Vec::new();
        let mut values = Vec::with_capacity(nullable.len());
        let mut errors = Vec::new();
        let mut start = 0;
        for Passed { row, end } in &self.passed {
            let text = self.text.get(start..*end).unwrap_or_default();
            start = *end;
            parse_row_text(self.table, &nullable, text, &mut values)?;
            let claim = Claim::of(self.table, &values);
            errors.clear();
            claimed.check(self.table, &claim, taken, &mut errors);
            if errors.is_empty() {
                claimed.take(claim);
                filling.restored.add(text.as_bytes());
                filling.statements.extend(writer.push(&values));
            } else {
                filling.first_repeated.get_or_insert_with(|| (*row, reason(&errors)));
                late.push(Rejected { row: *row, line: self.rejected_line(*row, &values, &[], &errors) });
            }
        }
        filling.statements.extend(writer.finish());
        let mut rejected: Vec<&Rejected> = self.rejected.iter().chain(&late).collect();
        rejected.sort_unstable_by_key(|rejected| rejected.row);
        filling.rejected = rejected.len() as u64;
        filling.rejects = (!rejected.is_empty()).then(|| self.rejects_file(&rejected));
        Ok(filling)
    }

    fn rejects_file(&self, rejected: &[&Rejected]) -> Vec<u8> {
        let mut header = RejectsWriter::new(self.table, 0);
        let columns = self.table.columns();
        header.push_header(self.map.columns_in_file_order().map(|column| columns[column].name()));
        let mut file = header.finish();
        for rejected in rejected {
            file.extend_from_slice(&rejected.line);
        }
        file
    }

    /// Writes a line of the rejects file. Valid values are written as CSV has them, so that the
    /// line can be dropped again once the rest is corrected; refused values are written as they
    /// came, up to [`MAX_REFUSED`] bytes.
    fn rejected_line(
        &self,
        row: u64,
        values: &[Value<'_>],
        fields: &[Loose<'_>],
        errors: &[RowError<'_>],
    ) -> Vec<u8> {
        let mut line = RejectsWriter::new(self.table, 0);
        let columns = self.table.columns();
        for column in self.map.columns_in_file_order() {
            match (&values[column], fields.get(column)) {
                (Value::Null, Some(loose)) => line.push(&refused_text(&columns[column], *loose)),
                (value, _) => line.push(value_text(value).unwrap_or_default().as_bytes()),
            }
        }
        line.push_verdict(row, errors);
        line.end_line();
        line.finish()
    }
}

/// Codes and sentences: `required: name is required; type: id must be a whole number`.
fn reason(errors: &[RowError<'_>]) -> String {
    let reasons: Vec<String> =
        errors.iter().map(|error| format!("{}: {error}", error.code().as_str())).collect();
    reasons.join("; ")
}

/// Returns a refused value of a column as it came, up to [`MAX_REFUSED`]; bytes of a column of
/// bytes in base64.
fn refused_text<'a>(column: &Column, loose: Loose<'a>) -> Cow<'a, [u8]> {
    let cut = match loose {
        Loose::Bytes(bytes) if matches!(column.column_type(), ColumnType::Binary { .. }) => {
            let text = BASE64_STANDARD.encode(&bytes[..bytes.len().min(MAX_REFUSED)]).into_bytes();
            return if bytes.len() > MAX_REFUSED { [&text, CUT].concat().into() } else { text.into() };
        }
        Loose::Text(text) if text.len() > MAX_REFUSED => {
            &text.as_bytes()[..text.floor_char_boundary(MAX_REFUSED)]
        }
        Loose::Bytes(bytes) | Loose::NotUtf8(bytes) if bytes.len() > MAX_REFUSED => &bytes[..MAX_REFUSED],
        _ => return loose.to_csv(),
    };
    [cut, CUT].concat().into()
}
