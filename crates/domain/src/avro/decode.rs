//! Values from Avro's binary form, each checked against what its column holds.

use std::borrow::Cow;

use super::kind::Kind;
use super::long::read_long;
use super::writer_schema::Form;
use crate::value::{
    CivilDate, CivilTime, Decimal, Double, Timestamp, Value, fits_precision, from_twos_complement,
    written_uuid,
};

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

    #[inline]
    fn text(&mut self) -> Result<&'b str, &'static str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "its text is not UTF-8")
    }

    fn double(&mut self) -> Result<Double, &'static str> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(CUT_OFF)?;
        self.0 = rest;
        Double::new(f64::from_le_bytes(*bytes)).ok_or("it is no finite number")
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
            Kind::Text => Value::Text(Cow::Borrowed(self.text()?)),
            Kind::Json => Value::Json(Cow::Borrowed(self.text()?)),
            Kind::Uuid => Value::Uuid(written_uuid(self.text()?).ok_or("it is no UUID in lower case")?),
            Kind::Bytes => Value::Binary(Cow::Borrowed(self.bytes()?)),
            Kind::Double => Value::Double(self.double()?),
            Kind::Decimal { precision, scale } => {
                let unscaled = decimal(self.bytes()?, precision)?;
                Value::Decimal(Decimal { unscaled, scale })
            }
            Kind::Date => {
                let date =
                    CivilDate::from_days(self.long()?).ok_or("it is no day in the years 1000 to 9999")?;
                Value::Date(date)
            }
            Kind::Time => Value::Time(time(self.long()?).ok_or("it is no whole second of a day")?),
            Kind::Timestamp { digits } => {
                let count = self.long()?;
                let micros = if digits == 6 { Some(count) } else { count.checked_mul(1000) };
                let moment = micros.and_then(|micros| Timestamp::from_unix_micros(micros, digits));
                Value::Timestamp(moment.ok_or(match digits {
                    0 => "it is no whole second in the years 1000 to 9999",
                    _ => "it is no moment in the years 1000 to 9999",
                })?)
            }
        })
    }
}

/// A time of day in milliseconds after midnight.
fn time(millis: i64) -> Option<CivilTime> {
    let millis = u32::try_from(millis).ok()?;
    millis.is_multiple_of(1000).then(|| CivilTime::from_seconds(millis / 1000)).flatten()
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
