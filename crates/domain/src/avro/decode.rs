//! Values from Avro's binary form, each checked against what its column holds.

use std::borrow::Cow;

use super::kind::Kind;
use super::long::read_long;
use super::writer_schema::Form;
use crate::value::{CivilDate, Decimal, Value, fits_precision, from_twos_complement, from_unix_millis};

/// The problem of a value that is cut off.
const CUT_OFF: &str = "its bytes end too soon";

/// The bytes of a block that are not decoded yet.
pub(super) struct Cursor<'b>(pub(super) &'b [u8]);

impl<'b> Cursor<'b> {
    #[inline]
    fn byte(&mut self) -> Result<u8, &'static str> {
        let (byte, rest) = self.0.split_first().ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(*byte)
    }

    #[inline]
    fn long(&mut self) -> Result<i64, &'static str> {
        read_long(|| self.byte())?.ok_or("it is no number of 64 bits")
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'b [u8], &'static str> {
        let length = usize::try_from(self.long()?).map_err(|_| "its length cannot be")?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Returns the next value, of a field of this form.
    #[inline]
    pub(super) fn value(&mut self, form: &Form) -> Result<Value<'b>, &'static str> {
        let kind = match form {
            Form::Plain(kind) => *kind,
            Form::Nullable(kind, null) => match self.long()? {
                branch if branch == i64::from(*null) => return Ok(Value::Null),
                0 | 1 => *kind,
                _ => return Err("its union has no such branch"),
            },
            Form::Other(_) => return Err("its type is none that a table has"),
        };
        Ok(match kind {
            Kind::Int => {
                let number = self.long()?;
                i32::try_from(number).map_err(|_| "it is no number of 32 bits")?;
                Value::Integer(number)
            }
            Kind::Long => Value::Integer(self.long()?),
            Kind::Boolean => match self.byte()? {
                0 => Value::Boolean(false),
                1 => Value::Boolean(true),
                _ => return Err("it is neither true nor false"),
            },
            Kind::Text => {
                let text = std::str::from_utf8(self.bytes()?).map_err(|_| "its text is not UTF-8")?;
                Value::Text(Cow::Borrowed(text))
            }
            Kind::Decimal { precision, scale } => {
                let unscaled = decimal(self.bytes()?, precision)?;
                Value::Decimal(Decimal { unscaled, scale })
            }
            Kind::Date => {
                let date =
                    CivilDate::from_days(self.long()?).ok_or("it is no day in the years 1000 to 9999")?;
                Value::Date(date)
            }
            Kind::Timestamp => {
                let second = from_unix_millis(self.long()?);
                let (date, time) = second.ok_or("it is no whole second in the years 1000 to 9999")?;
                Value::Timestamp(date, time)
            }
        })
    }
}

/// A number in two's complement, the highest byte first.
fn decimal(bytes: &[u8], precision: u8) -> Result<i128, &'static str> {
    if bytes.is_empty() {
        return Err("its decimal has no digits");
    }
    from_twos_complement(bytes)
        .filter(|number| bytes.len() <= 16 && fits_precision(number.unsigned_abs(), precision))
        .ok_or("its decimal has too many digits")
}
