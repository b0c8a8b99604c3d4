//! Rows that one transaction inserts, and those of them that are rejected.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::check::check_fields;
use super::{FieldMap, Loose};
use crate::dictionary::Table;
use crate::json_row::value_text;
use crate::load::check::ClaimedIds;
use crate::load::rejects::RejectsWriter;
use crate::row::{Fault, RowError};
use crate::row_text::{ContentSum, RowTextError, parse_row_text, write_row_text};
use crate::sql::{InsertStatement, InsertWriter};
use crate::value::Value;

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
    claimed: ClaimedIds,
    rejected_bytes: usize,
}

/// The rows of a chunk, all of one file.
#[derive(Debug)]
pub struct ExternalRows<'t> {
    table: &'t Table,
    map: Arc<FieldMap>,
    /// The row texts of the accepted rows, one behind the other: they hold the values without a
    /// pointer for each.
    text: String,
    accepted: Vec<Accepted>,
    ids: Vec<i64>,
    rejected: Vec<Rejected>,
}

#[derive(Debug)]
struct Accepted {
    row: u64,
    id: i64,
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
}

impl<'t> RowCollector<'t> {
    /// Creates a collector of rows whose fields are for the columns that `map` says.
    pub fn new(table: &'t Table, map: Arc<FieldMap>) -> Self {
        let rows = ExternalRows {
            table,
            map,
            text: String::new(),
            accepted: Vec::new(),
            ids: Vec::new(),
            rejected: Vec::new(),
        };
        Self { rows, claimed: ClaimedIds::default(), rejected_bytes: 0 }
    }

    /// Checks the row at `row` of its file, from 1, and adds it: `fields` holds a value for each
    /// column, [`Loose::Absent`] where the file has no field for it. Of rows with the same id the
    /// first one that passes counts. Returns the reason if the row is rejected, without any value.
    pub fn push<'a>(&mut self, row: u64, fields: &[Loose<'a>]) -> Option<String>
    where
        't: 'a,
    {
        let Self { rows, claimed, .. } = self;
        let mut values: Vec<Value<'a>> = Vec::with_capacity(fields.len());
        let mut errors = Vec::new();
        let passed = check_fields(rows.table, fields, &mut values, &mut errors);
        let id = values[rows.table.key_index()].as_integer();
        if id.is_some_and(|id| claimed.contains(id)) {
            errors.push(RowError::of_column(rows.table.key().name(), Fault::IdRepeated));
        } else if let (true, Some(id)) = (passed, id) {
            claimed.insert(id);
            write_row_text(&values, &mut rows.text);
            rows.accepted.push(Accepted { row, id, end: rows.text.len() });
            return None;
        }
        let line = rows.rejected_line(row, &values, fields, &errors);
        self.rejected_bytes += line.len();
        rows.rejected.push(Rejected { row, line });
        Some(reason(&errors))
    }

    /// Returns true if the chunk is to end here.
    pub fn is_full(&self) -> bool {
        self.rows.text.len() + self.rejected_bytes >= FULL_BYTES
            || self.rows.accepted.len() + self.rows.rejected.len() >= FULL_ROWS
    }

    /// Returns true if it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.rows_read() == 0
    }

    /// Ends the chunk.
    pub fn finish(self) -> ExternalRows<'t> {
        let mut rows = self.rows;
        rows.ids = rows.accepted.iter().map(|accepted| accepted.id).collect();
        rows.ids.sort_unstable();
        rows
    }
}

impl<'t> ExternalRows<'t> {
    /// Returns the number of rows read: those to insert, if no id is taken, and the rejected ones.
    pub fn rows_read(&self) -> u64 {
        (self.accepted.len() + self.rejected.len()) as u64
    }

    /// Returns the ids of the rows to insert, if none is taken, ascending and each once.
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// Returns the first row, in the file's order, whose id is in `taken`, and the reason of its
    /// rejection.
    pub fn first_taken(&self, taken: &BTreeSet<i64>) -> Option<(u64, String)> {
        let accepted = self.accepted.iter().find(|accepted| taken.contains(&accepted.id))?;
        Some((accepted.row, reason(&[self.repeated()])))
    }

    /// Returns the statements that insert the rows into `target`, under the conditions of
    /// [`InsertWriter::into_table`]. A row whose id is in `taken` is rejected too: an earlier chunk
    /// has inserted it.
    ///
    /// # Errors
    /// [`RowTextError`] when the rows are not as they were collected.
    pub fn filling(&self, target: &str, taken: &BTreeSet<i64>) -> Result<ExternalFilling, RowTextError> {
        let nullable = vec![true; self.table.columns().len()];
        let mut filling = ExternalFilling::default();
        let mut writer = InsertWriter::new(self.table).into_table(target);
        let mut late: Vec<Rejected> = Vec::new();
        let mut values = Vec::with_capacity(nullable.len());
        let mut start = 0;
        for Accepted { row, id, end } in &self.accepted {
            let text = self.text.get(start..*end).unwrap_or_default();
            start = *end;
            parse_row_text(self.table, &nullable, text, &mut values)?;
            if taken.contains(id) {
                let line = self.rejected_line(*row, &values, &[], &[self.repeated()]);
                late.push(Rejected { row: *row, line });
            } else {
                filling.restored.add(text.as_bytes());
                filling.statements.extend(writer.push(&values));
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

    fn repeated(&self) -> RowError<'t> {
        RowError::of_column(self.table.key().name(), Fault::IdRepeated)
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
        for column in self.map.columns_in_file_order() {
            match (&values[column], fields.get(column)) {
                (Value::Null, Some(loose)) => line.push(&refused_text(*loose)),
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

/// Returns a refused value as it came, up to [`MAX_REFUSED`].
fn refused_text(loose: Loose<'_>) -> Cow<'_, [u8]> {
    let cut = match loose {
        Loose::Text(text) if text.len() > MAX_REFUSED => {
            &text.as_bytes()[..text.floor_char_boundary(MAX_REFUSED)]
        }
        Loose::Bytes(bytes) if bytes.len() > MAX_REFUSED => &bytes[..MAX_REFUSED],
        _ => return loose.to_csv(),
    };
    [cut, CUT].concat().into()
}
