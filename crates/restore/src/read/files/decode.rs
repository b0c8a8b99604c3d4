//! Reading the values of a row, without a copy of them.

use domain::avro::read_long;
use domain::external::{FieldMap, Loose, Unit};

use super::header::TOO_LONG;
use super::shape::{Row, Shape};

/// The deepest nesting of values. Schemas can be nested without end, the stack cannot.
const MAX_DEPTH: u32 = 64;

/// Values within a row at most. Records in records may be values without end that have no byte.
const MAX_VALUES: u32 = 1_000_000;

/// The rest of a block, and how many values the row may still have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8], u32);

type Result<T> = std::result::Result<T, &'static str>;

impl Row {
    /// Reads the next row: into `fields`, one for each column of the table, what `map` says is for
    /// it. Every other field is read over.
    pub(super) fn decode<'a>(
        &'a self,
        cursor: &mut Cursor<'a>,
        map: &FieldMap,
        fields: &mut [Loose<'a>],
    ) -> Result<()> {
        cursor.1 = MAX_VALUES;
        for (position, field) in self.fields.iter().enumerate() {
            let value = self.value(&field.shape, cursor, 0)?;
            if let Some(column) = map.column_of(position) {
                fields[column] = value;
            }
        }
        Ok(())
    }

    fn value<'a>(&'a self, shape: &'a Shape, cursor: &mut Cursor<'a>, depth: u32) -> Result<Loose<'a>> {
        if depth > MAX_DEPTH {
            return Err("a value lies too deep in others");
        }
        cursor.1 = cursor.1.checked_sub(1).ok_or("a value has too many parts")?;
        Ok(match shape {
            Shape::Null => Loose::Null,
            Shape::Boolean => cursor.boolean()?,
            Shape::Int => Loose::Integer(cursor.int()?),
            Shape::Long => Loose::Integer(cursor.long()?),
            Shape::Float => Loose::Float(f32::from_le_bytes(cursor.array()?)),
            Shape::Double => Loose::Double(f64::from_le_bytes(cursor.array()?)),
            Shape::Bytes => Loose::Bytes(cursor.bytes()?),
            Shape::Fixed(size) => Loose::Bytes(cursor.take(*size)?),
            Shape::Text => {
                let bytes = cursor.bytes()?;
                std::str::from_utf8(bytes).map_or(Loose::NotUtf8(bytes), Loose::Text)
            }
            Shape::Enum(symbols) => {
                let symbol = of_index(symbols, cursor.int()?);
                Loose::Text(symbol.ok_or("an enumeration has a symbol that its schema has not")?)
            }
            Shape::Decimal { fixed, scale } => {
                Loose::Decimal { unscaled: cursor.bytes_or_fixed(*fixed)?, scale: *scale }
            }
            Shape::BigDecimal => cursor.big_decimal()?,
            Shape::Uuid { fixed } => {
                let bytes = cursor.bytes_or_fixed(*fixed)?;
                bytes.try_into().map_or(Loose::Bytes(bytes), Loose::Uuid)
            }
            Shape::Date => Loose::Days(cursor.int()?),
            Shape::Timestamp(unit) => Loose::Timestamp { count: cursor.long()?, unit: *unit },
            Shape::TimeMillis => Loose::Time { count: cursor.int()?, unit: Unit::Millis },
            Shape::TimeMicros => Loose::Time { count: cursor.long()?, unit: Unit::Micros },
            Shape::Duration => cursor.take(12).map(|_| Loose::Other("duration"))?,
            Shape::Array(items) => {
                self.skip_items(cursor, |cursor| self.value(items, cursor, depth + 1).map(|_| ()))?;
                Loose::Other("array")
            }
            Shape::Map(values) => {
                self.skip_items(cursor, |cursor| {
                    cursor.bytes()?;
                    self.value(values, cursor, depth + 1).map(|_| ())
                })?;
                Loose::Other("map")
            }
            Shape::Union(variants) => {
                let variant = of_index(variants, cursor.long()?);
                let variant = variant.ok_or("a union has a variant that its schema has not")?;
                self.value(variant, cursor, depth + 1)?
            }
            Shape::Record(fields) => {
                for field in fields {
                    self.value(field, cursor, depth + 1)?;
                }
                Loose::Other("record")
            }
            Shape::Named(position) => self.value(&self.named[*position], cursor, depth + 1)?,
        })
    }

    /// Reads over the items of an array or map.
    fn skip_items<'a>(
        &self,
        cursor: &mut Cursor<'a>,
        mut skip: impl FnMut(&mut Cursor<'a>) -> Result<()>,
    ) -> Result<()> {
        loop {
            let count = cursor.long()?;
            match u64::try_from(count) {
                Ok(0) => return Ok(()),
                // Items of no bytes (nulls) would let a count run on without end, and no real file
                // has lists of them.
                Ok(count) if count > cursor.0.len() as u64 => return Err("a list has more items than bytes"),
                Ok(count) => (0..count).try_for_each(|_| skip(cursor))?,
                // A negative count has the size behind it.
                Err(_) => {
                    let size = usize::try_from(cursor.long()?).map_err(|_| "a list has a negative size")?;
                    cursor.take(size)?;
                }
            }
        }
    }
}

fn of_index<T>(items: &[T], index: i64) -> Option<&T> {
    items.get(usize::try_from(index).ok()?)
}

impl<'a> Cursor<'a> {
    /// Creates a cursor at the beginning of these bytes.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes, MAX_VALUES)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or("it ends within a value")?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| "it ends within a value")
    }

    fn long(&mut self) -> Result<i64> {
        read_long(|| self.array().map(|[byte]| byte))?.ok_or(TOO_LONG)
    }

    fn int(&mut self) -> Result<i64> {
        let number = self.long()?;
        i32::try_from(number).map(i64::from).map_err(|_| "an int has more than 32 bits")
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = usize::try_from(self.long()?).map_err(|_| "a value has a negative length")?;
        self.take(length)
    }

    fn boolean(&mut self) -> Result<Loose<'a>> {
        match self.take(1)? {
            [0] => Ok(Loose::Boolean(false)),
            [1] => Ok(Loose::Boolean(true)),
            _ => Err("a boolean is neither true nor false"),
        }
    }

    /// Reads the digits and the scale together, as bytes within bytes.
    fn big_decimal(&mut self) -> Result<Loose<'a>> {
        let mut inner = Cursor::new(self.bytes()?);
        let unscaled = inner.bytes()?;
        Ok(match u32::try_from(inner.long()?) {
            Ok(scale) if inner.0.is_empty() => Loose::Decimal { unscaled, scale },
            _ => Loose::Other("big-decimal"),
        })
    }

    fn bytes_or_fixed(&mut self, fixed: Option<usize>) -> Result<&'a [u8]> {
        match fixed {
            Some(size) => self.take(size),
            None => self.bytes(),
        }
    }
}
