//! Why a row is refused: stable codes for programs, a sentence for people.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::ser::SerializeStruct;

use crate::dictionary::ColumnType;
use crate::named::named_enum;

named_enum! {
    /// The stable codes of `docs/api.md`.
    pub enum RowCode {
        /// A required value is missing, empty or `null`.
        Required = "required",
        /// Not a value of the column's type.
        Type = "type",
        /// More characters than the column holds.
        TooLong = "too_long",
        /// A number that the column cannot hold.
        OutOfRange = "out_of_range",
        /// A date or timestamp that is in none of the accepted forms, does not exist, is not in
        /// the years 1000 to 9999, or has more than the column holds: a fraction of a second, a
        /// time of day in a date.
        Timestamp = "timestamp",
        /// A field that names no column, or names one a second time.
        UnknownColumn = "unknown_column",
        /// The id is already taken in the table.
        DuplicateId = "duplicate_id",
        /// The id is already taken by an earlier row of the same batch or file.
        DuplicateInBatch = "duplicate_in_batch",
        /// The reference names no row.
        UnknownReference = "unknown_reference",
        /// A record of a file with too few or too many fields.
        FieldCount = "field_count",
        /// Text of a file that is not UTF-8: a field, or a line of JSON.
        Encoding = "encoding",
        /// The quotes of a record break RFC 4180.
        Quote = "quote",
    }
}

impl RowCode {
    /// The codes that rows of the API can have; the others are of files.
    pub const OF_ROWS: [Self; 9] = [
        Self::Required,
        Self::Type,
        Self::TooLong,
        Self::OutOfRange,
        Self::Timestamp,
        Self::UnknownColumn,
        Self::DuplicateId,
        Self::DuplicateInBatch,
        Self::UnknownReference,
    ];
}

/// The exact error of a field. It is plain data: making one costs nothing until its message is
/// read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault<'a> {
    /// No value where one is required.
    Missing,
    /// The value is not of the column's type.
    NotOfType(ColumnType),
    /// The row is not a JSON object.
    NotAnObject,
    /// The text has `length` characters, the column holds `max`.
    TooLong {
        /// Characters of the value.
        length: usize,
        /// Characters that the column holds.
        max: u32,
    },
    /// The number does not fit the type.
    OutOfRange(ColumnType),
    /// 0 in a column that the database numbers itself.
    ZeroKey,
    /// The row's id is not this one, under which it was sent.
    OtherId(i64),
    /// Not a date or timestamp that exists in the years 1000 to 9999 and that the column holds
    /// whole, in an accepted form.
    NotATime(ColumnType),
    /// The table has no such column.
    UnknownColumn,
    /// The column is named a second time in one row, perhaps by an alias.
    RepeatedColumn,
    /// The number of further names that are unknown or repeated, beside the reported ones.
    MoreUnknownNames(usize),
    /// The id is taken in the table.
    IdTaken,
    /// An earlier row of the batch has the id.
    IdRepeated,
    /// The referred table has no such row.
    NoSuchRow(&'a str),
    /// The record has `found` fields instead of `expected`.
    FieldCount {
        /// Fields that a record must have.
        expected: usize,
        /// Fields that it has.
        found: usize,
    },
    /// The field, or the line of JSON, is not UTF-8.
    NotUtf8,
    /// The field is what a spreadsheet shows in place of a value: `#N/A`.
    ErrorValue(&'a str),
    /// The cell's formula has no stored result.
    NoResult,
    /// Something else than a delimiter or a line end follows a closing quote.
    TextAfterQuote,
    /// A quote follows blanks at the start of a field.
    QuoteAfterBlank,
    /// A quote is opened and not closed.
    QuoteNeverClosed,
}

impl Fault<'_> {
    /// Returns the stable code of the fault.
    pub fn code(&self) -> RowCode {
        match self {
            Self::Missing => RowCode::Required,
            Self::NotOfType(_) | Self::NotAnObject | Self::ErrorValue(_) | Self::NoResult => RowCode::Type,
            Self::TooLong { .. } => RowCode::TooLong,
            Self::OutOfRange(_) | Self::ZeroKey | Self::OtherId(_) => RowCode::OutOfRange,
            Self::NotATime(_) => RowCode::Timestamp,
            Self::UnknownColumn | Self::RepeatedColumn | Self::MoreUnknownNames(_) => RowCode::UnknownColumn,
            Self::IdTaken => RowCode::DuplicateId,
            Self::IdRepeated => RowCode::DuplicateInBatch,
            Self::NoSuchRow(_) => RowCode::UnknownReference,
            Self::FieldCount { .. } => RowCode::FieldCount,
            Self::NotUtf8 => RowCode::Encoding,
            Self::TextAfterQuote | Self::QuoteAfterBlank | Self::QuoteNeverClosed => RowCode::Quote,
        }
    }
}

/// One thing that is wrong with a row.
///
/// Serializes as `{"column", "code", "message"}`; `column` is `null` where the whole row is meant.
/// The [`Display`](fmt::Display) form is the message: a sentence without the value, which may be
/// personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError<'a> {
    /// The column, by its own name; for an unknown column the name that came in.
    pub column: Option<Cow<'a, str>>,
    /// The error.
    pub fault: Fault<'a>,
}

impl<'a> RowError<'a> {
    /// Creates an error of the field of a column.
    pub(crate) fn of_column(column: impl Into<Cow<'a, str>>, fault: Fault<'a>) -> Self {
        Self { column: Some(column.into()), fault }
    }

    /// Creates an error of the row as a whole.
    pub(crate) fn of_row(fault: Fault<'a>) -> Self {
        Self { column: None, fault }
    }

    /// Returns the stable code.
    pub fn code(&self) -> RowCode {
        self.fault.code()
    }
}

impl fmt::Display for RowError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.column.as_deref().unwrap_or("the row");
        match &self.fault {
            Fault::Missing => write!(f, "{name} is required"),
            Fault::NotAnObject => f.write_str("a row must be a JSON object"),
            Fault::NotOfType(column_type) => write!(f, "{name} must be {}", expected(*column_type)),
            Fault::TooLong { length, max } => {
                write!(f, "{name} has {length} characters, at most {max} are allowed")
            }
            Fault::OutOfRange(column_type) => write!(f, "{name} must be {}", range(*column_type)),
            Fault::ZeroKey => {
                write!(f, "{name} must not be 0: the database would replace it by a new number")
            }
            Fault::OtherId(id) => write!(f, "{name} must be {id}, as in the path"),
            Fault::NotATime(ColumnType::Date) => {
                write!(f, "{name} must be a day that exists, written like 2021-07-27")
            }
            Fault::NotATime(_) => {
                write!(f, "{name} must be a moment in UTC that exists, written like 2021-07-27T16:02:08Z")
            }
            Fault::UnknownColumn => write!(f, "there is no column {name:?}"),
            Fault::RepeatedColumn => write!(f, "{name} is given more than once"),
            Fault::MoreUnknownNames(more) => {
                write!(f, "{name} has {more} more names that are unknown or given more than once")
            }
            Fault::IdTaken => write!(f, "{name} is already taken in the table"),
            Fault::IdRepeated => write!(f, "{name} is already taken by an earlier row"),
            Fault::NoSuchRow(table) => write!(f, "{name} names no row of {table}"),
            Fault::FieldCount { expected, found } => {
                write!(f, "the record has {found} fields instead of {expected}")
            }
            Fault::NotUtf8 => write!(f, "{name} is not UTF-8 text"),
            Fault::ErrorValue(error) => write!(f, "{name} is {error}, the error of a spreadsheet's formula"),
            Fault::NoResult => write!(
                f,
                "{name} is a formula without a stored result; open the workbook in Excel and save it, or type the value"
            ),
            Fault::TextAfterQuote => f.write_str(
                "text follows a closing quote; inside a quoted field a quote is written twice, and a field ends with its \
                 closing quote",
            ),
            Fault::QuoteAfterBlank => f.write_str(
                "a quote follows blanks at the start of a field; take the blanks out, or put the whole field in quotes",
            ),
            Fault::QuoteNeverClosed => f.write_str("a quote is opened and never closed"),
        }
    }
}

impl Serialize for RowError<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("RowError", 3)?;
        object.serialize_field("column", &self.column)?;
        object.serialize_field("code", self.code().as_str())?;
        object.serialize_field("message", &format_args!("{self}"))?;
        object.end()
    }
}

fn expected(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Integer | ColumnType::Bigint => "a whole number",
        ColumnType::Decimal { .. } => "a decimal number, without an exponent",
        ColumnType::String { .. } => "text",
        ColumnType::Boolean => "true or false",
        ColumnType::Date => "text like 2021-07-27",
        ColumnType::Timestamp => "text like 2021-07-27T16:02:08Z",
    }
}

fn range(column_type: ColumnType) -> String {
    match column_type {
        ColumnType::Decimal { precision, scale } => {
            format!(
                "a number with at most {} digits before the point and {scale} after it",
                precision - scale
            )
        }
        _ => {
            let (least, most) = column_type.integer_bounds();
            format!("between {least} and {most}")
        }
    }
}
