//! Values as Avro's binary form
//! (<https://avro.apache.org/docs/1.12.0/specification/#binary-encoding>).

use uuid::Uuid;

use super::kind::{Kind, count};
use super::schema::Field;
use crate::value::{Value, fits_precision, to_twos_complement};

/// A whole number: zigzag, then seven bits a byte, the lowest first.
pub(super) fn long(number: i64, bytes: &mut Vec<u8>) {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while rest > 0x7f {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// Bytes or text, behind their length.
pub(super) fn bytes(content: &[u8], bytes: &mut Vec<u8>) {
    // A slice is never longer than i64::MAX.
    long(content.len() as i64, bytes);
    bytes.extend_from_slice(content);
}

/// Encodes a value of a column.
///
/// # Errors
/// Why it is none of the column's; some of its bytes may be written then.
pub(super) fn value(field: &Field, value: &Value<'_>, into: &mut Vec<u8>) -> Result<(), &'static str> {
    if let Value::Null = value {
        let branch = field.null.ok_or("it is NULL, which the column cannot be")?;
        long(i64::from(branch), into);
        return Ok(());
    }
    if let Some(branch) = field.null {
        long(1 - i64::from(branch), into);
    }
    match (field.kind, value) {
        (Kind::Int, Value::Integer(number)) if i32::try_from(*number).is_ok() => long(*number, into),
        (Kind::Long, Value::Integer(number)) => long(*number, into),
        (Kind::Boolean, Value::Boolean(truth)) => into.push(u8::from(*truth)),
        (Kind::Double, Value::Double(number)) => into.extend_from_slice(&number.get().to_le_bytes()),
        (Kind::Text, Value::Text(text)) | (Kind::Json, Value::Json(text)) => bytes(text.as_bytes(), into),
        (Kind::Uuid, Value::Uuid(uuid)) => {
            bytes(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes(), into);
        }
        (Kind::Bytes, Value::Binary(content)) => bytes(content, into),
        (Kind::Decimal { precision, scale }, Value::Decimal(decimal))
            if decimal.scale == scale && fits_precision(decimal.unscaled.unsigned_abs(), precision) =>
        {
            let all = decimal.unscaled.to_be_bytes();
            bytes(to_twos_complement(&all), into);
        }
        (Kind::Date, Value::Date(date)) => long(date.days(), into),
        (Kind::Time, Value::Time(time)) => long(i64::from(time.seconds()) * 1000, into),
        (Kind::Timestamp { digits }, Value::Timestamp(moment)) if moment.digits() == digits => {
            long(count(*moment), into);
        }
        _ => return Err("the value is none of the column's type"),
    }
    Ok(())
}
