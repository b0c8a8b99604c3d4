//! A row from the fields of a CSV record.

use std::borrow::Cow;

use super::rules::{broken_checks, check_compared, check_long_text, check_rules, check_text, no_value};
use super::{Fault, RowCode, RowError, check_document, file_value, scan};
use crate::dictionary::{Column, ColumnType, FileSettings, HeaderField, Table, header_name};
use crate::value::Value;

/// Maps the fields of a record to columns: in the dictionary's order, or in the order of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvColumns {
    /// For each column of the table, the position of its field in a record; `None` for a column
    /// that the header leaves out because no value is required.
    fields: Vec<Option<usize>>,
    /// Fields that a record has, those to ignore included.
    width: usize,
    /// Empty fields that every record has behind these.
    padding: usize,
}

/// A first record that is clearly a header, but an unusable one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The header names a column twice, perhaps by an alias.
    #[error("the header names the column {0:?} more than once")]
    Repeated(String),
    /// The header names something that the table does not have.
    #[error("{}", unknown_name(.0))]
    Unknown(String),
    /// The header leaves out a required column.
    #[error("the header leaves out the column {0:?}, which is required")]
    Missing(String),
}

fn unknown_name(name: &str) -> String {
    match name {
        "" => "a field of the header has no name".to_owned(),
        name => format!("the header names {name:?}, which is no column of the table"),
    }
}

/// The columns that a rejects file adds; ignored when the file is dropped back in.
pub(crate) const REJECT_COLUMNS: [&str; 3] = ["line", "code", "reason"];

impl CsvColumns {
    /// Returns the dictionary's order, for a file without a header.
    pub fn in_dictionary_order(table: &Table) -> Self {
        Self {
            fields: (0..table.columns().len()).map(Some).collect(),
            width: table.columns().len(),
            padding: 0,
        }
    }

    /// Reads a record that may be a header: `Some` when it is one, `None` when it is data.
    ///
    /// A record is a header when its fields name the columns of the key, and those in the key's own
    /// positions can be no values of it: in a file without a header they are the row's key,
    /// whatever the others say. Any word can be the value of a key of texts; such a table's header
    /// names another column, too. Empty names at its end are none. Names mean what the settings of
    /// the file say, if it has any.
    ///
    /// # Errors
    /// [`HeaderError`] for a header that cannot be used.
    pub fn of_header<'r>(
        table: &Table,
        fields: impl Iterator<Item = &'r [u8]>,
    ) -> Result<Option<Self>, HeaderError> {
        Self::of_names(table, fields, |name| table.header_field(name))
    }

    /// Reads a record that may be a header of a file that Rowgate wrote: names mean columns of the
    /// table, whatever the settings of the file say.
    ///
    /// # Errors
    /// As [`of_header`](Self::of_header).
    pub(crate) fn of_own_header<'r>(
        table: &Table,
        fields: impl Iterator<Item = &'r [u8]>,
    ) -> Result<Option<Self>, HeaderError> {
        Self::of_names(table, fields, |name| {
            table.column_index(name).map_or(HeaderField::Unknown, HeaderField::Column)
        })
    }

    fn of_names<'r>(
        table: &Table,
        fields: impl Iterator<Item = &'r [u8]>,
        meaning: impl Fn(&str) -> HeaderField,
    ) -> Result<Option<Self>, HeaderError> {
        let columns = table.columns();
        let fields: Vec<&[u8]> = fields.collect();
        let has_key = table.key_indexes().iter().zip(table.key_columns()).any(|(index, column)| {
            fields.get(*index).is_some_and(|field| shows_type(column, table.files(), field.trim_ascii()))
        });
        let mut names: Vec<String> = fields.into_iter().map(header_name).collect();
        let mut named: Vec<usize> = names
            .iter()
            .filter_map(|name| match meaning(name) {
                HeaderField::Column(index) => Some(index),
                HeaderField::LeftOut | HeaderField::Unknown => None,
            })
            .collect();
        named.sort_unstable();
        named.dedup();
        let names_key = table.key_indexes().iter().all(|index| named.contains(index));
        let is_key_of_words = !table.key_columns().any(|column| has_form(column.column_type()));
        if has_key || !names_key || is_key_of_words && named.len() < columns.len().min(2) {
            return Ok(None);
        }
        while names.pop_if(|name| name.is_empty()).is_some() {}
        let mut found: Vec<Option<usize>> = vec![None; columns.len()];
        for (position, name) in names.iter().enumerate() {
            match meaning(name) {
                HeaderField::Column(index) if found[index].is_some() => {
                    return Err(HeaderError::Repeated(name.clone()));
                }
                HeaderField::Column(index) => found[index] = Some(position),
                HeaderField::LeftOut => {}
                HeaderField::Unknown if REJECT_COLUMNS.contains(&name.as_str()) => {}
                HeaderField::Unknown => return Err(HeaderError::Unknown(name.clone())),
            }
        }
        let missing = columns.iter().zip(&found).find(|(column, field)| column.required() && field.is_none());
        match missing {
            Some((column, _)) => Err(HeaderError::Missing(column.name().to_owned())),
            None => Ok(Some(Self { fields: found, width: names.len(), padding: 0 })),
        }
    }

    /// Returns true if both name the same columns in the same order.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.fields == other.fields && self.width == other.width
    }

    /// Returns the same columns of a file whose records all end with so many empty fields more.
    pub(crate) fn padded(self, padding: usize) -> Self {
        Self { padding, ..self }
    }

    /// Fields that every record must have.
    pub fn width(&self) -> usize {
        self.width + self.padding
    }

    /// Fields that belong to a column, or are ignored.
    pub(crate) fn named_width(&self) -> usize {
        self.width
    }

    /// Returns true if a record of `found` fields has one for each column, and nothing else.
    fn fits<'a>(&self, found: usize, field: &impl Fn(usize) -> &'a [u8]) -> bool {
        found == self.width() && (self.width..found).all(|position| field(position).is_empty())
    }

    /// Returns the position in a record of the field for the column at `index` of the table, if the
    /// file has the column.
    pub fn field_of(&self, index: usize) -> Option<usize> {
        self.fields[index]
    }
}

/// Checks one CSV record: pushes one value for each column to `values` (`Null` where a field is
/// refused) and what is wrong to `errors`. Returns whether the row passed.
///
/// `field(i)` gives the bytes of the record's field `i`, below `found`, the number of its fields. A
/// record with another number of fields than the file's columns is refused for that alone: nobody
/// can say which field is which.
pub fn check_csv_row<'a>(
    table: &'a Table,
    columns: &CsvColumns,
    found: usize,
    field: impl Fn(usize) -> &'a [u8],
    values: &mut Vec<Value<'a>>,
    errors: &mut Vec<RowError<'a>>,
) -> bool {
    if !columns.fits(found, &field) {
        values.extend(std::iter::repeat_n(Value::Null, table.columns().len()));
        // A surplus field may be in the place of a column that must be empty.
        let expected = if found == columns.width() { columns.width } else { columns.width() };
        errors.push(RowError::of_row(Fault::FieldCount { expected, found }));
        return false;
    }
    let settings = table.files();
    let start = values.len();
    let mut passed = true;
    for (column, position) in table.columns().iter().zip(&columns.fields) {
        let field = position.map_or(&[][..], &field);
        // Nearly every field is as it should be, and goes no further way than this.
        if !file_value::may_be_special(settings, field)
            && let Ok(value) = check_field(column, field)
        {
            values.push(value);
            continue;
        }
        match check_file_field(column, settings, field) {
            Ok(value) => values.push(value),
            Err(fault) => {
                // Bytes that are not text cannot look like a number either.
                let fault = if std::str::from_utf8(field).is_ok() { fault } else { Fault::NotUtf8 };
                values.push(Value::Null);
                errors.push(RowError::of_column(column.name(), fault));
                passed = false;
            }
        }
    }
    if !table.checks().is_empty() {
        let known = errors.len();
        errors.extend(broken_checks(table, &values[start..]));
        passed = passed && errors.len() == known;
    }
    passed
}

/// Returns true if a field shows what type of column it is for: any word may be text, or bytes in
/// base64.
pub(crate) fn has_form(column_type: ColumnType) -> bool {
    !column_type.is_text() && !matches!(column_type, ColumnType::Binary { .. })
}

/// Returns true if a field can be read as a value of a column whose values have a form. A number is
/// one whether or not the column can hold it.
pub(crate) fn shows_type(column: &Column, settings: &FileSettings, field: &[u8]) -> bool {
    !field.is_empty()
        && has_form(column.column_type())
        && match check_file_field(column, settings, field) {
            Ok(_) => true,
            Err(fault) => matches!(fault.code(), RowCode::OutOfRange | RowCode::Rule),
        }
}

/// Returns the value of one field of a file, held against its column.
pub(crate) fn check_file_field<'a>(
    column: &'a Column,
    settings: &FileSettings,
    field: &'a [u8],
) -> Result<Value<'a>, Fault<'a>> {
    let field = file_value::unwrapped(field);
    if let Some(value) = file_value::special(column, settings, field) {
        return check_rules(column, value?);
    }
    match read_field(column, field) {
        Ok(value) => check_rules(column, value),
        Err(fault) => check_rules(column, file_value::in_a_declared_form(column, settings, field, fault)?),
    }
}

/// Returns the value of one field, held against its column, in the forms that hold everywhere.
#[inline]
pub(crate) fn check_field<'a>(column: &'a Column, field: &'a [u8]) -> Result<Value<'a>, Fault<'a>> {
    check_rules(column, read_field(column, field)?)
}

/// Returns the value of a key's column as any row may have it, those that are older than the
/// column's rules too.
pub(crate) fn read_key_field<'a>(column: &Column, field: &'a [u8]) -> Result<Value<'a>, Fault<'a>> {
    if column.is_ascii() && !field.is_ascii() {
        // The database could not compare it.
        return Err(Fault::NotOfType(column.column_type()));
    }
    let value = read_field(column, field)?;
    check_compared(&value)?;
    Ok(value)
}

/// Returns the value of one field, of its column's type.
#[inline]
fn read_field<'a>(column: &Column, field: &'a [u8]) -> Result<Value<'a>, Fault<'a>> {
    if field.is_empty() {
        return no_value(column);
    }
    let text = || std::str::from_utf8(field).map_err(|_| Fault::NotUtf8);
    match column.column_type() {
        ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint => scan::whole_number(column, field),
        ColumnType::Double => scan::double(field),
        ColumnType::Decimal { precision, scale } => scan::decimal(precision, scale, field),
        ColumnType::String { max } => check_text(column, max, Cow::Borrowed(text()?)),
        ColumnType::Text => check_long_text(column, Cow::Borrowed(text()?)),
        ColumnType::Boolean => match field {
            b"true" | b"1" => Ok(Value::Boolean(true)),
            b"false" | b"0" => Ok(Value::Boolean(false)),
            _ => Err(Fault::NotOfType(ColumnType::Boolean)),
        },
        ColumnType::Date => scan::date(field),
        ColumnType::Time => scan::time(field),
        ColumnType::Timestamp { digits } => scan::timestamp(digits, field),
        ColumnType::Uuid => scan::uuid(field),
        ColumnType::Json => check_document(column, text()?),
        ColumnType::Binary { max } => scan::binary(max, field),
    }
}
