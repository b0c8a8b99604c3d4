//! Why a row is refused: stable codes for programs, a sentence for people.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::ser::SerializeStruct;

use super::document::MAX_DEPTH;
use crate::dictionary::{BrokenRule, Column, ColumnType, Reference, Table};
use crate::json_row::value_text;
use crate::named::named_enum;
use crate::value::Value;

named_enum! {
    /// The stable codes of `docs/api.md`.
    pub enum RowCode {
        /// A required value is missing, empty or `null`.
        Required = "required",
        /// Not a value of the column's type.
        Type = "type",
        /// More characters or bytes than the column holds.
        TooLong = "too_long",
        /// A number that the column cannot hold.
        OutOfRange = "out_of_range",
        /// A date, time or timestamp that is in none of the accepted forms, does not exist, is not
        /// in the years 1000 to 9999, or has more than the column holds: digits of a fraction of a
        /// second, a time of day in a date.
        Timestamp = "timestamp",
        /// A value that breaks a rule of the dictionary, or values that break one together.
        Rule = "rule",
        /// A field that names no column, or names one a second time.
        UnknownColumn = "unknown_column",
        /// The key is already taken in the table.
        DuplicateId = "duplicate_id",
        /// The key is already taken by an earlier row of the same batch or file.
        DuplicateInBatch = "duplicate_in_batch",
        /// A value of unique columns is taken by another key, in the table or earlier in the batch
        /// or file.
        DuplicateValue = "duplicate_value",
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
    pub const OF_ROWS: [Self; 11] = [
        Self::Required,
        Self::Type,
        Self::TooLong,
        Self::OutOfRange,
        Self::Timestamp,
        Self::Rule,
        Self::UnknownColumn,
        Self::DuplicateId,
        Self::DuplicateInBatch,
        Self::DuplicateValue,
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
    /// The value has `length` bytes, the column holds `max`.
    TooManyBytes {
        /// Bytes of the value.
        length: usize,
        /// Bytes that the column holds.
        max: usize,
    },
    /// The number, or one in the JSON document, does not fit the type.
    OutOfRange(ColumnType),
    /// The JSON document is nested deeper than the database takes.
    TooDeep,
    /// 0 in a column that the database numbers itself.
    ZeroKey,
    /// The row's key has not this value, as text, in the column: it was sent under another key.
    OtherId(String),
    /// Not a date, time or timestamp that exists in the years 1000 to 9999 and that the column
    /// holds whole, in an accepted form.
    NotATime(ColumnType),
    /// The same, where the dictionary declares further forms for the files of the table.
    NotInAForm {
        /// The column's type.
        column_type: ColumnType,
        /// The declared forms, separated by commas: `%d.%m.%Y`.
        forms: String,
    },
    /// Not a number with a decimal comma, which the dictionary declares for the files of the table.
    NotWithComma,
    /// The value breaks this rule of its column.
    BrokenRule(BrokenRule<'a>),
    /// A text that the database compares ends with a space.
    SpaceAtEnd,
    /// A text that the database compares has a control character.
    ControlCharacter,
    /// The row breaks a comparison of its table, which this is as text.
    BrokenCheck(&'a str),
    /// The table has no such column.
    UnknownColumn,
    /// The column is named a second time in one row, perhaps by an alias.
    RepeatedColumn,
    /// The number of further names that are unknown or repeated, beside the reported ones.
    MoreUnknownNames(usize),
    /// The key is taken in the table. Here and below: the further columns, beside the error's own.
    IdTaken(Vec<&'a str>),
    /// An earlier row of the batch has the key.
    IdRepeated(Vec<&'a str>),
    /// A row of another key has the value of the unique columns.
    ValueTaken(Vec<&'a str>),
    /// An earlier row of the batch, of another key, has the value of the unique columns.
    ValueRepeated(Vec<&'a str>),
    /// The referred table has no such row.
    NoSuchRow {
        /// The name of the referred table.
        table: &'a str,
        /// The further columns of the reference.
        further: Vec<&'a str>,
    },
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
            Self::NotOfType(_)
            | Self::NotWithComma
            | Self::NotAnObject
            | Self::ErrorValue(_)
            | Self::NoResult => RowCode::Type,
            Self::TooLong { .. } | Self::TooManyBytes { .. } | Self::TooDeep => RowCode::TooLong,
            Self::OutOfRange(_) | Self::ZeroKey | Self::OtherId(_) => RowCode::OutOfRange,
            Self::NotATime(_) | Self::NotInAForm { .. } => RowCode::Timestamp,
            Self::BrokenRule(_) | Self::SpaceAtEnd | Self::ControlCharacter | Self::BrokenCheck(_) => {
                RowCode::Rule
            }
            Self::UnknownColumn | Self::RepeatedColumn | Self::MoreUnknownNames(_) => RowCode::UnknownColumn,
            Self::IdTaken(_) => RowCode::DuplicateId,
            Self::IdRepeated(_) => RowCode::DuplicateInBatch,
            Self::ValueTaken(_) | Self::ValueRepeated(_) => RowCode::DuplicateValue,
            Self::NoSuchRow { .. } => RowCode::UnknownReference,
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

    /// Creates the error of a row whose key is taken in its table.
    pub(crate) fn id_taken(table: &'a Table) -> Self {
        Self::of_columns(table.columns(), table.key_indexes(), Fault::IdTaken)
    }

    /// Creates the error of a row whose key an earlier row of the batch has.
    pub(crate) fn id_repeated(table: &'a Table) -> Self {
        Self::of_columns(table.columns(), table.key_indexes(), Fault::IdRepeated)
    }

    /// Creates the error of a row whose value of unique columns, one of [`Table::unique`], a row of
    /// another key has.
    pub(crate) fn value_taken(table: &'a Table, unique: &[usize]) -> Self {
        Self::of_columns(table.columns(), unique, Fault::ValueTaken)
    }

    /// Creates the error of a row whose value of unique columns an earlier row of the batch has.
    pub(crate) fn value_repeated(table: &'a Table, unique: &[usize]) -> Self {
        Self::of_columns(table.columns(), unique, Fault::ValueRepeated)
    }

    /// Creates the error of a row whose reference names no row.
    pub(crate) fn no_such_row(table: &'a Table, reference: &'a Reference) -> Self {
        Self::of_columns(table.columns(), reference.columns(), |further| Fault::NoSuchRow {
            table: reference.table(),
            further,
        })
    }

    /// Creates an error of the columns at these positions: of the first one, which names the
    /// further ones.
    fn of_columns(
        columns: &'a [Column],
        positions: &[usize],
        fault: impl FnOnce(Vec<&'a str>) -> Fault<'a>,
    ) -> Self {
        let mut names = positions.iter().map(|index| columns[*index].name());
        let column = names.next().map(Cow::Borrowed);
        Self { column, fault: fault(names.collect()) }
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
            Fault::TooManyBytes { length, max } => {
                write!(f, "{name} has {length} bytes, at most {max} are allowed")
            }
            Fault::OutOfRange(ColumnType::Json) => write!(
                f,
                "{name} has a number that the database cannot hold; write it as text, or let whole numbers be between {} \
                 and {} and others within the range of a double",
                i64::MIN,
                u64::MAX
            ),
            Fault::OutOfRange(column_type) => write!(f, "{name} must be {}", range(*column_type)),
            Fault::TooDeep => {
                write!(f, "{name} is nested deeper than {MAX_DEPTH} levels")
            }
            Fault::ZeroKey => {
                write!(f, "{name} must not be 0: the database would replace it by a new number")
            }
            Fault::OtherId(value) => write!(f, "{name} must be {value}, as in the path"),
            Fault::NotATime(column_type) => match column_type {
                ColumnType::Date => write!(f, "{name} must be a day that exists, written like 2021-07-27"),
                ColumnType::Time => write!(f, "{name} must be a second of a day, written like 16:02:08"),
                column_type => write!(
                    f,
                    "{name} must be a moment in UTC that exists, written like {}",
                    moment(*column_type)
                ),
            },
            Fault::NotInAForm { column_type: ColumnType::Date, forms } => {
                write!(f, "{name} must be a day that exists, written like 2021-07-27 or as {forms}")
            }
            Fault::NotInAForm { column_type, forms } => write!(
                f,
                "{name} must be a moment that exists, written like {} or as {forms}",
                moment(*column_type)
            ),
            Fault::NotWithComma => write!(
                f,
                "{name} must be a number written like 1234,50: with a decimal comma, without separators of thousands"
            ),
            Fault::BrokenRule(rule) => write!(f, "{name} must {}", demand(*rule)),
            Fault::SpaceAtEnd => write!(f, "{name} must not end with a space: the database does not tell it from none"),
            Fault::ControlCharacter => write!(f, "{name} must have no control characters"),
            Fault::BrokenCheck(check) => write!(f, "the row must keep {check}"),
            Fault::UnknownColumn => write!(f, "there is no column {name:?}"),
            Fault::RepeatedColumn => write!(f, "{name} is given more than once"),
            Fault::MoreUnknownNames(more) => {
                write!(f, "{name} has {more} more names that are unknown or given more than once")
            }
            Fault::IdTaken(further) => {
                write!(f, "{} already taken in the table", subject(name, further, "is", "together are"))
            }
            Fault::IdRepeated(further) | Fault::ValueRepeated(further) => {
                write!(f, "{} already taken by an earlier row", subject(name, further, "is", "together are"))
            }
            Fault::ValueTaken(further) => {
                write!(f, "{} already taken by another row", subject(name, further, "is", "together are"))
            }
            Fault::NoSuchRow { table, further } => {
                write!(f, "{} no row of {table}", subject(name, further, "names", "together name"))
            }
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

/// Returns the subject of a sentence and its verb: `a is`, or `a, b together are`.
fn subject(name: &str, further: &[&str], one: &str, several: &str) -> String {
    match further {
        [] => format!("{name} {one}"),
        further => format!("{name}, {} {several}", further.join(", ")),
    }
}

fn expected(column_type: ColumnType) -> String {
    match column_type {
        ColumnType::SmallInt | ColumnType::Integer | ColumnType::Bigint => "a whole number".to_owned(),
        ColumnType::Double => "a number".to_owned(),
        ColumnType::Decimal { .. } => "a decimal number, without an exponent".to_owned(),
        ColumnType::String { .. } | ColumnType::Text => "text".to_owned(),
        ColumnType::Boolean => "true or false".to_owned(),
        ColumnType::Date => "text like 2021-07-27".to_owned(),
        ColumnType::Time => "text like 16:02:08".to_owned(),
        ColumnType::Timestamp { .. } => format!("text like {}", moment(column_type)),
        ColumnType::Uuid => "a UUID like 1f0e7c1c-6c9d-4f2a-8f51-0a4f6d1c2b3a".to_owned(),
        ColumnType::Json => "JSON".to_owned(),
        ColumnType::Binary { .. } => "bytes in base64, with padding".to_owned(),
    }
}

/// Returns a moment as a column writes it.
fn moment(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Timestamp { digits: 3 } => "2021-07-27T16:02:08.123Z",
        ColumnType::Timestamp { digits: 6 } => "2021-07-27T16:02:08.123456Z",
        _ => "2021-07-27T16:02:08Z",
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
        ColumnType::Double => format!("between {:e} and {:e}", f64::MIN, f64::MAX),
        _ => {
            let (least, most) = column_type.integer_bounds();
            format!("between {least} and {most}")
        }
    }
}

/// Returns what a rule demands, behind `must`: `be at least 1`.
fn demand(rule: BrokenRule<'_>) -> String {
    let text = |value: &Value<'_>| value_text(value).unwrap_or_default();
    match rule {
        BrokenRule::Minimum(least) => format!("be at least {}", text(least)),
        BrokenRule::Maximum(most) => format!("be at most {}", text(most)),
        BrokenRule::MinLength(least) => format!("have at least {least} characters"),
        BrokenRule::Pattern(pattern) => format!("match {}", pattern.as_str()),
        BrokenRule::Values(values) => {
            let values: Vec<String> = values.iter().map(text).collect();
            format!("be one of {}", values.join(", "))
        }
    }
}
