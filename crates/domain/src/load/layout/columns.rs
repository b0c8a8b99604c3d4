//! Maps the fields of a file to columns, and recognises its first record.

use super::error::LayoutError;
use crate::dictionary::{ColumnMatches, HeaderField, HeaderRule, Table, header_name};
use crate::load::chunk::{Broken, Record};
use crate::row::{CsvColumns, check_csv_row, has_form, shows_type};
use crate::shortened;

/// The mapping of a file's fields to columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    fields: CsvColumns,
    pub(in crate::load) has_header: bool,
    /// True if a record is a JSON object, as its only field.
    pub(in crate::load) is_json: bool,
}

/// Fields of an unknown header that a message names at most, and characters of each.
const MAX_NAMED: usize = 8;
const MAX_NAME: usize = 40;

impl Columns {
    /// Returns the dictionary's order, for a file without a header.
    pub fn in_dictionary_order(table: &Table) -> Self {
        Self { fields: CsvColumns::in_dictionary_order(table), has_header: false, is_json: false }
    }

    /// Maps by the names of a header.
    pub(crate) fn of_header(fields: CsvColumns) -> Self {
        Self { fields, has_header: true, is_json: false }
    }

    /// Maps JSON objects, each of which names its own fields.
    pub(crate) fn of_json(table: &Table) -> Self {
        Self { is_json: true, ..Self::in_dictionary_order(table) }
    }

    /// Returns the positions of the fields.
    pub fn fields(&self) -> &CsvColumns {
        &self.fields
    }

    /// Returns true if each record is a JSON object, which names its own columns.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// Returns true if the first record names the columns.
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// Decides if the first record of a file is the header or a row, by the dictionary's rule for
    /// the table's files. Searches the other records for a header further down, and for empty
    /// fields at the end of all of them. Also returns if the first record is recognised: as a
    /// header, or as a row that passes.
    ///
    /// A record that breaks the rules is a row where a field of a typed column can be read, and no
    /// field names a column; else it is a header that is not the table's. So is one between such a
    /// row and the first that passes.
    ///
    /// # Errors
    /// [`LayoutError`] for a header that cannot be used, or that is not the table's.
    pub fn recognise<'c>(
        table: &'c Table,
        records: impl Iterator<Item = Record<'c>> + Clone,
    ) -> Result<(Self, bool), LayoutError> {
        let mut rest = records.filter(|record| !record.is_blank());
        let all = rest.clone();
        let Some(first) = rest.next() else {
            return Ok((Self::in_dictionary_order(table), false));
        };
        let rule = table.files().header;
        if rule != HeaderRule::None && first.broken.is_none() {
            let header = CsvColumns::of_header(table, first.fields()).map_err(|error| {
                LayoutError::Header { line: first.line, error, columns: table.column_names() }
            })?;
            if let Some(header) = header {
                return Ok((Self::of_header(padded(header, rest)), true));
            }
        }
        let columns = Self::in_dictionary_order(table).padded_like(all.clone());
        if columns.passes(table, &first) {
            if rule == HeaderRule::Required {
                return Err(not_ours(table, &first, rest));
            }
            return Ok((columns, true));
        }
        let is_row =
            |record: &Record<'c>| names_in(table, record) == 0 && has_typed_field(table, &columns, record);
        match rule {
            HeaderRule::None => Ok((columns, false)),
            HeaderRule::Required => Err(not_ours(table, &first, rest)),
            HeaderRule::Auto => {
                let mut leading = all.clone().take_while(|record| !columns.passes(table, record));
                match leading.find(|record| !is_row(record)) {
                    Some(record) => Err(not_ours(table, &record, all)),
                    None => Ok((columns, false)),
                }
            }
        }
    }

    /// Returns the same columns of a file with these records, which may all end with empty fields.
    pub(in crate::load) fn padded_like<'c>(self, records: impl Iterator<Item = Record<'c>>) -> Self {
        Self { fields: padded(self.fields, records), ..self }
    }

    /// Returns true if a record breaks no rule.
    pub(in crate::load) fn passes<'c>(&self, table: &'c Table, record: &Record<'c>) -> bool {
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        let field = |index: usize| record.field(index);
        record.broken.is_none()
            && check_csv_row(table, &self.fields, record.width(), field, &mut values, &mut errors)
    }

    /// Compares a record that breaks the rules with the header of the file: `None` if it is no
    /// header, true if it names the same columns in the same order, false if it is another header.
    pub(in crate::load) fn repeats_header(&self, table: &Table, record: &Record<'_>) -> Option<bool> {
        let named = names_in(table, record);
        // A single name may be a value by chance.
        let names_columns = named >= table.columns().len().min(2);
        if !(names_columns || is_all_words(table, self, record)) || has_typed_field(table, self, record) {
            return None;
        }
        match CsvColumns::of_header(table, record.fields()) {
            Ok(Some(header)) => Some(header.is_same(&self.fields)),
            _ => Some(false),
        }
    }
}

/// Returns the columns with the empty fields that all records have behind those of the columns.
fn padded<'c>(fields: CsvColumns, records: impl Iterator<Item = Record<'c>>) -> CsvColumns {
    let width = fields.width();
    let mut padding = 0;
    for record in records.filter(|record| record.broken.is_none()) {
        if record.width() == width {
            return fields;
        }
        let is_padded =
            record.width() > width && (width..record.width()).all(|index| record.field(index).is_empty());
        if is_padded && padding == 0 {
            padding = record.width() - width;
        }
    }
    fields.padded(padding)
}

/// Returns how many fields name a column. Of a record with wrong quotes, how many words of its line
/// do, if there are several and no number among them, as a row has.
fn names_in(table: &Table, record: &Record<'_>) -> usize {
    let ColumnMatches(matches) = &table.files().matches;
    // Columns have short names of ASCII, which spares most fields the allocation.
    let may_be_one = |field: &[u8]| field.len() < 4 * MAX_NAME && field.iter().any(u8::is_ascii_alphabetic);
    let is_name = |field: &[u8]| {
        (may_be_one(field) || !matches.is_empty())
            && matches!(table.header_field(&header_name(field)), HeaderField::Column(_))
    };
    if !record.broken.is_some_and(Broken::is_of_quotes) {
        return record.fields().filter(|field| is_name(field)).count();
    }
    let named = words(record).filter(|word| is_name(word)).count();
    if has_number(record) || named < 2 { 0 } else { named }
}

/// Returns true if there is a number among the words of a record with wrong quotes.
fn has_number(record: &Record<'_>) -> bool {
    words(record).any(|word| word.iter().all(u8::is_ascii_digit))
}

/// Returns the words of the line that a record with wrong quotes is.
fn words<'c>(record: &Record<'c>) -> impl Iterator<Item = &'c [u8]> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    record.field(0).split(move |byte| !is_word(byte)).filter(|word| !word.is_empty())
}

/// Returns true for a record that has a word for each column, and no digit, though several columns
/// hold no text: the header of another system, by all that can be seen.
fn is_all_words(table: &Table, columns: &Columns, record: &Record<'_>) -> bool {
    let typed = table.columns().iter().filter(|column| has_form(column.column_type()));
    let is_word = |field: &[u8]| !field.trim_ascii().is_empty() && !field.iter().any(u8::is_ascii_digit);
    record.broken.is_none()
        && typed.count() > 1
        && record.width() == columns.fields.width()
        && record.fields().all(is_word)
}

/// Returns true if a field of a column that holds no text can be read; in a line with wrong quotes,
/// if a number stands somewhere, as a row's id does.
fn has_typed_field<'c>(table: &'c Table, columns: &Columns, record: &Record<'c>) -> bool {
    if record.broken.is_some_and(Broken::is_of_quotes) {
        return has_number(record);
    }
    table.columns().iter().enumerate().any(|(index, column)| {
        let position = columns.fields.field_of(index).filter(|position| *position < record.width());
        position.is_some_and(|position| shows_type(column, table.files(), record.field(position)))
    })
}

/// Returns the error for a first record that is neither a header of the table nor a row.
fn not_ours<'c>(
    table: &'c Table,
    first: &Record<'c>,
    mut rest: impl Iterator<Item = Record<'c>>,
) -> LayoutError {
    let is_header =
        |record: &Record<'c>| matches!(CsvColumns::of_header(table, record.fields()), Ok(Some(_)));
    LayoutError::NotOurs {
        line: first.line,
        found: first_fields(first),
        is_one_field: first.width() == 1 && table.columns().len() > 1,
        columns: table.column_names(),
        header_line: rest.find(is_header).map(|record| record.line),
    }
}

/// Returns the first fields of a record, for a message.
fn first_fields(record: &Record<'_>) -> String {
    let quoted = |field: &[u8]| {
        let text = String::from_utf8_lossy(field);
        format!("{:?}", shortened(text.trim(), MAX_NAME))
    };
    let empty = record.fields().rev().take_while(|field| field.is_empty()).count();
    let filled = record.width() - empty;
    let fields: Vec<String> = record.fields().take(filled.min(MAX_NAMED)).map(quoted).collect();
    let more = if filled > MAX_NAMED { ", …" } else { "" };
    format!("{}{more}", fields.join(", "))
}
