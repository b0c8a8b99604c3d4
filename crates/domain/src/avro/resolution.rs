use std::cmp::Ordering;

use serde::de::IgnoredAny;

use super::decode::Cursor;
use super::kind::Kind;
use super::reason::Reason;
use super::writer_schema::{Form, WriterField, WriterSchema};
use super::{AvroError, Block};
use crate::dictionary::{ColumnType, Table};
use crate::value::{Decimal, Value};

/// Maps the rows of a file to rows of a table, by Avro's rules of schema resolution
/// (<https://avro.apache.org/docs/1.12.0/specification/#schema-resolution>).
///
/// Everything that follows from the schemas is decided before a row is read, with all [`Reason`]s
/// at once:
///
/// | since the file was written | |
/// |---|---|
/// | a column came that has a default in the dictionary | it is that in all rows |
/// | a column came that has none, and that the database lets be NULL | it is NULL in all rows |
/// | a column came that has none, and that it does not | refused |
/// | a column went | refused: its values would be lost |
/// | a column was renamed, and the dictionary has its old name as an alias | read under its old name |
/// | smallint became integer or bigint, integer became bigint; a decimal got more digits before its point, behind it, or both; a timestamp got digits of a fraction; a string became longer or text; a binary became longer | read as it is now |
/// | bigint became integer; a decimal or a timestamp lost digits; any other change of type | refused |
///
/// The rest is decided at each row, because the change may suit all of them: a NULL in a column
/// that is `NOT NULL` now, a text or bytes that are longer than the column is now, an integer
/// beyond the smallint that it is now, and a text that is no JSON in a column of JSON are an
/// [`AvroError::DoesNotFit`] with row and column. The file itself is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    fields: Vec<WriterField>,
    columns: Vec<Source>,
    is_identity: bool,
}

/// The source of a column's values.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// From nowhere: it is this in all rows.
    Default(Value<'static>),
    /// From the field of this number.
    Field { index: usize, check: Check, nullable: bool },
}

/// A check or conversion of a value that the file's own schema does not ensure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Nothing,
    /// A text has at most so many characters.
    Characters(usize),
    /// A text, or bytes, have at most so many bytes.
    Bytes(usize),
    /// A whole number has at most 16 bits.
    SmallInt,
    /// A text is a JSON document.
    Json,
    /// A moment gets so many digits of a fraction.
    Digits(u8),
    /// A decimal gets this scale, by this factor.
    Scale {
        scale: u8,
        factor: i128,
    },
}

impl Resolution {
    /// Compares a file's schema with a table of the dictionary as it is today; `nullable` says for
    /// each column whether the **database's** column takes NULL.
    ///
    /// # Errors
    /// Every reason why the file's rows cannot be rows of the table.
    pub fn new(writer: &WriterSchema, table: &Table, nullable: &[bool]) -> Result<Self, Vec<Reason>> {
        let mut reasons = Vec::new();
        if !table.answers_to(writer.name()) {
            let (found, expected) = (writer.name().to_owned(), table.name().to_owned());
            reasons.push(Reason::OtherTable { found, expected });
        }
        let mut fields = writer.fields.clone();
        let mut taken = vec![false; fields.len()];
        let mut columns = Vec::with_capacity(table.columns().len());
        for (position, column) in table.columns().iter().enumerate() {
            let nullable = nullable.get(position).is_some_and(|nullable| *nullable);
            let names = std::iter::once(column.name()).chain(column.aliases().iter().map(String::as_str));
            let index =
                names.into_iter().find_map(|name| writer.fields.iter().position(|field| field.name == name));
            let Some(index) = index else {
                let default = column.default().cloned();
                if default.is_none() && !nullable {
                    reasons.push(Reason::Missing { column: column.name().to_owned() });
                }
                columns.push(Source::Default(default.unwrap_or(Value::Null)));
                continue;
            };
            taken[index] = true;
            if column.column_type() == ColumnType::Json {
                fields[index].form = fields[index].form.as_json();
            }
            match check(&writer.fields[index].form, column.column_type()) {
                Some(check) => columns.push(Source::Field { index, check, nullable }),
                None => reasons.push(Reason::Type {
                    column: column.name().to_owned(),
                    found: writer.fields[index].form.to_string(),
                    expected: column.column_type(),
                }),
            }
        }
        let lost = writer.fields.iter().zip(taken).filter(|(_, taken)| !taken);
        reasons.extend(lost.map(|(field, _)| Reason::Lost { field: field.name.clone() }));
        if !reasons.is_empty() {
            return Err(reasons);
        }
        let in_place = |(position, source): (usize, &Source)| {
            let Source::Field { index, check, .. } = source else { return false };
            *index == position && !check.changes_values()
        };
        let is_identity = columns.iter().enumerate().all(in_place);
        Ok(Self { fields, columns, is_identity })
    }

    /// Returns true if the file's rows are rows of the table as they are: the same values in the
    /// same order.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// Decodes every row of a block, and passes each to `each` twice: as it is in the file (the
    /// columns of the manifest, which its checksum is computed from), and as it is in the table. If
    /// [`is_identity`](Self::is_identity) holds, both are the same slice. Nothing is allocated for
    /// a row.
    ///
    /// # Errors
    /// [`AvroError::Value`] at the first value that is broken, [`AvroError::DoesNotFit`] at the
    /// first one that the table's column cannot hold, and [`AvroError::Block`] when there are bytes
    /// behind the last row; `each` has had the rows before it.
    pub fn decode(
        &self,
        block: &Block,
        mut each: impl FnMut(&[Value<'_>], &[Value<'_>]),
    ) -> Result<(), AvroError> {
        let mut cursor = Cursor(&block.data);
        let mut read: Vec<Value<'_>> = Vec::with_capacity(self.fields.len());
        let mut row: Vec<Value<'_>> = Vec::with_capacity(self.columns.len());
        for number in block.first_row..block.first_row.saturating_add(block.rows) {
            let row_number = number + 1;
            let name =
                |index: usize| self.fields.get(index).map(|field| field.name.clone()).unwrap_or_default();
            let fail = |index, problem| AvroError::Value { row: row_number, column: name(index), problem };
            read.clear();
            for (index, field) in self.fields.iter().enumerate() {
                read.push(cursor.value(&field.form).map_err(|problem| fail(index, problem))?);
            }
            row.clear();
            for source in &self.columns {
                let (index, check, nullable) = match source {
                    Source::Field { index, check, nullable } => (index, check, nullable),
                    Source::Default(value) => {
                        row.push(value.clone());
                        continue;
                    }
                };
                let value = &read[*index];
                let does_not_fit =
                    |problem| AvroError::DoesNotFit { row: row_number, column: name(*index), problem };
                if !nullable && *value == Value::Null {
                    return Err(does_not_fit("it is NULL, which the table's column cannot be"));
                }
                let changed = check.apply(value).map_err(does_not_fit)?;
                if !self.is_identity {
                    row.push(changed.unwrap_or_else(|| value.clone()));
                }
            }
            each(&read, if self.is_identity { &read } else { &row });
        }
        if cursor.0.is_empty() {
            return Ok(());
        }
        let problem = "it has bytes behind its last row".to_owned();
        Err(AvroError::Block { block: block.number, problem })
    }
}

/// Returns true if and how a field of this form can be read as a column of this type.
fn check(form: &Form, column_type: ColumnType) -> Option<Check> {
    let (Form::Plain(kind) | Form::Nullable(kind, _)) = form else { return None };
    match (kind, column_type) {
        (Kind::Int, ColumnType::Integer | ColumnType::Bigint)
        | (Kind::Long, ColumnType::Bigint)
        | (Kind::Double, ColumnType::Double)
        | (Kind::Boolean, ColumnType::Boolean)
        | (Kind::Uuid, ColumnType::Uuid)
        | (Kind::Date, ColumnType::Date)
        | (Kind::Time, ColumnType::Time) => Some(Check::Nothing),
        (Kind::Int, ColumnType::SmallInt) => Some(Check::SmallInt),
        (Kind::Timestamp { digits }, ColumnType::Timestamp { digits: more }) => match more.cmp(digits) {
            Ordering::Less => None,
            Ordering::Equal => Some(Check::Nothing),
            Ordering::Greater => Some(Check::Digits(more)),
        },
        (Kind::Text, ColumnType::String { max }) => {
            Some(Check::Characters(usize::try_from(max).unwrap_or(usize::MAX)))
        }
        (Kind::Text, ColumnType::Text) => Some(Check::Bytes(ColumnType::MAX_TEXT_BYTES)),
        (Kind::Text, ColumnType::Json) => Some(Check::Json),
        (Kind::Bytes, ColumnType::Binary { max }) => {
            Some(Check::Bytes(usize::try_from(max).unwrap_or(usize::MAX)))
        }
        (Kind::Decimal { precision, scale }, ColumnType::Decimal { precision: wide, scale: fine }) => {
            let more = fine.checked_sub(*scale)?;
            // At least as many digits before the point, and as many after it.
            wide.checked_sub(*precision)?.checked_sub(more)?;
            match more {
                0 => Some(Check::Nothing),
                more => Some(Check::Scale { scale: fine, factor: 10_i128.checked_pow(more.into())? }),
            }
        }
        _ => None,
    }
}

impl Check {
    /// Returns true if another value takes the place of each one.
    fn changes_values(self) -> bool {
        matches!(self, Self::Scale { .. } | Self::Digits(_))
    }

    /// Returns the value that takes this one's place, if another does.
    #[inline]
    fn apply(self, value: &Value<'_>) -> Result<Option<Value<'static>>, &'static str> {
        match (self, value) {
            // Whatever has no more bytes has no more characters.
            (Self::Characters(max), Value::Text(text)) if text.len() > max && text.chars().count() > max => {
                Err("its text is longer than the table's column")
            }
            (Self::Bytes(max), Value::Text(text)) if text.len() > max => {
                Err("its text is longer than the table's column")
            }
            (Self::Bytes(max), Value::Binary(bytes)) if bytes.len() > max => {
                Err("it has more bytes than the table's column")
            }
            (Self::SmallInt, Value::Integer(number)) if i16::try_from(*number).is_err() => {
                Err("its number is beyond the table's column")
            }
            (Self::Json, Value::Json(text)) => {
                if text.len() > ColumnType::MAX_TEXT_BYTES {
                    return Err("its text is longer than the table's column");
                }
                let read: Result<IgnoredAny, _> = serde_json::from_str(text);
                read.map(|_| None).map_err(|_| "it is no JSON, which the table's column is")
            }
            (Self::Digits(digits), Value::Timestamp(moment)) => {
                let moment = moment.with_digits(digits).ok_or("its fraction has too many digits")?;
                Ok(Some(Value::Timestamp(moment)))
            }
            (Self::Scale { scale, factor }, Value::Decimal(decimal)) => {
                let unscaled =
                    decimal.unscaled.checked_mul(factor).ok_or("its decimal has too many digits")?;
                Ok(Some(Value::Decimal(Decimal { unscaled, scale })))
            }
            _ => Ok(None),
        }
    }
}
